"""`GET /api/firstlight/v1/logs/patterns`: what lines have in common, how often, since when, and what of it is new."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked, level_of
from firstlight.api.native.logs_asked import SECOND, Clock, Logs, span, step_of
from firstlight.api.native.replies import error_response, json_response
from firstlight.api.native.tail import iso
from firstlight.errors import UserError
from firstlight.http.errors import RequestError
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.patterns import CountedPattern

PARAMETERS: Final = ("service", "level", "contains", "since", "until", "step", "new", "limit")
MAX_LIMIT: Final = 1_000
DEFAULT_LIMIT: Final = 100
MOST: Final = 10_000
"""How many patterns are looked through."""

MILLISECOND: Final = 10**6
MINUTE: Final = 60 * SECOND


def logs_patterns_route(logs: Logs, prefix: str, now_ns: Clock) -> Route:
    """Return the route of patterns."""

    async def answer(request: Request) -> Response:
        try:
            return json_response(await _patterns(logs, Asked.of(request.query_params, PARAMETERS, now_ns())))
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/logs/patterns", answer)


async def _patterns(logs: Logs, asked: Asked) -> dict[str, Any]:
    limit, severity, contains = (
        asked.count("limit", DEFAULT_LIMIT, MAX_LIMIT),
        asked.severity("level"),
        asked.text("contains"),
    )
    service, new = asked.text("service"), asked.seconds("new")
    if new is not None and asked.text("since"):
        raise RequestError('cannot take "new" and "since" together: each says from when on; want one of them')
    whole = span(asked) if new is None else span(asked, round(new * SECOND))
    # Patterns are counted by the minute, and one that has begun is looked at from its beginning on.
    whole = Slice(whole.start - whole.start % MINUTE, whole.end)
    step = max(step_of(asked, whole), MINUTE)
    services = None if service is None else [service]
    found = await logs.patterns.patterns(logs.tenant, services, whole.start, whole.end, step, limit=MOST)
    wanted = [
        one
        for one in found
        if (new is None or one.is_new)
        and (severity is None or one.severity >= severity)
        and (contains is None or contains.lower() in one.pattern.lower())
    ]
    return {"patterns": [_pattern(one, whole) for one in wanted[:limit]], "more": len(wanted) > limit}


def _pattern(one: CountedPattern, whole: Slice) -> dict[str, Any]:
    minutes = max((whole.end - whole.start) / MINUTE, 1.0)
    return {
        "pattern": one.pattern,
        "service": one.service,
        "level": level_of(one.severity),
        "lines": one.lines,
        "per_minute": round(one.lines / minutes, 3),
        "first_seen": iso(one.first_ms * MILLISECOND),
        "last_seen": iso(one.last_ms * MILLISECOND),
        "is_new": one.is_new,
        "sample": one.sample,
        "counts": [{"ts": iso(time * MILLISECOND), "lines": lines} for time, lines in one.counts],
    }
