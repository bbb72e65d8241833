"""`GET /api/firstlight/v1/logs/context`: the lines around a line of a stream."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked
from firstlight.api.native.logs_asked import Clock, Logs
from firstlight.api.native.logs_rows import row_of
from firstlight.api.native.replies import error_response, json_response
from firstlight.errors import UserError
from firstlight.http.errors import RequestError
from firstlight.query.logql.ast import LogQuery, MatchOp
from firstlight.query.logs.context import LogContext

PARAMETERS: Final = ("query", "at", "before", "after")
MOST: Final = 1_000
DEFAULT: Final = 10


def logs_context_route(logs: Logs, prefix: str, now_ns: Clock) -> Route:
    """Return the route of what stands around a line."""
    context = LogContext(logs.source, logs.engine)

    async def answer(request: Request) -> Response:
        try:
            return json_response(await _around(logs, context, Asked.of(request.query_params, PARAMETERS, now_ns())))
        except UserError as error:
            return error_response(error)

    return Route(f"{prefix}/logs/context", answer)


async def _around(logs: Logs, context: LogContext, asked: Asked) -> dict[str, Any]:
    labels = labels_of(await logs.lines(asked))
    at_ns = asked.time_ns("at")
    if at_ns is None:
        raise RequestError('cannot tell which line: "at" is missing; want its time, such as the ts of a row')
    before, after = asked.count("before", DEFAULT, MOST), asked.count("after", DEFAULT, MOST)
    found = await context.around(logs.tenant, labels, at_ns, before=before, after=after)
    return {
        "before": [row_of(line) for line in found.before],
        "at": [row_of(line) for line in found.at],
        "after": [row_of(line) for line in found.after],
    }


def labels_of(query: LogQuery) -> dict[str, str]:
    """Return the labels that a selector wants; raise RequestError if it says anything else."""
    matchers = query.selector.matchers
    if query.stages or any(one.op is not MatchOp.EQUAL for one in matchers):
        raise RequestError(
            'cannot tell whose lines to show: "query" has more than labels and their values; want a selector with'
            ' = alone, such as {app="shop", pod="shop-1"}'
        )
    return {one.label: one.value for one in matchers}
