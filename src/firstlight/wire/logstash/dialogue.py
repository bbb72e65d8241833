"""What is said on a connection of Logstash's TCP input: lines, to which nobody answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from firstlight.wire.logstash.event import line_record
from firstlight.wire.shippers.gathering import Gathering
from firstlight.wire.shippers.lines import Line, LineSplitter

MAX_EVENT: Final = 16 * 1024 * 1024
"""Bytes of one event in JSON; its message is cut to what any line may have."""


class LogstashDialogue:
    """One connection."""

    acknowledges = False
    fault = ""

    def __init__(self) -> None:
        self._lines = LineSplitter(b"\n", MAX_EVENT)

    @property
    def held(self) -> int:
        """How many bytes of an unfinished line there are."""
        return self._lines.held

    def greet(self) -> bytes:
        """Return nothing: the sender begins."""
        return b""

    def keep_alive(self) -> bytes:
        """Return nothing: the sender waits for no answer."""
        return b""

    def take(self, data: bytes, now_ns: int, gathering: Gathering) -> Iterator[bytes]:
        """Gather the lines that are complete."""
        for line in self._lines.take(data):
            _gather([line], gathering)
            if gathering.full:
                yield b""
        yield b""

    def end(self, now_ns: int, gathering: Gathering) -> None:
        """Gather the last line, which needs no end."""
        _gather(self._lines.end(), gathering)


def _gather(lines: Iterable[Line], gathering: Gathering) -> None:
    for line in lines:
        record = line_record(line, gathering)
        if record is not None:
            gathering.add(record)
