"""`/loki/api/v1/query`, `/loki/api/v1/query_range`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.loki.endpoint import CATEGORIZE, JSON, Clock, Endpoint, Question, route
from firstlight.api.loki.render import data_of
from firstlight.api.prometheus.asked import read_duration
from firstlight.http.errors import RequestError
from firstlight.query.logql.result import Answered, Direction, Matrix, Result, Streams

MANY: Final = 5_000
"""From how many lines or values on an answer is written in a thread."""


class Door(Protocol):
    """What answers queries: `query.logql.door.LogqlDoor`."""

    async def query_range(
        self,
        text: str,
        start_ns: int,
        end_ns: int,
        step_ns: int,
        *,
        tenant: str,
        limit: int = 100,
        direction: Direction = Direction.BACKWARD,
        interval_ns: int = 0,
        categorize: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Answered:
        """Return what `text` is over a range of time."""
        ...

    async def query(
        self,
        text: str,
        time_ns: int,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Answered:
        """Return what `text` is at one time."""
        ...


def query_routes(now_ns: Clock, door: Door, prefix: str, tenant: str) -> Sequence[Route]:
    """Return the routes of both."""

    async def query(question: Question) -> Body:
        asked = question.asked
        asked.limit()
        asked.direction()
        answered = await door.query(asked.query(), asked.time(), tenant=tenant, timeout=_timeout(question))
        return _body(answered, categorized=False)

    async def query_range(question: Question) -> Body:
        asked = question.asked
        start, end = asked.span()
        limit, direction = asked.limit(), asked.direction()
        step = asked.step(start, end)
        categorized = CATEGORIZE in question.flags
        answered = await door.query_range(
            asked.query(),
            start,
            end,
            step,
            tenant=tenant,
            limit=limit,
            direction=direction,
            interval_ns=asked.interval(),
            categorize=categorized,
            timeout=_timeout(question),
        )
        return _body(answered, categorized=categorized)

    return [
        route(f"{prefix}/query", Endpoint(now_ns, query, GET_OR_POST)),
        route(f"{prefix}/query_range", Endpoint(now_ns, query_range, GET_OR_POST)),
    ]


def _timeout(question: Question) -> float | None:
    found = question.asked.text("timeout")
    if not found:
        return None
    duration = read_duration(found)
    if duration is None:
        raise RequestError(f"could not parse 'timeout' parameter: not a valid duration string: {found[:80]!r}")
    return max(duration / 1000, 0.001)


def _body(answered: Answered, *, categorized: bool) -> Body:
    data = data_of(answered, categorized=categorized)
    body = success(data, warnings=answered.warnings, large=_size(answered.result) >= MANY)
    return replace(body, content_type=JSON)


def _size(result: Result) -> int:
    match result:
        case Streams():
            return sum(len(stream.entries) for stream in result.streams)
        case Matrix():
            return sum(len(series.times) for series in result.series)
        case _:
            return 1
