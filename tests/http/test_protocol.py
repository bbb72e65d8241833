"""Connections that behave badly: each is bounded, told why, and counted."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from firstlight.http.settings import HttpSettings
from tests.http.serving import serving
from tests.waiting import until

pytestmark = pytest.mark.anyio

SOON = HttpSettings(header_timeout=0.2, idle_timeout=1, write_timeout=0.2, max_header_size=2048)
GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n"


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


async def flood(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        while not await request.is_disconnected():
            yield bytes(65536)

    return StreamingResponse(pieces())


ROUTES = [Route("/", echo, methods=["GET", "POST"]), Route("/flood", flood)]

MISBEHAVIOUR = [
    # what                          sent                                                  status  error                                              reason
    ("headers that stop",           GET,                                                  408,    "the headers did not come in 0.2 s",               "slow_headers"),
    ("headers that are large",      GET + b"x: " + b"x" * 3000,                           431,    "the headers are larger than 2048 bytes",          "large_headers"),
    ("a first line without end",    b"GET /" + b"x" * 3000,                               431,    "the headers are larger than 2048 bytes",          "large_headers"),
    ("another protocol",            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",      400,    "what came is not HTTP/1.1",                       "not_http"),
    ("two lengths",                 GET + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab", 400, "what came is not HTTP/1.1",                     "not_http"),
    ("a length and chunks",         GET + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "what came is not HTTP/1.1",     "not_http"),
    ("a proxy's request",           b"CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n", 405, "it is no proxy",                               "not_http"),
    ("a length that is none",       GET + b"content-length: many\r\n\r\n",                400,    "what came is not HTTP/1.1",                       "not_http"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status", "error", "reason"), [row[1:] for row in MISBEHAVIOUR], ids=[row[0] for row in MISBEHAVIOUR]
)
async def test_is_told_and_closed(sent: bytes, status: int, error: str, reason: str) -> None:
    async with serving(ROUTES, SOON) as server:
        answer = await server.say(sent)
        counted = server.counted("firstlight_http_refused_connections")

    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert b"connection: close" in head
    assert error in json.loads(body)["error"]
    assert counted == {(reason,): 1}


async def test_headers_that_drip_are_not_waited_for() -> None:
    """The time runs from the first byte, whatever comes meanwhile."""
    async with serving(ROUTES, SOON) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        writer.write(GET)
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.05)
        writer.close()

    assert answer.result().startswith(b"HTTP/1.1 408 ")


async def test_a_second_request_has_bounds_too() -> None:
    async with serving(ROUTES, SOON) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        writer.write(GET + b"\r\n")
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(GET)
        second = await reader.read()
        writer.close()

    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 408 ")


async def test_a_silent_connection_is_closed_without_a_word() -> None:
    """Whoever opened it for later use finds it closed, and opens another."""
    async with serving(ROUTES, SOON) as server:
        assert await server.say(b"") == b""


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with serving(ROUTES, SOON) as server:
        _, writer = await asyncio.open_connection(server.address.host, server.address.port, limit=1)
        writer.write(b"GET /flood HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await until(lambda: bool(server.counted("firstlight_http_refused_connections")))
        counted = server.counted("firstlight_http_refused_connections")
        writer.close()

    assert counted == {("slow_reader",): 1}


async def test_one_connection_too_many_is_told_so() -> None:
    async with serving(ROUTES, HttpSettings(max_connections=1)) as server:
        _, writer = await asyncio.open_connection(server.address.host, server.address.port)
        writer.write(GET)
        await writer.drain()
        answer = await server.say(GET)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 503 ")


OFFERS = [
    # what                        headers                                                                    body
    ("with a length",             b"connection: upgrade, http2-settings\r\ncontent-length: 6",               b"a body"),
    ("in chunks",                 b"connection: Upgrade\r\ntransfer-encoding: chunked",                      b"2\r\na \r\n4\r\nbody\r\n0\r\n\r\n"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "body"), [row[1:] for row in OFFERS], ids=[row[0] for row in OFFERS])
@pytest.mark.parametrize("cuts", [(), (10, 40), range(1, 1000)], ids=["at once", "in three", "byte by byte"])
async def test_a_body_behind_an_offer_to_upgrade_is_read(headers: bytes, body: bytes, cuts: Sequence[int]) -> None:
    """Java's HTTP client offers HTTP/2 with each request, its body included."""
    offer = b"POST / HTTP/1.1\r\nhost: localhost\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    sent = (offer + headers + b"\r\n\r\n" + body) * 2
    async with serving(ROUTES) as server:
        reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
        for start, end in itertools.pairwise([0, *(cut for cut in cuts if cut < len(sent)), len(sent)]):
            writer.write(sent[start:end])
            await asyncio.sleep(0)
        for _ in range(2):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(6) == b"a body"
        writer.close()
