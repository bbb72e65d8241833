"""Frames of Lumberjack: what they are made of, and where they end.

Each begins with the version and the letter of its type. Numbers are of 32 bits, the greatest byte first. ``W`` says
how many events come before an answer is wanted; ``D`` is an event as pairs of texts (version 1), ``J`` one as JSON
(version 2); ``C`` holds frames, compressed as zlib has it; ``A`` is the answer: up to which event all is safe.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from firstlight.errors import DecodeError, brief

MAX_EVENT: Final = 16 * 1024 * 1024
"""Bytes of one event."""

MAX_COMPRESSED: Final = 32 * 1024 * 1024
"""Bytes of one compressed frame, as it is sent."""

MAX_PAIRS: Final = 1_000
"""How many pairs an event of version 1 may have."""

_ONE: Final = struct.Struct(">I")
_TWO: Final = struct.Struct(">II")

VERSIONS: Final = b"12"


@dataclass(frozen=True, slots=True)
class Window:
    """How many events the sender lets go before it waits for an answer."""

    version: int
    size: int


@dataclass(frozen=True, slots=True)
class JsonEvent:
    """An event of version 2."""

    sequence: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class PairsEvent:
    """An event of version 1."""

    sequence: int
    pairs: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Compressed:
    """Frames in a frame."""

    version: int
    data: bytes


Frame = Window | JsonEvent | PairsEvent | Compressed


def acknowledgement(version: int, sequence: int) -> bytes:
    """Return the answer that says that all events up to `sequence` are safe."""
    return b"%dA" % version + _ONE.pack(sequence)


class FrameReader:
    """Reads frames from a stream, however it is cut. What is held is the beginning of one frame."""

    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def held(self) -> int:
        """How many bytes of an unfinished frame there are."""
        return len(self._rest)

    def take(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that end in `data`; raise DecodeError at what is no frame, after those before it."""
        self._rest += data
        start = 0
        try:
            while len(self._rest) - start >= 2:
                found = self._frame(start)
                if found is None:
                    return
                frame, start = found
                yield frame
        finally:
            del self._rest[:start]

    def _frame(self, start: int) -> tuple[Frame, int] | None:
        """Return the frame at `start` and where it ends, or None if its end has not come."""
        version, kind = self._rest[start], self._rest[start + 1 : start + 2]
        if version not in VERSIONS:
            raise DecodeError(
                f"cannot read a Lumberjack frame: it begins with {brief(bytes(self._rest[start : start + 2]))}; "
                "want version 1 or 2 (and TLS only on a port that is set up for it)"
            )
        number = version - ord("0")
        match bytes(kind):
            case b"W":
                body = self._sized(start + 2, 4)
                return None if body is None else (Window(number, _ONE.unpack(body)[0]), start + 6)
            case b"C":
                return self._compressed(number, start + 2)
            case b"J" if number == 2:
                return self._json(start + 2)
            case b"D":
                return self._pairs(start + 2)
        wanted = "W, C or D" if number == 1 else "W, C, J or D"
        raise DecodeError(
            f"cannot read a Lumberjack frame of version {number}: its type is {brief(bytes(kind))}; want {wanted}"
        )

    def _sized(self, start: int, size: int) -> bytes | None:
        """Return so many bytes, or None if they have not all come."""
        return bytes(self._rest[start : start + size]) if len(self._rest) >= start + size else None

    def _compressed(self, version: int, start: int) -> tuple[Frame, int] | None:
        size = self._size(start, MAX_COMPRESSED, "a compressed frame")
        data = None if size is None else self._sized(start + 4, size)
        return None if data is None else (Compressed(version, data), start + 4 + len(data))

    def _json(self, start: int) -> tuple[Frame, int] | None:
        size = self._size(start + 4, MAX_EVENT, "an event")
        raw = None if size is None else self._sized(start + 8, size)
        return None if raw is None else (JsonEvent(self._number(start), raw), start + 8 + len(raw))

    def _pairs(self, start: int) -> tuple[Frame, int] | None:
        head = self._sized(start, 8)
        if head is None:
            return None
        sequence, count = _TWO.unpack(head)
        if count > MAX_PAIRS:
            raise DecodeError(f"cannot read a Lumberjack event of {count} pairs; want at most {MAX_PAIRS}")
        # First only measured: an event that comes in many parts is looked at as often, and copied once.
        bounds: list[tuple[int, int]] = []
        place = start + 8
        while len(bounds) < 2 * count:
            size = self._size(place, MAX_EVENT, "a text of an event")
            if size is None:
                return None
            bounds.append((place + 4, place + 4 + size))
            place += 4 + size
            if place - start > MAX_EVENT:
                raise DecodeError(f"cannot read a Lumberjack event of more than {MAX_EVENT} bytes")
        if len(self._rest) < place:
            return None
        texts = [bytes(self._rest[first:end]) for first, end in bounds]
        return PairsEvent(sequence, tuple(zip(texts[::2], texts[1::2], strict=True))), place

    def _number(self, start: int) -> int:
        return int.from_bytes(self._rest[start : start + 4])

    def _size(self, start: int, limit: int, what: str) -> int | None:
        if len(self._rest) < start + 4:
            return None
        size = self._number(start)
        if size > limit:
            raise DecodeError(f"cannot read {what} of {size} bytes in Lumberjack; want at most {limit}")
        return size
