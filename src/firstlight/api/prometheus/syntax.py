"""`/api/v1/format_query` and `/api/v1/parse_query`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success_of
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.query.promql.ast import Expr
from firstlight.query.promql.parser import parse
from firstlight.query.promql.pretty import format_query
from firstlight.query.promql.syntax_json import to_json


def syntax_routes(common: Common, prefix: str, *, experimental: bool) -> Sequence[Route]:
    """Return the routes of the two."""

    def read(question: Question) -> Expr:
        return parse(question.asked.text("query"), experimental=experimental)

    async def in_lines(question: Question) -> Body:
        return success_of(format_query(read(question)))

    async def as_tree(question: Question) -> Body:
        return success_of(to_json(read(question)))

    return [
        route(f"{prefix}/format_query", Endpoint(common, in_lines, GET_OR_POST)),
        route(f"{prefix}/parse_query", Endpoint(common, as_tree, GET_OR_POST)),
    ]
