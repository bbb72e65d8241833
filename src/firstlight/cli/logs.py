"""`firstlight logs`: the newest log records, and those that come from now on."""

from __future__ import annotations

import argparse
import io
import re
import select
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, Final

from firstlight.cli.client import BrokenOff, Refused, Server, Unreachable
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.render import Screen, as_json, count, harmless, local_time, note, one_line, seconds, whole_number
from firstlight.errors import ConfigError, brief

SUMMARY = "show log records: the newest, or as they come"

LEVELS: Final[Mapping[str, int]] = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""Each level, and the lowest severity number of OpenTelemetry's that belongs to it."""

STYLES: Final[Mapping[str, str]] = {
    "trace": "dim",
    "debug": "blue",
    "info": "green",
    "warn": "yellow",
    "error": "red",
    "fatal": "bold red",
}

LIMIT: Final = 100
BEFORE_FOLLOWING: Final = 10
"""How many of the newest records are shown before those that come, if nobody says otherwise."""

COLUMNS: Final = "ts, service, level, severity, body, trace_id, span_id, attributes, event_name"
SINCE: Final = "ts >= now64(9) - toIntervalMillisecond({since:UInt64})"
WINDOWS: Final = (300.0, 86_400.0, None)
"""Seconds back from now in which the newest records are looked for, until there are enough; the last is all of them."""

ID_DIGITS: Final = 32
SHORT_ID: Final = 8

TAIL: Final = "/logs/tail"
SILENCE: Final = 60.0
"""Seconds after which a stream in which not even a sign of life comes is taken for dead."""

