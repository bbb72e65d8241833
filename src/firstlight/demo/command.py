"""`firstlight demo`: its words, and the call they stand for.

Nothing heavy is imported before the command runs, so that the command line starts fast and a missing dependency is
told in one line.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstlight.demo.timetable import CHOICES

if TYPE_CHECKING:
    from pydantic import ValidationError

NEEDS = (
    "fastapi",
    "httpx",
    "opentelemetry-exporter-otlp-proto-grpc",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-exporter-prometheus",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-httpx",
    "opentelemetry-instrumentation-logging",
    "opentelemetry-instrumentation-sqlite3",
    "opentelemetry-sdk",
    "prometheus-client",
    "psutil",
    "pydantic",
    "uvicorn",
)
"""What the demo needs to be installed: the extra `demo` of the package."""


@dataclass(frozen=True, slots=True)
class Option:
    """A word of the command line, for the setting of the same name."""

    name: str
    metavar: str | None
    words: str
    type: type = str
    choices: tuple[str, ...] | None = None

    @property
    def flag(self) -> str:
        """The word as it is typed."""
        return f"--{self.name.replace('_', '-')}"


OPTIONS = (
    Option("server", "URL", "the server that the printed commands ask (http://127.0.0.1:1610)"),
    Option("otlp_grpc", "HOST:PORT", "where the inventory sends its telemetry (127.0.0.1:4317)"),
    Option("otlp_http", "URL", "where the other services send theirs (http://127.0.0.1:4318)"),
    Option("rate", "N", "visitors per second, on average (5)", float),
    Option("duration", "SECONDS", "stop by itself after so long (only on Ctrl-C)", float),
    Option("scenario", None, "what goes wrong: all in turn, none, or one thing (all)", choices=CHOICES),
    Option("calm", "SECONDS", "how long all is well before something goes wrong (10)", float),
    Option("episode", "SECONDS", "how long it goes wrong (20)", float),
    Option("seed", "N", "another seed, other visitors; the same, the same (1)", int),
    Option("port", "N", "the storefront's port, and the others take the next three (free ports)", int),
    Option("work_dir", "DIR", "keep the database and the JSON log files here (a place that is removed)", Path),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `firstlight demo` to `parser`; what is not said is not set, and `DemoSettings` knows it."""
    for option in OPTIONS:
        parser.add_argument(
            option.flag,
            metavar=option.metavar,
            help=option.words,
            type=option.type,
            choices=option.choices,
            default=argparse.SUPPRESS,
        )


def main(arguments: argparse.Namespace) -> int:
    """Run the demo that `arguments` describe; return 0 when it ended as meant, 1 if not, 2 if it cannot begin."""
    missing = [name for name in NEEDS if not _is_installed(name)]
    if missing:
        return _fail(2, f"cannot run the demo: not installed: {', '.join(missing)}; pip install 'firstlight[demo]'")

    from pydantic import ValidationError

    from firstlight.demo.settings import DemoSettings
    from firstlight.demo.supervisor import DemoError, run

    given = vars(arguments)
    try:
        settings = DemoSettings(**{option.name: given[option.name] for option in OPTIONS if option.name in given})
    except ValidationError as error:
        return _fail(2, "\n".join(_complaints(error)))
    try:
        run(settings, _say)
    except DemoError as error:
        return _fail(1, str(error))
    return 0


def _is_installed(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _complaints(error: ValidationError) -> list[str]:
    return [_complaint(str(fault["loc"][0]), fault["input"], fault["msg"]) for fault in error.errors()]


def _complaint(name: str, found: Any, words: str) -> str:
    flag = Option(name, None, "").flag
    want = words.removeprefix("Value error, want ").replace("Input should be", "a value")
    return f"cannot run the demo with {flag} {found}; want {want}"


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(status: int, words: str) -> int:
    print(words, file=sys.stderr, flush=True)
    return status
