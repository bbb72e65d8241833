"""Following records as they come, over a server's going and coming back."""

from __future__ import annotations

import io
import select
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Final

from firstlight.cli.client import BrokenOff, Refused, Server, Unreachable
from firstlight.cli.logs_print import Printer
from firstlight.cli.render import count, note

SILENCE: Final = 60.0
"""Seconds after which a stream in which not even a sign of life comes is taken for dead."""

WAITS: Final = (0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to reach a server that went away; the last again and again."""

NOT_YET: Final = (502, 503, 504)
"""Answers of a server that is starting, or of what stands before one."""

Record = Mapping[str, Any]


def follow(
    server: Server,
    path: str,
    options: Mapping[str, str],
    before: Callable[[], Sequence[Record]],
    printer: Printer,
) -> None:
    """Print what there was `before`, and then all that comes, for ever."""
    streams = _streams(server, path, options)
    first = next(streams)
    # Asked for once the stream is open, so that nothing is missed; what comes in both is shown once.
    there = before()
    printer.print(there)
    shown = Counter(map(_identity, there))
    for stream in chain([first], streams):
        printer.print(_new_records(stream, shown))
        note("the server went away; waiting for it to come back")


def _streams(server: Server, path: str, options: Mapping[str, str]) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield streams of what comes: the first if the server is there, the others each time that it is there again."""
    with server.follow(path, options, SILENCE) as stream:
        yield stream
    waits = iter(WAITS)
    while True:
        time.sleep(next(waits, WAITS[-1]))
        try:
            with server.follow(path, options, SILENCE) as stream:
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


def _identity(record: Record) -> str:
    return "\0".join(str(record[name]) for name in ("ts", "service", "span_id", "body"))
