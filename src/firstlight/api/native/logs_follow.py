"""`GET /api/firstlight/v1/logs/follow`: lines as they become durable, chosen by a query in LogQL, as rows of NDJSON.

Who reads too slowly loses the oldest that wait for him, and is told so; as with Loki's tail, of which this is the form
without a WebSocket.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.loki.followers import Follower, News
from firstlight.api.native.asked import Asked
from firstlight.api.native.logs_asked import Clock, Logs
from firstlight.api.native.logs_rows import row_lines, row_of
from firstlight.api.native.replies import StreamedAnswer, error_response, fault_of
from firstlight.api.native.tail import NDJSON
from firstlight.errors import UserError
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.source import Taken
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logql.streams import Found
from firstlight.query.logs.news import NewLines

PARAMETERS: Final = ("query",)
HEARTBEAT: Final = 10.0
"""Seconds in which nothing comes, after which a sign of life is sent."""


def logs_follow_route(logs: Logs, prefix: str, now_ns: Clock, heartbeat: float = HEARTBEAT) -> Route:
    """Return the route of the live tail in LogQL."""

    async def answer(request: Request) -> Response:
        try:
            query = await logs.lines(Asked.of(request.query_params, PARAMETERS, now_ns()))
        except UserError as error:
            return error_response(error)
        return StreamedAnswer(
            _follow(logs, query, heartbeat),
            NDJSON,
            headers={"cache-control": "no-store"},
            last_words=lambda error: orjson.dumps(fault_of(error)) + b"\n",
        )

    return Route(f"{prefix}/logs/follow", answer)


async def _follow(logs: Logs, query: LogQuery, heartbeat: float) -> AsyncGenerator[bytes, None]:
    new = NewLines(query, level=logs.source.settings.detected_level)
    with logs.followers.place() as follower:
        yield b'{"following":true}\n'
        async for news in _news(follower, heartbeat):
            if news is None:
                yield b'{"heartbeat":true}\n'
                continue
            if news.dropped:
                yield orjson.dumps({"dropped": len(news.dropped)}) + b"\n"
            times = news.rows["ts"].cast("int64").to_numpy()
            slice_ = Slice(int(times.min()), int(times.max()) + 1)
            found = await logs.source.find(logs.tenant, new.matchers, slice_, Taken())
            if rows := await logs.source.compute(partial(_rows, new, news, found)):
                yield rows


def _rows(new: NewLines, news: News, found: Found) -> bytes:
    return row_lines([row_of(line) for line in new.of(news.rows, found)])


async def _news(follower: Follower, heartbeat: float) -> AsyncIterator[News | None]:
    """Yield what comes, and None after each `heartbeat` seconds in which nothing did."""
    news = cast("AsyncGenerator[News, None]", follower.news())
    waiting: asyncio.Task[News] | None = None
    try:
        while True:
            # It is not cancelled when the time is over, as that would end what it waits for.
            waiting = waiting or asyncio.ensure_future(cast("Any", anext(news)))
            done, _ = await asyncio.wait([waiting], timeout=heartbeat)
            if not done:
                yield None
                continue
            try:
                found = waiting.result()
            except StopAsyncIteration:
                return
            waiting = None
            yield found
    finally:
        if waiting is not None:
            waiting.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await waiting
        await news.aclose()
