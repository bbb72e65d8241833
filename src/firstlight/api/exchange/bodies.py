"""Answers on their way out: in pieces, packed if the client likes that, and never whole twice."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, TypeVar

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

PIECE: Final = 256 * 1024
"""How much is written at once."""

WORTH_PACKING: Final = 1024
"""From how many bytes on an answer is packed."""

GZIP: Final = zlib.MAX_WBITS | 16
FAST: Final = 1
"""The level of zlib. What answers are made of gets but little smaller with higher ones, which take much longer."""

TOGETHER: Final = 500
"""How many items of a list are written at once."""

MANY: Final = 5_000
"""From how many items on a list is written in a thread."""

MOST_NOTES: Final = 10
"""How many warnings, and how many infos, are told."""

CUT: Final = "results truncated due to limit"


@dataclass(frozen=True, slots=True)
class Body:
    """What an answer says. Making the pieces of a large one takes long enough to be done in a thread."""

    pieces: Iterator[bytes]
    content_type: str = "application/json"
    large: bool = False


def success(
    data: Iterable[bytes], *, warnings: Sequence[str] = (), infos: Sequence[str] = (), large: bool = False
) -> Body:
    """Return the answer that has `data`, pieces of JSON, and what there is to tell of it."""
    notes = b"".join(
        b',"' + name + b'":' + orjson.dumps(_at_most(notes, kind))
        for name, kind, notes in ((b"warnings", "warning", warnings), (b"infos", "info", infos))
        if notes
    )
    return Body(chain([b'{"status":"success","data":'], data, [notes + b"}"]), large=large)


def success_of(value: Any) -> Body:
    """Return the answer that has `value` as its data."""
    return success([orjson.dumps(value)])


def success_of_list(items: Sequence[T], as_json: Callable[[T], Any], *, cut: bool = False) -> Body:
    """Return the answer that has a list as its data; if that was `cut`, it says so."""
    return success(listed(map(as_json, items)), warnings=[CUT] if cut else [], large=len(items) >= MANY)


def text(words: str, content_type: str = "text/plain; charset=utf-8") -> Body:
    """Return an answer in words."""
    return Body(iter([words.encode(errors="replace")]), content_type)


def listed(items: Iterable[Any]) -> Iterator[bytes]:
    """Yield an array of JSON, a few items at a time."""
    rest, mark = iter(items), b"["
    while some := list(islice(rest, TOGETHER)):
        yield mark + orjson.dumps(some)[1:-1]
        mark = b","
    yield b"]" if mark == b"," else b"[]"


async def send_body(
    body: Body, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send, *, packed: bool
) -> None:
    """Send an answer: at once if it is small, else in pieces, each made when the one before it is taken."""
    pieces = _gathered(body.pieces)
    first, second = await _next(pieces, body), await _next(pieces, body)
    told = {**headers, "content-type": body.content_type, "vary": ", ".join(("Accept-Encoding", *_vary(headers)))}
    packed = packed and len(first) >= WORTH_PACKING
    if packed:
        told["content-encoding"] = "gzip"
        pieces = _packed(chain([first, second], pieces))
        first, second = await _next(pieces, body), await _next(pieces, body)
    if not second:
        await Response(first, 200, told)(scope, receive, send)
        return
    start = Response(None, 200, told)
    del start.headers["content-length"]
    await send({"type": "http.response.start", "status": 200, "headers": start.raw_headers})
    piece = first
    following = second
    while piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        piece, following = following, await _next(pieces, body) if following else b""
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(pieces: Iterator[bytes], body: Body) -> bytes:
    return await asyncio.to_thread(next, pieces, b"") if body.large else next(pieces, b"")


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same in pieces that are neither small nor empty."""
    together: list[bytes] = []
    size = 0
    for piece in pieces:
        together.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(together)
            together, size = [], 0
    if size:
        yield b"".join(together)


def _packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(FAST, zlib.DEFLATED, GZIP)
    for piece in pieces:
        if done := packer.compress(piece):
            yield done
    yield packer.flush()


def _vary(headers: Mapping[str, str]) -> Sequence[str]:
    return [headers["vary"]] if "vary" in headers else []


def _at_most(notes: Sequence[str], kind: str) -> list[str]:
    more = len(notes) - MOST_NOTES
    return [*notes[:MOST_NOTES], *([f"{more} more {kind} annotations omitted"] if more > 0 else [])]
