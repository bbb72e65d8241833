"""Bodies: read within a limit and a time, and drained so that the sender gets to read the answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from firstlight.http.body import read_body
from firstlight.http.errors import RequestError
from tests.http.serving import Serving, serving

pytestmark = pytest.mark.anyio

LIMIT = 1000
HEAD = b"POST / HTTP/1.1\r\nhost: localhost\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


def sized(size: int, headers: bytes = b"") -> bytes:
    return HEAD + headers + b"content-length: %d\r\n\r\n" % size


def chunks(*sizes: int) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (size, bytes(size)) for size in sizes)


BODIES = [
    # what                            sent                                            status  answer                                                       held
    ("none",                          HEAD + b"\r\n",                                 200,    0,                                                           [0]),
    ("of a known length",             sized(1000) + bytes(1000),                      200,    1000,                                                        [1000]),
    ("in chunks",                     CHUNKED + chunks(400, 600) + b"0\r\n\r\n",      200,    1000,                                                        [0, 1000]),
    ("in chunks, with a trailer",     CHUNKED + chunks(7) + b"0\r\nx: y\r\n\r\n",     200,    7,                                                           [0, 7]),
    ("over the limit",                sized(1001) + bytes(1001),                      413,    "cannot take a body of more than 1000 bytes; send smaller requests", []),
    ("over the limit, in chunks",     CHUNKED + chunks(400, 601) + b"0\r\n\r\n",      413,    "cannot take a body of more than 1000 bytes; send smaller requests", [0]),
    ("that stops",                    sized(1000) + bytes(10),                        408,    "cannot wait any longer for the body: 10 bytes came in 0.1 s; send smaller requests", [1000]),
    ("that stops within a chunk",     CHUNKED + chunks(400) + b"100\r\n",             408,    "cannot wait any longer for the body: 400 bytes came in 0.1 s; send smaller requests", [0, 400]),
]  # fmt: skip


def reading(held: list[int]) -> Route:
    """Return a route that answers with the size of the body, and closes the connection."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(len(await read_body(request, limit=LIMIT, seconds=0.1, grow=held.append)))
        except RequestError as error:
            return JSONResponse(str(error), error.status)

    return Route("/", endpoint, methods=["POST"])


@pytest.mark.parametrize(
    ("sent", "status", "answer", "held"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
async def test_reads(
    sent: bytes, status: int, answer: object, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firstlight.http.body.DRAIN_SECONDS", 0.1)
    told: list[int] = []
    async with serving([reading(told)]) as server:
        got_status, got = await post(server, sent)

    assert (got_status, got) == (status, answer)
    assert told == held


async def post(server: Serving, sent: bytes) -> tuple[int, object]:
    """Return the status and the JSON of the answer to what is `sent`."""
    reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    body = await reader.readexactly(length)
    writer.close()
    return int(head.split()[1]), json.loads(body)


async def test_a_body_that_nobody_wants_does_not_hide_the_answer() -> None:
    """A sender in the middle of many megabytes reads why, and may go on with the same connection."""
    size = 32 * 1024 * 1024
    async with serving([reading([])]) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        for _ in range(2):
            writer.write(sized(size))
            for _ in range(32):
                writer.write(bytes(size // 32))
                await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b'requests"')
            assert head.startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_a_body_that_was_not_asked_for_is_not_waited_for() -> None:
    """A client that expects to be told to continue is told the answer instead."""
    async with serving([reading([])]) as server:
        status, answer = await post(server, sized(10**12, b"expect: 100-continue\r\n"))

    assert status == 413
    assert answer == "cannot take a body of more than 1000 bytes; send smaller requests"


async def test_a_sender_that_leaves_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(len(await read_body(request, limit=LIMIT, seconds=10)))
        finally:
            ended.set()

    async with serving([Route("/", endpoint, methods=["POST"])]) as server:
        _, writer = await asyncio.open_connection(server.address.host, server.address.port)
        writer.write(sized(1000) + b"x")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await ended.wait()

    assert not caplog.records


async def test_what_there_is_no_room_for_is_not_read() -> None:
    def refuse(size: int) -> None:
        raise RequestError(f"no room for {size}")

    async def endpoint(request: Request) -> Response:
        await read_body(request, limit=LIMIT, seconds=10, grow=refuse)
        return JSONResponse(None)

    async with serving([Route("/", endpoint, methods=["POST"])]) as server:
        assert await post(server, sized(500)) == (400, {"error": "no room for 500"})
