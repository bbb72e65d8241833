"""`GET /api/firstlight/v1/logs/query`: what a query in LogQL finds, lines or metrics."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.logs_asked import Clock, Logs, span, step_of
from firstlight.api.native.logs_rows import metrics_json, row_lines, row_of
from firstlight.api.native.replies import StreamedAnswer, error_response, fault_of
from firstlight.api.native.sql import media_types
from firstlight.api.native.tail import NDJSON
from firstlight.errors import UserError
from firstlight.query.logql.ast import Expr, LogQuery
from firstlight.query.logql.result import Answered, Direction
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.lines import LogLines

PARAMETERS: Final = ("query", "since", "until", "at", "step", "limit", "direction", "format")
RANGE: Final = ("since", "until", "step")
"""What says that a metric is asked for over a range of time."""

MAX_LIMIT: Final = 100_000
DEFAULT_LIMIT: Final = 100
JSON: Final = "application/json"


def logs_query_route(logs: Logs, prefix: str, now_ns: Clock) -> Route:
    """Return the route of queries in LogQL."""
    finder = LogLines(logs.source, logs.engine)

    async def answer(request: Request) -> Response:
        try:
            asked = Asked.of(request.query_params, PARAMETERS, now_ns())
            as_lines = _as_lines(request, asked)
            query = await logs.query(asked)
            if not isinstance(query, LogQuery):
                return Response(metrics_json(await _metrics(logs, asked, query)), media_type=JSON)
            limit = asked.count("limit", DEFAULT_LIMIT, MAX_LIMIT)
            direction = Direction(asked.one_of("direction", list(Direction), Direction.BACKWARD))
            rows = _rows(finder, logs.tenant, query, span(asked), limit, direction)
            if as_lines:
                return StreamedAnswer(rows, NDJSON, last_words=lambda error: orjson.dumps(fault_of(error)) + b"\n")
            return Response(await _whole(rows, limit), media_type=JSON)
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/logs/query", answer)


async def _rows(
    finder: LogLines, tenant: str, query: LogQuery, slice_: Slice, limit: int, direction: Direction
) -> AsyncGenerator[bytes, None]:
    """Yield lines of JSON, a page at a time."""
    async with aclosing(finder.lines(tenant, query, slice_, limit, direction)) as pages:
        async for page in pages:
            yield row_lines([row_of(line) for line in page])


async def _whole(rows: AsyncGenerator[bytes, None], limit: int) -> bytes:
    async with aclosing(rows) as pages:
        lines = [line for page in [page async for page in pages] for line in page.splitlines()]
    full = b"true" if len(lines) >= limit else b"false"
    return b'{"logs":[\n%s\n],"full":%s}\n' % (b",\n".join(lines), full)


async def _metrics(logs: Logs, asked: Asked, query: Expr) -> Answered:
    if any(asked.text(name) for name in RANGE):
        whole = span(asked)
        step: Any = step_of(asked, whole)
        # The steps are at multiples of their length, so that an answer does not tremble with the time it is asked at.
        first = -(-whole.start // step) * step
        last = max(first, min(whole.end, asked.now_ns))
        return await logs.door.query_range(query, first, last, step, tenant=logs.tenant)
    at_ns = asked.time_ns("at")
    return await logs.door.query(query, asked.now_ns if at_ns is None else at_ns, tenant=logs.tenant)


def _as_lines(request: Request, asked: Asked) -> bool:
    if asked.text("format"):
        return asked.one_of("format", ("json", "ndjson"), "json") == "ndjson"
    wanted = next((one for one in media_types(request.headers.get("accept", "")) if one in (JSON, NDJSON)), JSON)
    return wanted == NDJSON
