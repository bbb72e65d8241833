"""Answers that are sent as they come: with an end if they have one, without one if they fail on their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.replies import StreamedAnswer
from firstlight.errors import UserError
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.sql.formats import whole_lines
from tests.http.serving import serving

pytestmark = pytest.mark.anyio

FAULT = QueryFault("cannot answer: no", Reason.FAILED)


async def coming(*pieces: bytes | UserError) -> AsyncGenerator[bytes, None]:
    """Yield pieces, or raise what stands in their place."""
    for piece in pieces:
        if isinstance(piece, UserError):
            raise piece
        yield piece


def last_words(error: UserError) -> bytes:
    """Return what is sent of an error after an answer has begun."""
    return f"but {error}".encode()


async def read(make: Callable[[], StreamedAnswer], received: list[bytes]) -> httpx.Response:
    """Ask a server that answers so, and keep what comes."""

    async def answer(request: Request) -> Response:
        return make()

    async with serving([Route("/", answer)]) as server, httpx.AsyncClient(base_url=server.url) as client:
        async with client.stream("GET", "/") as response:
            async for piece in response.aiter_raw():
                received.append(piece)  # noqa: PERF401 - what came before it broke off counts
        return response


async def test_all_pieces_come() -> None:
    received: list[bytes] = []
    response = await read(lambda: StreamedAnswer(coming(b"a", b"", b"b"), "text/x", headers={"x-y": "z"}), received)

    assert (response.status_code, response.headers["content-type"], response.headers["x-y"]) == (200, "text/x", "z")
    assert b"".join(received) == b"ab"


async def test_nothing_is_an_answer_too() -> None:
    received: list[bytes] = []
    response = await read(lambda: StreamedAnswer(coming(), "text/x"), received)

    assert (response.status_code, received) == (200, [])


async def test_what_fails_before_it_begins_has_a_status() -> None:
    received: list[bytes] = []
    response = await read(lambda: StreamedAnswer(coming(FAULT), "text/x"), received)

    assert response.status_code == 422
    assert received == [b'{"error":"cannot answer: no","code":"failed"}\n']


async def test_what_fails_later_says_so_and_breaks_off() -> None:
    received: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await read(lambda: StreamedAnswer(coming(b"a", FAULT), "text/x", last_words=last_words), received)

    assert b"".join(received) == b"abut cannot answer: no"


async def test_what_has_nothing_to_say_it_with_breaks_off() -> None:
    received: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await read(lambda: StreamedAnswer(coming(b"a", FAULT), "text/x"), received)

    assert b"".join(received) == b"a"


async def test_what_can_be_made_whole_is() -> None:
    received: list[bytes] = []
    await read(
        lambda: StreamedAnswer(coming(b"a", FAULT), "text/x", last_words=last_words, ends_after_them=True), received
    )

    assert b"".join(received) == b"abut cannot answer: no"


async def test_nothing_goes_on_for_a_client_that_left() -> None:
    """What makes the pieces is closed, although it waits for something."""
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def answer(request: Request) -> Response:
        return StreamedAnswer(endless(), "text/x")

    async with serving([Route("/", answer)]) as server, httpx.AsyncClient(base_url=server.url) as client:
        async with client.stream("GET", "/") as response:
            assert await anext(response.aiter_raw()) == b"a"
        await closed.wait()


LINES = [
    # what                    pieces                        cut where lines end
    ("nothing",               [],                           []),
    ("whole lines",           [b"a\n", b"b\n"],             [b"a\n", b"b\n"]),
    ("lines in pieces",       [b"a", b"b\nc", b"\nd\ne"],   [b"ab\n", b"c\nd\n", b"e"]),
    ("no end of a line",      [b"a", b"b"],                 [b"ab"]),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "cut"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
async def test_whole_lines(pieces: list[bytes], cut: list[bytes]) -> None:
    assert [piece async for piece in whole_lines(coming(*pieces))] == cut


async def test_half_a_line_is_left_out_if_the_answer_fails() -> None:
    cut = whole_lines(coming(b"a\nb", FAULT))

    assert await anext(cut) == b"a\n"
    with pytest.raises(QueryFault):
        await anext(cut)
