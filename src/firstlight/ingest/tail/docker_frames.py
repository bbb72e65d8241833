"""What a Docker engine answers when it is asked for the logs of a container, with their times.

Of a container without a terminal, frames: which way it wrote by, three zeros, the length in four bytes, and so many
bytes. Of one with a terminal, its lines as they are. Either way each message begins with its time, and the runtime has
cut lines of more than 16 KiB into several messages, of which only the last has a line feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from firstlight.errors import DecodeError
from firstlight.ingest.tail.runtime_times import nanoseconds
from firstlight.ingest.tail.wrapped import Piece

MAX_FRAME: Final = 16 * 1024 * 1024
"""Bytes that one frame may have; the engine's own have little more than 16 KiB."""

STDOUT: Final = 1
ENGINE: Final = 3
"""The number of frames in which the engine itself says what is wrong."""

_HEADER: Final = 8
_CHUNK: Final = 16 * 1024
"""Where the runtime cuts lines."""
_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ")


class EngineSays(DecodeError):
    """What the engine said instead of the rest of the logs."""


@dataclass(slots=True)
class Frames:
    """Reads frames, however they come."""

    _rest: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> Iterator[Piece]:
        """Yield the messages that end in `data`; raise DecodeError at what is no frame."""
        self._rest += data
        rest, at = self._rest, 0
        try:
            while len(rest) - at >= _HEADER:
                kind, size = rest[at], int.from_bytes(rest[at + 4 : at + _HEADER], "big")
                if kind > ENGINE or size > MAX_FRAME or any(rest[at + 1 : at + 4]):
                    raise DecodeError(
                        f"cannot read the logs of a container: {bytes(rest[at : at + _HEADER]).hex()} begins no frame"
                    )
                end = at + _HEADER + size
                if end > len(rest):
                    return
                content = bytes(rest[at + _HEADER : end])
                at = end
                if kind == ENGINE:
                    raise EngineSays(content.decode(errors="replace").strip())
                if content:
                    yield _message(content, kind or STDOUT)
        finally:
            del rest[:at]


@dataclass(slots=True)
class Lines:
    """Reads what a terminal shows; of a line that is longer than `longest`, not much more is kept."""

    longest: int
    _rest: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> Iterator[Piece]:
        """Yield the lines that end in `data`."""
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._hold(line)
            yield _message(_joined(bytes(self._rest)) + b"\n", STDOUT)
            self._rest.clear()
        self._hold(rest)

    def _hold(self, data: bytes) -> None:
        room = 2 * self.longest + _CHUNK - len(self._rest)
        self._rest += data[: max(0, room)]


def _message(content: bytes, stream: int) -> Piece:
    """Return a message; its time is 0 if it has none."""
    time, _, text = content.partition(b" ")
    ts = nanoseconds(time)
    if ts < 0:
        ts, text = 0, content
    is_whole = text.endswith(b"\n")
    return Piece(text[:-1] if is_whole else text, stream, ts, not is_whole)


def _joined(line: bytes) -> bytes:
    """Return a line without the times at which its later pieces were written."""
    time = _TIME.match(line)
    if time is None or len(line) < time.end() + _CHUNK:
        return line
    parts, at = [line[: time.end() + _CHUNK]], time.end() + _CHUNK
    while (again := _TIME.match(line, at)) is not None:
        parts.append(line[again.end() : again.end() + _CHUNK])
        at = again.end() + _CHUNK
    return b"".join((*parts, line[at:]))
