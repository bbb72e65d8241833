"""Request bodies undone of their content encoding, within a limit.

The limit is on what comes out and holds at every moment: at most one piece more than allowed is ever made, whatever
the body promises. Read are gzip and zstd of one or more members, and deflate both as the standard says (with a zlib
header) and as some send it (without); and snappy, the block format that remote write has, whose first bytes say how
large it is. A body that ends early, or goes on after its end, is malformed.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Final

import cramjam

from firstlight.errors import brief
from firstlight.http.errors import BodyMalformed, BodyTooLarge, UnknownEncoding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE: Final = 1024 * 1024
"""How much comes out at a time."""

FEED: Final = 64 * 1024
"""How much goes in at a time: what cannot be used yet is copied, and again for the next member."""

MAX_MEMBERS: Final = 10_000
"""How many gzip members or zstd frames a body may have: each costs time, even if nothing is in it."""

ZSTD_WINDOW_LOG: Final = 23
"""The largest zstd window, as a power of two: RFC 9659 allows 8 MiB, and so bounds what a decoder needs."""

RAW_DEFLATE, ZLIB, GZIP = -zlib.MAX_WBITS, zlib.MAX_WBITS, zlib.MAX_WBITS | 16

Grow = Callable[[int], None]
"""Told how many bytes more will be held, before they are; raises to refuse them."""

Member = Generator[bytes, None, int]
"""Yields what one member or frame holds, piece by piece, and returns where in the body it ends."""


def decompress(body: bytes, encoding: str, *, limit: int, grow: Grow) -> bytes:
    """Return `body` without the content encoding of that name; raise a `RequestError` if that cannot be.

    `grow` hears of every piece of the result, but not of a body that has no encoding and is returned as it is.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name == "snappy":
        return _unsnapped(body, limit, grow)
    if name not in _PIECES:
        raise UnknownEncoding(f"cannot read the content encoding {brief(encoding)}; want {', '.join(ENCODINGS)}")
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _PIECES[name](body):
            size += len(piece)
            _check(size, limit)
            grow(len(piece))
            pieces.append(piece)
    except (_Broken, zlib.error, zstd.ZstdError) as error:
        raise BodyMalformed(f"cannot decompress the {name} body: {_reason(error)}") from None
    return b"".join(pieces)


def _unsnapped(body: bytes, limit: int, grow: Grow) -> bytes:
    """Return what a block of snappy holds. It says how much that is, so nothing is made before that is allowed."""
    try:
        size = cramjam.snappy.decompress_raw_len(body) if body else 0
        _check(size, limit)
        grow(size)
        return bytes(cramjam.snappy.decompress_raw(body)) if body else b""
    except cramjam.DecompressionError as error:
        raise BodyMalformed(f"cannot decompress the snappy body: {str(error).removeprefix('snappy: ')}") from None


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLarge(f"cannot take a body of more than {limit} bytes, decompressed; send smaller requests")


class _Broken(Exception):
    """Says what is wrong with a body."""


def _reason(error: Exception) -> str:
    # zlib says "Error -3 while decompressing data: incorrect header check".
    return str(error).rpartition(": ")[2]


def _gzip(body: bytes) -> Iterator[bytes]:
    return _members(body, lambda start: _inflate(body, start, GZIP))


def _zstd(body: bytes) -> Iterator[bytes]:
    return _members(body, lambda start: _unframe(body, start))


def _deflate(body: bytes) -> Iterator[bytes]:
    end = yield from _inflate(body, 0, ZLIB if _has_zlib_header(body) else RAW_DEFLATE)
    if end < len(body):
        raise _Broken(f"{len(body) - end} bytes follow its end")


def _has_zlib_header(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0


def _members(body: bytes, member: Callable[[int], Member]) -> Iterator[bytes]:
    end = yield from member(0)
    count = 1
    while end < len(body):
        if count == MAX_MEMBERS:
            raise _Broken(f"it has more than {MAX_MEMBERS} members")
        end = yield from member(end)
        count += 1


def _inflate(body: bytes, start: int, wbits: int) -> Member:
    stream = zlib.decompressobj(wbits)
    piece = b""
    while start < len(body):
        feed = body[start : start + FEED]
        start += len(feed)
        # Output can be left although all input is taken: when exactly one piece came out.
        while feed or piece:
            piece = stream.decompress(feed, PIECE)
            feed = stream.unconsumed_tail
            yield piece
            if stream.eof:
                return start - len(stream.unused_data)
    raise _Broken("it is cut short")


def _unframe(body: bytes, start: int) -> Member:
    frame = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})
    while start < len(body):
        feed = body[start : start + FEED]
        start += len(feed)
        while feed or not frame.needs_input:
            yield frame.decompress(feed, PIECE)
            if frame.eof:
                return start - len(frame.unused_data)
            feed = b""
    raise _Broken("it is cut short")


_PIECES: Final = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "zstd": _zstd}

ENCODINGS: Final = ("gzip", "deflate", "zstd", "identity", "snappy")
"""What is understood, as it is told to clients."""
