"""`firstlight logs import`: records and lines from a file or standard input, each stored or complained about."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

from firstlight.cli.client import Refused, Server
from firstlight.cli.client import add_arguments as add_server
from firstlight.cli.render import count, note
from firstlight.errors import ConfigError, UserError

SUMMARY: Final = "store records, one a line, as JSON or as text"

BATCH_BYTES: Final = 2 * 1024**2
BATCH_LINES: Final = 10_000
MAX_SHOWN: Final = 100
"""How many refused lines are told of one by one."""

BUSY: Final = (429, 503)
WAITS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 10.0)
"""Seconds to wait for a server that has too much to do, before it is given up."""


@dataclass(slots=True)
class _Tally:
    accepted: int = 0
    refused: int = 0
    lines: int = 0
    """How many lines have been answered for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what may stand after `logs import`."""
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="the file; standard input without it")
    parser.add_argument("--service", metavar="NAME", default="", help="the service of lines that name none")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Send the lines in batches; return whether all were taken."""
    server, tally = Server.of(arguments), _Tally()
    path = f"/logs?{urlencode({'service': arguments.service})}" if arguments.service else "/logs"
    try:
        with _opened(arguments.file) as source:
            for batch in batches(source):
                _take(tally, _send(server, path, b"".join(batch)), len(batch))
    except UserError:
        note(f"{_summary(tally)}; what follows line {tally.lines} was not sent, or may not have come")
        raise
    note(_summary(tally))
    return 1 if tally.refused else 0


def batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield lines in portions: none is larger than may be sent, unless a line is.

    >>> [len(batch) for batch in batches([b"a"] * (BATCH_LINES + 1))]
    [10000, 1]
    """
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and (size + len(line) > BATCH_BYTES or len(batch) == BATCH_LINES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise ConfigError(f"cannot read {name}: {error.strerror}") from None


def _send(server: Server, path: str, body: bytes) -> dict[str, Any]:
    """Return what the server says of a batch; one that has too much to do is asked again."""
    for wait in WAITS:
        try:
            return server.send("POST", path, body, "ndjson", (200, 400))
        except Refused as refused:
            if refused.status not in BUSY:
                raise
        time.sleep(wait)
    return server.send("POST", path, body, "ndjson", (200, 400))


def _take(tally: _Tally, answer: dict[str, Any], lines: int) -> None:
    """Count what the server says of a batch, and tell of each line that it refuses."""
    tally.accepted += answer["accepted"]
    for one in answer["rejected"]:
        if "line" in one:
            tally.refused += 1
            words = f"line {tally.lines + one['line']}: {one['reason']}"
        else:
            tally.refused += one["count"]
            words = f"{count(one['count'], 'line')} after line {tally.lines}: {one['reason']}"
        if tally.refused <= MAX_SHOWN:
            note(words)
    tally.lines += lines


def _summary(tally: _Tally) -> str:
    refused = f", {count(tally.refused)} refused" if tally.refused else ""
    return f"{count(tally.accepted, 'record')} stored{refused}"
