"""Large requests cut into smaller ones that together mean the same, so that what one may take of memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from firstlight.errors import DecodeError
from firstlight.wire.fields import Field, Malformed, fields

PIECE: Final = 8 * 1024 * 1024
"""How large a piece is, at most."""


def pieces(body: bytes, divisible: frozenset[int], piece: int = PIECE) -> Iterator[bytes]:
    """Yield requests of at most `piece` bytes that together mean `body`, which itself is yielded if it is small enough.

    Fields with the numbers `divisible` go to one piece each, all others to every piece. Raise DecodeError if the body
    is malformed where it must be cut, or has a field too large for a piece.
    """
    if len(body) <= piece:
        yield body
        return
    spans, common = [], []
    for field in _fields(body):
        if field.number in divisible:
            spans.append((field.start, field.end))
        else:
            common.append(body[field.start : field.end])
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


def _fields(body: bytes) -> Iterator[Field]:
    try:
        yield from fields(body)
    except Malformed as error:
        raise DecodeError(f"cannot read the body as a remote write request: {error}") from None
