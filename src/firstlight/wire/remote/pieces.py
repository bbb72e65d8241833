"""Large requests cut into smaller ones that together mean the same, so that what one may take of memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from firstlight.errors import DecodeError

PIECE: Final = 8 * 1024 * 1024
"""How large a piece is, at most."""

_MORE: Final = 0x80


def pieces(body: bytes, divisible: frozenset[int], piece: int = PIECE) -> Iterator[bytes]:
    """Yield requests of at most `piece` bytes that together mean `body`, which itself is yielded if it is small enough.

    Fields with the numbers `divisible` go to one piece each, all others to every piece. Raise DecodeError if the body
    is malformed where it must be cut, or has a field too large for a piece.
    """
    if len(body) <= piece:
        yield body
        return
    spans, common = [], []
    for number, start, end in _fields(body):
        if number in divisible:
            spans.append((start, end))
        else:
            common.append(body[start:end])
    header = b"".join(common)
    room = piece - len(header)
    largest = max((end - start for start, end in spans), default=0)
    if largest > room or room < piece // 2:
        raise DecodeError(
            f"cannot read the body: it is of {len(body)} bytes, and cannot be divided into parts of {piece}; "
            "send fewer samples in one request"
        )
    part: list[bytes] = []
    size = 0
    for start, end in spans:
        if size + end - start > room:
            yield b"".join([header, *part])
            part, size = [], 0
        part.append(body[start:end])
        size += end - start
    yield b"".join([header, *part])


def _fields(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field."""
    at = 0
    while at < len(body):
        start = at
        tag, at = _varint(body, at)
        match tag & 7:
            case 0:
                _, at = _varint(body, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case 2:
                length, at = _varint(body, at)
                at += length
            case kind:
                raise DecodeError(f"cannot read the body as a remote write request: wire type {kind} at byte {start}")
        if at > len(body):
            raise DecodeError("cannot read the body as a remote write request: unexpected end")
        yield tag >> 3, start, at


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(body) and shift < 64:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return value, at
        shift += 7
    raise DecodeError("cannot read the body as a remote write request: unexpected end or a number too long")
