"""`firstlight logs try`: what would become of lines, of each on standard input; nothing is stored."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Protocol

from firstlight.cli.configuration import add_arguments as add_configuration
from firstlight.cli.render import Screen, as_json, count, harmless, note, one_line
from firstlight.errors import ConfigError, brief

SUMMARY: Final = "say what would become of lines, read from standard input"

AT_ONCE: Final = 10_000
"""How many lines are processed together."""

LEVELS: Final = ("", "trace", "debug", "info", "warn", "error", "fatal")
STYLES: Final = ("", "dim", "blue", "green", "yellow", "red", "bold red")


class LineTrial(Protocol):
    """What processes lines: `ingest.process.trial.Trial`, which `app` makes."""

    def of(self, lines: Sequence[str], now_ns: int) -> Iterator[dict[str, Any]]:
        """Yield what becomes of each line."""
        ...


MakeTrial = Callable[[argparse.Namespace, str | None, Mapping[str, str]], LineTrial]
"""Makes one of the settings that the arguments name, a pipeline's name or None, and labels."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs try`."""
    parser.add_argument("--pipeline", metavar="NAME", help="send them through this pipeline of the settings first")
    parser.add_argument(
        "--label",
        metavar="NAME=VALUE",
        dest="labels",
        action="append",
        default=[],
        help="a label of the stream that the lines are in; may be given again",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="for people, or a line of JSON each")
    add_configuration(parser)


def run(
    arguments: argparse.Namespace,
    make: MakeTrial,
    lines: Iterable[str] | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> int:
    """Print what becomes of each line of standard input."""
    trial = make(arguments, arguments.pipeline, labels(arguments.labels))
    screen = Screen.of(sys.stdout)
    source = iter(sys.stdin if lines is None else lines)
    kept = dropped = 0
    while chunk := [line.rstrip("\r\n") for line in islice(source, AT_ONCE)]:
        for told in trial.of(chunk, clock()):
            dropped += "dropped" in told
            kept += "dropped" not in told
            screen.line(as_json(_plain(told)) if arguments.format == "json" else "\n".join(_shown(screen, told)))
    if arguments.format == "text":
        note(f"{count(kept, 'line')} kept, {dropped} dropped; nothing was stored")
    return 0


def labels(told: Sequence[str]) -> dict[str, str]:
    """Return labels as they were typed; raise ConfigError if one is none.

    >>> labels(["job=api"])
    {'job': 'api'}
    """
    found = {}
    for text in told:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(f"cannot read {brief(text)} as a label; want name=value, such as --label job=api")
        found[name] = value
    return found


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(told)
    if "ts" in shown:
        shown["ts"] = _time(shown["ts"])
    return shown


def _time(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _shown(screen: Screen, told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that tell a person what became of a line."""
    paint = screen.paint
    yield harmless(told["line"])
    if "dropped" in told:
        yield f"  {paint('dropped', 'yellow')}: {one_line(told['dropped'])}"
        return
    level = (told["severity"] + 3) // 4
    facts = {
        "format": told["format"],
        "level": paint(LEVELS[level], STYLES[level]) if level else "",
        "time": _time(told["ts"]) if told["has_time"] else "",
        "trace": told["trace_id"],
        "span": told["span_id"],
        "service": told["service"],
    }
    yield "  " + "  ".join(
        f"{paint(name, 'dim')} {one_line(value) if name != 'level' else value}"
        for name, value in facts.items()
        if value
    )
    if told["body"] != told["line"]:
        yield f"  {paint('body', 'dim')} {one_line(told['body'])}"
    for name in ("labels", "attributes", "fields"):
        if told[name]:
            pairs = " ".join(f"{key}={_quoted(one_line(value))}" for key, value in told[name].items())
            yield f"  {paint(name, 'dim')} {pairs}"


def _quoted(text: str) -> str:
    return f'"{text}"' if not text or " " in text else text
