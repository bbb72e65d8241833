"""Starting and stopping: requests under way finish, connections that are idle do not delay."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from firstlight.http.application import Application
from firstlight.http.listen import bound_address, open_socket
from firstlight.http.server import HttpServer
from firstlight.http.settings import HttpSettings
from tests.http.serving import ANYWHERE, serving

pytestmark = pytest.mark.anyio


class Slow:
    """A route that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.told = asyncio.Event()

    async def answer(self, request: Request) -> Response:
        """Wait, then answer."""
        self.asked.set()
        await self.told.wait()
        return PlainTextResponse("at last")


async def test_requests_under_way_finish() -> None:
    slow = Slow()
    async with serving([Route("/", slow.answer)]) as server, httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(server.url))
        await slow.asked.wait()
        stopping = asyncio.create_task(server.server.stop())
        await asyncio.sleep(0.3)
        assert not stopping.done()
        slow.told.set()
        got = await asking
        await stopping

    assert got.text == "at last"
    assert got.headers["connection"] == "close"


async def test_nothing_new_is_accepted_while_it_stops() -> None:
    slow = Slow()
    async with serving([Route("/", slow.answer)]) as server, httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(server.url))
        await slow.asked.wait()
        stopping = asyncio.create_task(server.server.stop())
        await asyncio.sleep(0.3)
        with pytest.raises(httpx.ConnectError):
            await httpx.AsyncClient().get(server.url)
        slow.told.set()
        await asyncio.gather(asking, stopping)


async def test_what_does_not_finish_is_told_to_come_again() -> None:
    slow = Slow()
    soon = HttpSettings(stop_timeout=0.5)
    async with serving([Route("/", slow.answer)], soon) as server, httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(server.url))
        await slow.asked.wait()
        await server.server.stop()
        got = await asking

    assert (got.status_code, got.headers["retry-after"]) == (503, "1")
    assert got.json() == {"error": "cannot answer: the server is stopping; send it again"}


async def test_idle_connections_are_closed() -> None:
    slow = Slow()
    slow.told.set()
    async with serving([Route("/", slow.answer)]) as server, httpx.AsyncClient() as client:
        await client.get(server.url)
        await server.server.stop()


async def test_stopping_twice_is_stopping_once() -> None:
    async with serving([]) as server:
        await server.server.stop()
        await server.server.stop()


async def test_listens_on_several_addresses() -> None:
    slow = Slow()
    slow.told.set()
    async with serving([]) as one:
        sockets = [open_socket(ANYWHERE, "a"), open_socket(ANYWHERE, "b")]
        app = Application([Route("/", slow.answer)], one.telemetry.http)
        addresses = [bound_address(listener) for listener in sockets]
        server = HttpServer(app, sockets, HttpSettings(), one.telemetry.http)
        await server.start()
        async with httpx.AsyncClient() as client:
            answers = [await client.get(f"http://{address}") for address in addresses]
        await server.stop()

    assert [answer.text for answer in answers] == ["at last", "at last"]
