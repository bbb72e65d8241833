"""`GET /api/firstlight/v1/logs`: log records, the newest or oldest first, by service, level, words and trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.reading import Views, Where, listing, windows
from firstlight.api.native.replies import error_response
from firstlight.errors import UserError

MAX_LIMIT: Final = 10_000
DEFAULT_LIMIT: Final = 100
NEWEST, OLDEST = "newest", "oldest"
COLUMNS: Final = "ts, service, level, severity, body, trace_id, span_id, attributes, event_name"

PARAMETERS: Final = ("service", "level", "contains", "trace_id", "since", "until", "order", "limit")


def logs_route(views: Views, prefix: str, now_ns: Callable[[], int]) -> Route:
    """Return the route of log records."""

    async def answer(request: Request) -> Response:
        try:
            asked = Asked.of(request.query_params, PARAMETERS, now_ns())
            return Response(await find(views, asked), media_type="application/json")
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/logs", answer)


async def find(views: Views, asked: Asked) -> bytes:
    """Return the log records that are asked for, as JSON. Raise RequestError or QueryFault."""
    limit = asked.count("limit", DEFAULT_LIMIT, MAX_LIMIT)
    order = asked.one_of("order", (NEWEST, OLDEST), NEWEST)
    since_ns, until_ns = asked.time_ns("since"), asked.time_ns("until")
    rows: list[bytes] = []
    # The oldest are looked for from the beginning.
    starts = windows(since_ns, until_ns, asked.now_ns) if order == NEWEST else [since_ns]
    for start_ns in starts:
        where = conditions(asked)
        where.add("ts >= fromUnixTimestamp64Nano({since:Int64})", since=start_ns)
        where.add("ts < fromUnixTimestamp64Nano({until:Int64})", until=until_ns)
        direction = "DESC" if order == NEWEST else "ASC"
        sql = f"SELECT {COLUMNS} FROM logs WHERE {where} ORDER BY ts {direction} LIMIT {{limit:UInt32}}"
        rows = await views.rows(sql, {**where.values, "limit": limit + 1})
        if len(rows) > limit:
            break
    return listing("logs", rows, limit)


def conditions(asked: Asked) -> Where:
    """Return what is asked of each record, other than its time."""
    where = Where()
    where.add("service = {service:String}", service=asked.text("service"))
    where.add("severity >= {severity:UInt8}", severity=asked.severity("level"))
    where.add("positionCaseInsensitiveUTF8(body, {contains:String}) > 0", contains=asked.text("contains"))
    where.add("trace_id = {trace_id:String}", trace_id=asked.id("trace_id", 32))
    return where
