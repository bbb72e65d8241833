"""`GET /api/firstlight/v1/traces`: traces, the newest first; and one of them, whole, by its id or how that begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.reading import SECOND, Views, Where, listing, windows
from firstlight.api.native.replies import Ambiguous, NotFound, error_response
from firstlight.errors import UserError, brief
from firstlight.http.errors import RequestError

MAX_LIMIT: Final = 1_000
DEFAULT_LIMIT: Final = 20
MAX_SPANS: Final = 10_000
SHOWN_IDS: Final = 5

LONGEST: Final = 3_600
"""Seconds that a trace may have begun before the time from which on it is looked for, to be counted whole."""

PARAMETERS: Final = ("service", "name", "error", "min_duration", "since", "until", "limit")

SUMMARY: Final = """
SELECT
    trace_id, min(spans.ts) AS ts, argMin(service, (parent_span_id != '', spans.ts)) AS root_service,
    argMin(name, (parent_span_id != '', spans.ts)) AS root_name,
    (max(toUnixTimestamp64Nano(spans.ts) + duration_ns) - min(toUnixTimestamp64Nano(spans.ts))) / 1e6 AS duration_ms,
    count() AS spans, countIf(status = 'error') AS errors, arraySort(groupUniqArray(service)) AS services
FROM spans
WHERE {times}
GROUP BY trace_id
HAVING {of_each}
ORDER BY ts DESC
LIMIT {{limit:UInt32}}
"""

SPANS: Final = """
SELECT
    ts, service, name, kind, duration_ms, status, status_message, span_id, parent_span_id, attributes, events, links
FROM spans
WHERE trace_id = {trace_id:String}
ORDER BY ts
LIMIT {limit:UInt32}
"""

BEGINNING: Final = """
SELECT trace_id, max(ts) AS newest
FROM spans
WHERE startsWith(trace_id, {beginning:String})
GROUP BY trace_id
ORDER BY newest DESC
LIMIT {limit:UInt32}
"""


def trace_routes(views: Views, prefix: str, now_ns: Callable[[], int]) -> list[Route]:
    """Return the routes of traces."""

    async def many(request: Request) -> Response:
        try:
            asked = Asked.of(request.query_params, PARAMETERS, now_ns())
            return Response(await find(views, asked), media_type="application/json")
        except UserError as error:
            return error_response(error)

    async def one(request: Request) -> Response:
        try:
            return Response(await whole(views, request.path_params["trace_id"]), media_type="application/json")
        except UserError as error:
            return error_response(error)

    return [Route(f"{prefix}/traces", many), Route(f"{prefix}/traces/{{trace_id}}", one)]


async def find(views: Views, asked: Asked) -> bytes:
    """Return what traces that are asked for are about, as JSON. Raise RequestError or QueryFault."""
    limit = asked.count("limit", DEFAULT_LIMIT, MAX_LIMIT)
    since_ns, until_ns = asked.time_ns("since"), asked.time_ns("until")
    rows: list[bytes] = []
    for start_ns in windows(since_ns, until_ns, asked.now_ns):
        times, of_each = Where(), of_each_trace(asked)
        times.add("trace_id != ''")
        if start_ns is not None:
            earliest_ns = max(start_ns - LONGEST * SECOND, 0)
            times.add("spans.ts >= fromUnixTimestamp64Nano({earliest:Int64})", earliest=earliest_ns)
            of_each.add("ts >= fromUnixTimestamp64Nano({since:Int64})", since=max(start_ns, 0))
        times.add("spans.ts < fromUnixTimestamp64Nano({until:Int64})", until=until_ns)
        sql = SUMMARY.format(times=times, of_each=of_each)
        rows = await views.rows(sql, {**times.values, **of_each.values, "limit": limit + 1})
        if len(rows) > limit:
            break
    return listing("traces", rows, limit)


def of_each_trace(asked: Asked) -> Where:
    """Return what is asked of each trace, other than its time."""
    where = Where()
    where.add("has(services, {service:String})", service=asked.text("service"))
    where.add("countIf(name = {name:String}) > 0", name=asked.text("name"))
    if asked.flag("error"):
        where.add("errors > 0")
    seconds = asked.seconds("min_duration")
    where.add("duration_ms >= {min_ms:Float64}", min_ms=None if seconds is None else seconds * 1000)
    return where


async def whole(views: Views, asked_id: str) -> bytes:
    """Return the spans of a trace, as JSON. Raise NotFound, Ambiguous, RequestError or QueryFault."""
    trace_id = await identify(views, asked_id)
    rows = await views.rows(SPANS, {"trace_id": trace_id, "limit": MAX_SPANS + 1})
    if not rows:
        raise NotFound(f"there is no trace {trace_id}; it may be too old, or not have arrived yet")
    return b'{"trace_id":"%s",' % trace_id.encode() + listing("spans", rows, MAX_SPANS)[1:]


async def identify(views: Views, asked_id: str) -> str:
    """Return the id that begins as `asked_id` does."""
    if not re.fullmatch(r"[0-9a-fA-F]{1,32}", asked_id):
        raise RequestError(f"cannot read the trace id {brief(asked_id)}; want up to 32 hexadecimal digits")
    beginning = asked_id.lower()
    if len(beginning) == 32:
        return beginning
    rows = await views.rows(BEGINNING, {"beginning": beginning, "limit": SHOWN_IDS + 1})
    found = [str(orjson.loads(row)["trace_id"]) for row in rows]
    if not found:
        raise NotFound(f"there is no trace that begins with {beginning}; it may be too old, or not have arrived yet")
    if len(found) > 1:
        listed = ", ".join(found[:SHOWN_IDS]) + (" and others" if len(found) > SHOWN_IDS else "")
        raise Ambiguous(f"several traces begin with {beginning}: {listed}; give more of the id")
    return found[0]
