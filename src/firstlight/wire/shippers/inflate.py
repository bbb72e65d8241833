"""Decompression of what came over a socket, piece by piece and never without a bound."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from typing import Final

from firstlight.errors import DecodeError

PIECE: Final = 256 * 1024
"""How much comes out at a time."""

FEED: Final = 64 * 1024
"""How much goes in at a time: what cannot be used yet is copied, and again for the next member."""

MAX_MEMBERS: Final = 10_000
"""How many members may follow each other: each costs time, even if nothing is in it."""

_ZLIB_OR_GZIP: Final = zlib.MAX_WBITS | 32


def inflated(data: bytes, limit: int) -> Iterator[bytes]:
    """Yield what `data` holds, compressed as zlib or gzip has it; raise DecodeError if it is malformed or too much.

    Members that follow each other are read as one.
    """
    size = start = members = 0
    while start < len(data) or not members:
        members += 1
        if members > MAX_MEMBERS:
            raise DecodeError(f"cannot decompress what was sent: it has more than {MAX_MEMBERS} members")
        member = _member(data, start)
        while True:
            try:
                piece = next(member)
            except StopIteration as end:
                start = end.value
                break
            except zlib.error as error:
                words = str(error).rpartition(": ")[2]
                raise DecodeError(f"cannot decompress what was sent: {words}; want zlib or gzip") from None
            size += len(piece)
            if size > limit:
                raise DecodeError(f"cannot take more than {limit} bytes, decompressed, at once; send smaller parts")
            yield piece


def _member(data: bytes, start: int) -> Generator[bytes, None, int]:
    """Yield what one member holds, and return where it ends."""
    stream = zlib.decompressobj(_ZLIB_OR_GZIP)
    piece = b""
    while start < len(data):
        feed = data[start : start + FEED]
        start += len(feed)
        # Output can be left although all input is taken: when exactly one piece came out.
        while feed or piece:
            piece = stream.decompress(feed, PIECE)
            feed = stream.unconsumed_tail
            if piece:
                yield piece
            if stream.eof:
                return start - len(stream.unused_data)
    raise DecodeError("cannot decompress what was sent: it is cut short")
