"""`GET /api/firstlight/v1/logs/levels`: how many lines of each level a query finds over time."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.logs_asked import Clock, Logs, span, step_of
from firstlight.api.native.replies import error_response, json_response
from firstlight.api.native.tail import iso
from firstlight.errors import UserError
from firstlight.query.logs.levels import level_histogram

PARAMETERS: Final = ("query", "since", "until", "step")


def logs_levels_route(logs: Logs, prefix: str, now_ns: Clock) -> Route:
    """Return the route of levels over time."""

    async def answer(request: Request) -> Response:
        try:
            return json_response(await _levels(logs, Asked.of(request.query_params, PARAMETERS, now_ns())))
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/logs/levels", answer)


async def _levels(logs: Logs, asked: Asked) -> dict[str, Any]:
    query, whole = await logs.lines(asked), span(asked)
    step = step_of(asked, whole)
    start = whole.start - whole.start % step
    found = await level_histogram(logs.door, query, start, whole.end, step, tenant=logs.tenant)
    steps = max(1, -(-(whole.end - start) // step))
    return {
        "step_seconds": step / 10**9,
        "ts": [iso(start + place * step) for place in range(steps)],
        "levels": [
            {"level": one.level, "lines": int(one.counts.sum()), "counts": one.counts.tolist()} for one in found
        ],
    }
