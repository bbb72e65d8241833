"""`GET /api/firstlight/v1/logs/facets`: which fields the newest lines of a query have, and with which values."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.logs_asked import Clock, Logs, span
from firstlight.api.native.replies import error_response, json_response
from firstlight.errors import UserError
from firstlight.query.logs.facets import LOOKED_AT, Facet, FacetReader

PARAMETERS: Final = ("query", "since", "until", "values", "lines")
MAX_VALUES: Final = 1_000
DEFAULT_VALUES: Final = 10
MAX_LINES: Final = 1_000_000


def logs_facets_route(logs: Logs, prefix: str, now_ns: Clock) -> Route:
    """Return the route of fields with their values."""
    reader = FacetReader(logs.source, logs.engine)

    async def answer(request: Request) -> Response:
        try:
            asked = Asked.of(request.query_params, PARAMETERS, now_ns())
            values, lines = (
                asked.count("values", DEFAULT_VALUES, MAX_VALUES),
                asked.count("lines", LOOKED_AT, MAX_LINES),
            )
            query = await logs.lines(asked)
            found = await reader.facets(logs.tenant, query, span(asked), values=values, looked_at=lines)
            return json_response({"lines": found.lines, "facets": [_facet(one) for one in found.facets]})
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/logs/facets", answer)


def _facet(facet: Facet) -> dict[str, Any]:
    return {
        "name": facet.name,
        "kind": facet.kind,
        "lines": facet.lines,
        "distinct": facet.distinct,
        "values": [{"value": one.text, "lines": one.lines} for one in facet.values],
    }