WAITS: Final = (0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to reach a server that went away; the last again and again."""

NOT_YET: Final = (502, 503, 504)
"""Answers of a server that is starting, or of what stands before one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs`."""
    parser.add_argument("--follow", "-f", action="store_true", help="go on with records as they come, until Ctrl-C")
    parser.add_argument("--service", metavar="NAME", help="of this service")
    parser.add_argument("--level", type=str.lower, choices=LEVELS, help="of this level, or worse")
    parser.add_argument("--contains", metavar="TEXT", help="with this text in the body")
    parser.add_argument("--trace", metavar="ID", help="of this trace; the first digits of its id will do")
    parser.add_argument("--since", metavar="DURATION", type=seconds, help="no older than this, such as 15m")
    parser.add_argument(
        "--limit",
        metavar="N",
        type=whole_number(0),
        help=f"how many of the newest ({LIMIT}; {BEFORE_FOLLOWING} before those that --follow brings)",
    )
    parser.add_argument("--attributes", action="store_true", help="show attributes, too")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="lines of text, or of JSON (text)")
    add_server(parser)


def trace_id(text: str) -> str:
    """Return the id of a trace, or how it begins, as the server spells it."""
    if not re.fullmatch(rf"[0-9a-fA-F]{{1,{ID_DIGITS}}}", text):
        raise ConfigError(f"cannot read {brief(text)} as the id of a trace; want up to {ID_DIGITS} digits, 0-9 and a-f")
    return text.lower()


def main(arguments: argparse.Namespace) -> int:
    """Print what there is, and then what comes."""
    server = Server.of(arguments)
    printer = Printer(Screen.of(sys.stdout), as_json=arguments.format == "json", attributes=arguments.attributes)
    if arguments.trace is not None:
        arguments.trace = trace_id(arguments.trace)
    if arguments.follow:
        if arguments.trace and len(arguments.trace) < ID_DIGITS:
            raise ConfigError(f"cannot follow the trace {arguments.trace}; want all {ID_DIGITS} digits of its id")
        _follow(server, arguments, printer)
    records = newest(server, arguments, LIMIT)
    printer.print(records)
    if not records and arguments.format == "text":
        note("no log records match; `firstlight status` says what has come in")
    return 0


class Printer:
    """Prints log records, one after the other."""

    def __init__(self, screen: Screen, *, as_json: bool, attributes: bool) -> None:
        self._screen = screen
        self._as_json = as_json
        self._attributes = attributes

    def print(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Print records, each as soon as it comes."""
        for record in records:
            self._screen.line(as_json(record) if self._as_json else self._text(record))
            self._screen.out.flush()

    def _text(self, record: Mapping[str, Any]) -> str:
        paint = self._screen.paint
        level = str(record["level"])
        first, *others = harmless(record["body"]).rstrip("\n").split("\n")
        parts = [
            paint(local_time(record["ts"]), "dim"),
            paint(f"{level.upper() if level in LEVELS else '-':5}", STYLES.get(level, "")),
            paint(one_line(record["service"]), "cyan"),
            first,
            paint(record["trace_id"][:SHORT_ID], "dim"),
        ]
        if self._attributes:
            parts += [
                paint(f"{one_line(key)}={_quoted(one_line(text))}", "dim") for key, text in record["attributes"].items()
            ]
        return "\n".join([" ".join(part for part in parts if part), *(f"    {line}" for line in others)])


def _quoted(text: str) -> str:
    return f'"{text}"' if not text or " " in text else text


def newest(server: Server, arguments: argparse.Namespace, limit: int) -> list[dict[str, Any]]:
    """Return the newest records that were asked for, the newest last."""
    limit = limit if arguments.limit is None else arguments.limit
    if not limit:
        return []
    asked = {
        "service": ("service = {service:String}", arguments.service),
        "severity": ("severity >= {severity:UInt8}", LEVELS.get(arguments.level or "")),
        "contains": ("positionCaseInsensitiveUTF8(body, {contains:String}) > 0", arguments.contains or None),
        "trace": (
            "trace_id = {trace:String}"
            if len(arguments.trace or "") == ID_DIGITS
            else "startsWith(trace_id, {trace:String})",
            arguments.trace,
        ),
    }
    told = {name: told for name, (_, told) in asked.items() if told is not None}
    conditions = [asked[name][0] for name in told]
    rows: list[dict[str, Any]] = []
    # What is newest is looked for where it mostly is, before everything is looked through.
    for since in WINDOWS if arguments.since is None else (arguments.since,):
        where = [*conditions, *([] if since is None else [SINCE])]
        query = f"SELECT {COLUMNS} FROM logs WHERE {' AND '.join(where) or '1'} ORDER BY ts DESC LIMIT {{limit:UInt64}}"
        age = {} if since is None else {"since": int(since * 1000)}
        rows = list(server.rows(query, {**told, **age, "limit": limit}))
        if len(rows) == limit:
            break
    return rows[::-1]


def _follow(server: Server, arguments: argparse.Namespace, printer: Printer) -> None:
    """Print the newest records and then all that come, for ever."""
    asked = {
        "service": arguments.service,
        "level": arguments.level,
        "contains": arguments.contains,
        "trace_id": arguments.trace,
    }
    streams = _streams(server, {name: told for name, told in asked.items() if told})
    first = next(streams)
    # Asked for once the stream is open, so that nothing is missed; what comes in both is shown once.
    before = newest(server, arguments, BEFORE_FOLLOWING)
    printer.print(before)
    shown = Counter(map(_identity, before))
    for stream in chain([first], streams):
        printer.print(_new_records(stream, shown))
        note("the server went away; waiting for it to come back")


def _streams(server: Server, options: Mapping[str, str]) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield streams of what comes: the first if the server is there, the others each time that it is there again."""
    with server.follow(TAIL, options, SILENCE) as stream:
        yield stream
    waits = iter(WAITS)
    while True:
        time.sleep(next(waits, WAITS[-1]))
        try:
            with server.follow(TAIL, options, SILENCE) as stream:
                note("it is back; what came meanwhile is stored, and `firstlight logs --since 5m` shows it")
                yield stream
                waits = iter(WAITS)
        except Unreachable:
            continue
        except Refused as refused:
            if refused.status not in NOT_YET:
                raise


def _new_records(stream: Iterator[dict[str, Any]], shown: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the records of a stream until it ends, but for those that were shown already."""
    try:
        for event in stream:
            if "dropped" in event:
                note(f"{count(event['dropped'], 'record')} not shown: they come faster than they can be taken")
            if "body" not in event:
                _check_reader()
                continue
            identity = _identity(event) if shown else ""
            if shown[identity] > 0:
                shown[identity] -= 1
            else:
                yield event
    except BrokenOff:
        return


def _check_reader() -> None:
    """Raise BrokenPipeError if nobody reads what is printed; else only the next record would tell, if one comes."""
    if sys.stdout.isatty() or not hasattr(select, "poll"):
        return
    with suppress(io.UnsupportedOperation):
        watched = select.poll()
        watched.register(sys.stdout.fileno(), 0)
        if any(events & select.POLLERR for _, events in watched.poll(0)):
            raise BrokenPipeError


def _identity(record: Mapping[str, Any]) -> str:
    return "\0".join(str(record[name]) for name in ("ts", "service", "span_id", "body"))
