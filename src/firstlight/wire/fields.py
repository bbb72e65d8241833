"""The bytes of protobuf messages by hand, where whole messages would be too much: fields, their numbers, their lengths.

Encoding: <https://protobuf.dev/programming-guides/encoding/>.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5

_WIDTHS: Final = {FIXED64: 8, FIXED32: 4}


class Malformed(Exception):
    """Bytes that are no message; the text says what is wrong with them."""


class Field(NamedTuple):
    """A field of a message: its tag begins at `start`, its value is from `content` to before `end`.

    A value with a length has that from `length` to before `content`.
    """

    number: int
    wire: int
    start: int
    length: int
    content: int
    end: int


def fields(message: bytes, start: int = 0, end: int | None = None) -> Iterator[Field]:
    """Yield the fields of the message that is from `start` to before `end`. Raise Malformed where it is none."""
    end = len(message) if end is None else end
    at = start
    while at < end:
        begun = at
        tag, at = read_varint(message, at)
        wire, content = tag & 7, at
        if wire == LENGTH:
            size, content = read_varint(message, at)
            after = content + size
        elif wire == VARINT:
            after = read_varint(message, at)[1]
        elif wire in _WIDTHS:
            after = at + _WIDTHS[wire]
        else:
            raise Malformed(f"wire type {wire} at byte {begun}")
        if after > end:
            raise Malformed("unexpected end")
        yield Field(tag >> 3, wire, begun, at, content, after)
        at = after


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, and where it ends. Raise Malformed if there is none."""
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed("unexpected end or a number too long")


def varint(value: int) -> bytes:
    """Return a number, not negative, as protobuf writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def framed(tag: bytes, content: bytes) -> bytes:
    """Return `content` as a field: its tag, its length, and itself."""
    return tag + varint(len(content)) + content
