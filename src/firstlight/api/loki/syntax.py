"""`/loki/api/v1/format_query`."""

from __future__ import annotations

import orjson
from starlette.routing import Route

from firstlight.api.exchange.bodies import Body
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.loki.endpoint import JSON, Clock, Endpoint, Question, route, told_of
from firstlight.api.loki.faults import ApiFault, loki_words
from firstlight.errors import QueryError
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pretty import pretty


def syntax_route(now_ns: Clock, prefix: str) -> Route:
    """Return the route of queries in their best form."""

    async def formatted(question: Question) -> Body:
        try:
            return told_of(pretty(parse(question.asked.query())))
        except QueryError as error:  # of all its endpoints, it is only here that Loki tells of it as JSON
            raise ApiFault(400, _told(loki_words(error)), JSON) from None

    return route(f"{prefix}/format_query", Endpoint(now_ns, formatted, GET_OR_POST))


def _told(words: str) -> str:
    return orjson.dumps({"status": "invalid-query", "error": words}).decode()
