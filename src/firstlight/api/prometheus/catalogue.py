"""What there is: series, labels, their values, metadata, exemplars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import orjson
from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, success, success_of, success_of_list
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.prometheus.asked import MAX_TIME, MIN_TIME, Asked, BadParameter, read_time
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.faults import NoSelector, told
from firstlight.api.prometheus.names import unescaped
from firstlight.api.prometheus.numbers import second
from firstlight.api.prometheus.selectors import MATCH, BadSelector, selectors, selectors_of
from firstlight.api.prometheus.shelf import Shelf, Span
from firstlight.errors import QueryError
from firstlight.http.errors import RequestError
from firstlight.model.regex import is_utf8
from firstlight.query.metrics.exemplars import Exemplar, SeriesExemplars
from firstlight.query.promql.go_numbers import answer_text
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.parser import parse

EARLIEST: Final = read_time(MIN_TIME) or 0
LATEST: Final = read_time(MAX_TIME) or 0


def catalogue_routes(common: Common, shelf: Shelf, prefix: str, *, experimental: bool) -> Sequence[Route]:
    """Return the routes of all of them."""

    async def series(question: Question) -> Body:
        asked = question.asked
        if not asked.texts(MATCH):
            raise NoSelector
        limit, span = asked.limit(), _span(asked)
        try:
            wanted = selectors(asked)
        except BadSelector as error:
            raise BadParameter(MATCH, error) from None
        found = await shelf.series(wanted, span, limit)
        return success_of_list(found.items, dict, cut=found.cut)

    async def labels(question: Question) -> Body:
        asked = question.asked
        limit, span = asked.limit(), _span(asked)
        found = await shelf.label_names(selectors(asked), span, limit)
        return success_of_list(found.items, str, cut=found.cut)

    async def values(question: Question) -> Body:
        asked, name = question.asked, unescaped(question.in_path["name"])
        if not name or not is_utf8(name):
            raise RequestError(f"invalid label name: {quote(name)}")
        limit, span = asked.limit(), _span(asked)
        found = await shelf.label_values(name, selectors(asked), span, limit)
        return success_of_list(found.items, str, cut=found.cut)

    async def metadata(question: Question) -> Body:
        asked = question.asked
        limit, per_metric = asked.integer("limit", -1), asked.integer("limit_per_metric", -1)
        if limit == 0:
            return success_of({})
        found = await shelf.meanings(
            asked.text("metric"), Span(EARLIEST, LATEST), limit=max(limit, 0), per_metric=max(per_metric, 0)
        )
        return success_of(
            {
                metric: [{"type": one.type, "help": one.help, "unit": one.unit} for one in meanings]
                for metric, meanings in found.items()
            }
        )

    async def exemplars(question: Question) -> Body | None:
        asked = question.asked
        span = _span(asked)
        if span.end < span.start:
            raise RequestError("end timestamp must not be before start timestamp")
        try:
            found = selectors_of(parse(asked.text("query"), experimental=experimental))
        except QueryError as error:
            raise RequestError(told(error)) from None
        if not found:
            return None
        return success(_exemplars(await shelf.exemplars(found, span)))

    return [
        route(f"{prefix}/series", Endpoint(common, series, GET_OR_POST)),
        route(f"{prefix}/labels", Endpoint(common, labels, GET_OR_POST)),
        route(f"{prefix}/label/{{name}}/values", Endpoint(common, values)),
        route(f"{prefix}/metadata", Endpoint(common, metadata)),
        route(f"{prefix}/query_exemplars", Endpoint(common, exemplars, GET_OR_POST)),
    ]


def _span(asked: Asked) -> Span:
    return Span(*asked.span(earliest=EARLIEST, latest=LATEST))


def _exemplars(found: Iterable[SeriesExemplars]) -> Iterable[bytes]:
    """Yield exemplars as JSON, the times as exactly as samples have them."""
    mark = b"["
    for one in found:
        exemplars = b",".join(map(_exemplar, one.exemplars))
        yield mark + b'{"seriesLabels":' + orjson.dumps(dict(one.series)) + b',"exemplars":[' + exemplars + b"]}"
        mark = b","
    yield b"]" if mark == b"," else b"[]"


def _exemplar(one: Exemplar) -> bytes:
    labels, value = orjson.dumps(dict(one.labels)), answer_text(one.value).encode()
    return b'{"labels":' + labels + b',"value":"' + value + b'","timestamp":' + second(one.ts) + b"}"
