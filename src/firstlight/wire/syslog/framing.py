"""Messages of syslog out of a stream: counted ones, and ones that end in a line feed or a NUL.

Which of them it is, is seen at each message anew (RFC 6587): a number, a blank and a ``<`` begin a counted one. Where
messages end in a NUL, as Python's handler has it, a line feed is part of them, unless another message begins after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from firstlight.wire.shippers.gathering import MAX_LINE
from firstlight.wire.shippers.lines import Line

_COUNT: Final = re.compile(rb"([1-9][0-9]{0,8}) <")
_BEGIN: Final = re.compile(rb"\n[\r\n]*(?:<[0-9]{1,3}>|[1-9][0-9]{0,8} <)")
_MAYBE_COUNT: Final = re.compile(rb"[1-9][0-9]{0,8} ?")
_BLANK: Final = b"\r\n\0"

LONGEST_COUNT: Final = 10


class SyslogFramer:
    """Splits a stream into messages. What is held is never more than `limit` bytes, but for a few."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = bytearray()
        """The beginning of a message: all of it that is kept."""
        self._left = 0
        """How many bytes of a counted message are still to come; 0 in a message that is not counted."""
        self._line = False
        """Whether the beginning is one of a message that is not counted."""
        self._truncated = False
        self._nuls = False
        """Whether messages of this stream end in a NUL."""

    @property
    def held(self) -> int:
        """How many bytes of an unfinished message there are."""
        return len(self._rest)

    @property
    def within(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._rest or self._left)

    def take(self, data: bytes) -> Iterator[Line]:
        """Yield the messages that end in `data`."""
        place = 0
        if self._rest and not self._left and not self._line:
            # It was too short to see of which kind it is.
            data = bytes(self._rest) + data
            self._rest.clear()
        while place < len(data):
            if self._left:
                place = self._take_counted(data, place)
                if not self._left:
                    yield self._finish()
            elif not self._line and data[place] in _BLANK:
                place += 1
            elif not self._line and (found := _COUNT.match(data, place)):
                self._left = int(found[1])
                place = found.end() - 1
            elif not self._line and self._maybe_counted(data, place):
                self._rest += data[place:]
                return
            else:
                end = self._line_end(data, place)
                self._hold(data[place : end if end >= 0 else len(data)])
                self._line = end < 0
                if end < 0:
                    return
                yield self._finish()
                place = end + 1

    def end(self) -> list[Line]:
        """Return the message that has no end, if there is one; a counted one is cut short."""
        if not self._rest:
            return []
        self._truncated = self._truncated or self._left > 0
        self._left, self._line = 0, False
        return [self._finish()]

    def _maybe_counted(self, data: bytes, place: int) -> bool:
        rest = len(data) - place
        return rest <= LONGEST_COUNT and _MAYBE_COUNT.fullmatch(data, place) is not None

    def _line_end(self, data: bytes, place: int) -> int:
        """Return where the message ends that is not counted, -1 if that is still to come."""
        end = data.find(b"\0", place)
        if end < 0 and not self._nuls:
            return data.find(b"\n", place)
        begin = _BEGIN.search(data, place, end if end >= 0 else len(data))
        self._nuls = begin is None
        return begin.start() if begin else end

    def _take_counted(self, data: bytes, place: int) -> int:
        end = min(len(data), place + self._left)
        self._hold(data[place:end])
        self._left -= end - place
        return end

    def _hold(self, data: bytes) -> None:
        room = self._limit - len(self._rest)
        self._truncated = self._truncated or len(data) > room
        self._rest += data[: max(0, room)]

    def _finish(self) -> Line:
        line = Line(bytes(self._rest), self._truncated)
        self._rest.clear()
        self._truncated = self._line = False
        return line
