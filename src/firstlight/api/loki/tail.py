"""`/loki/api/v1/tail`: lines as they become durable, over a WebSocket, to whoever follows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from firstlight.api.exchange.questions import read_pairs
from firstlight.api.loki.asked import Asked
from firstlight.api.loki.endpoint import CATEGORIZE, FLAGS, Clock
from firstlight.api.loki.faults import refused
from firstlight.api.loki.followers import Follower, Followers, News
from firstlight.api.loki.following import Following
from firstlight.api.loki.queries import Door
from firstlight.api.loki.shelf import Finder
from firstlight.errors import UserError
from firstlight.http.errors import RequestError
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.result import Direction, Streams
from firstlight.query.logql.run import prepare
from firstlight.query.logql.source import Taken
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logql.streams import Found

MAX_DELAY: Final = 5
GOING_AWAY: Final = 1001


@dataclass(frozen=True, slots=True)
class Tailing:
    """What tails are answered from."""

    followers: Followers
    finder: Finder
    door: Door
    tenant: str
    level: bool = True
    """Whether lines have `detected_level`."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    text: str
    query: LogQuery
    start_ns: int
    limit: int
    delay: float
    categorized: bool


def tail_routes(now_ns: Clock, tailing: Tailing, prefix: str) -> Sequence[BaseRoute]:
    """Return the routes of the tail: over a WebSocket, and the complaint of who asks without one."""

    async def follow(socket: WebSocket) -> None:
        try:
            wanted = _wanted(socket, now_ns())
            with tailing.followers.place() as follower:
                await _serve(socket, tailing, wanted, follower, now_ns)
        except UserError as error:
            await socket.send_denial_response(refused(error))

    async def without(request: Request) -> Response:
        words = (
            "Bad Request\nwebsocket: the client is not using the websocket protocol:"
            " 'upgrade' token not found in 'Connection' header"
        )
        return PlainTextResponse(words, 400)

    path = f"{prefix}/tail"
    return [WebSocketRoute(path, follow), Route(path, without)]


def _wanted(socket: WebSocket, now_ns: int) -> _Wanted:
    asked = Asked(read_pairs(socket.scope["query_string"]), now_ns)
    text = asked.query()
    query = prepare(text)
    if not isinstance(query, LogQuery):
        raise RequestError("only log selector is supported")
    start, _ = asked.bounds()
    delay = asked.integer("delay_for")
    if delay > MAX_DELAY:
        raise RequestError(f"delay_for can't be greater than {MAX_DELAY}")
    return _Wanted(text, query, start, asked.limit(), delay, CATEGORIZE in socket.headers.get(FLAGS, ""))


async def _serve(socket: WebSocket, tailing: Tailing, wanted: _Wanted, follower: Follower, now_ns: Clock) -> None:
    """Follow until the client leaves, or the server does."""
    following = Following(wanted.query, level=tailing.level, categorized=wanted.categorized)
    answered = await tailing.door.query_range(
        wanted.text,
        wanted.start_ns,
        now_ns() + 1,
        10**9,
        tenant=tailing.tenant,
        limit=wanted.limit,
        direction=Direction.BACKWARD,
        categorize=wanted.categorized,
    )
    await socket.accept()
    sending = asyncio.create_task(_send(socket, tailing, wanted, follower, following, answered.result))
    leaving = asyncio.create_task(_left(socket))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not leaving.done():
            error = sending.exception()
            if error is None or isinstance(error, UserError):
                await socket.close(GOING_AWAY, str(error or "the server stops")[:100])
    finally:
        for task in (sending, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, UserError):
                await task


async def _send(
    socket: WebSocket, tailing: Tailing, wanted: _Wanted, follower: Follower, following: Following, before: object
) -> None:
    if isinstance(before, Streams):
        for frame in following.history(before):
            await socket.send_text(frame.decode())
    clock: Callable[[], float] = asyncio.get_running_loop().time
    async for news in follower.news():
        if wanted.delay:
            await asyncio.sleep(max(0.0, news.came + wanted.delay - clock()))
        found = await tailing.finder.find(tailing.tenant, following.matchers, _slice(news), Taken())
        for frame in await asyncio.to_thread(_frames, following, news, found):
            await socket.send_text(frame.decode())


def _frames(following: Following, news: News, found: Found) -> Iterable[bytes]:
    return list(following.frames(news, found))


def _slice(news: News) -> Slice:
    times = news.rows["ts"].cast("int64").to_numpy()
    return Slice(int(times.min()), int(times.max()) + 1)


async def _left(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
