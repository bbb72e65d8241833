"""Lines out of a stream: however it is cut, and however long they are."""

from __future__ import annotations

from typing import NamedTuple

from firstlight.wire.shippers.gathering import MAX_LINE


class Line(NamedTuple):
    """A line without its terminator; `truncated` if more of it came than is kept."""

    raw: bytes
    truncated: bool = False


class LineSplitter:
    """Splits a stream at a terminator. What is held is never more than `limit` bytes."""

    def __init__(self, terminator: bytes = b"\n", limit: int = MAX_LINE) -> None:
        self._terminator = terminator
        self._limit = limit
        self._rest = bytearray()
        self._truncated = False

    @property
    def held(self) -> int:
        """How many bytes of an unfinished line there are."""
        return len(self._rest)

    def take(self, data: bytes) -> list[Line]:
        """Return the lines that end in `data`."""
        # Only what is new is searched, so that a line that comes byte by byte costs no more than another.
        first, *others = data.split(self._terminator)
        self._hold(first)
        if not others:
            return []
        lines = [self._finish(), *map(Line, others[:-1])]
        self._hold(others[-1])
        return lines

    def end(self) -> list[Line]:
        """Return the line that has no end, if there is one."""
        return [self._finish()] if self._rest else []

    def _hold(self, data: bytes) -> None:
        room = self._limit - len(self._rest)
        self._truncated = self._truncated or len(data) > room
        self._rest += data[: max(0, room)]

    def _finish(self) -> Line:
        line = Line(bytes(self._rest), self._truncated)
        self._rest.clear()
        self._truncated = False
        return line
