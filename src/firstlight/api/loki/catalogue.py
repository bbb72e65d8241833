"""What there is: labels, their values, series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.loki.asked import HOUR
from firstlight.api.loki.endpoint import Clock, Endpoint, Question, route, told, told_of
from firstlight.api.loki.selectors import selector, selectors
from firstlight.api.loki.shelf import Shelf, Span

SINCE = 6 * HOUR
"""How far back labels are looked for, if that is not said."""


def catalogue_routes(now_ns: Clock, shelf: Shelf, prefix: str) -> Sequence[Route]:
    """Return the routes of all of them."""

    async def labels(question: Question) -> Body:
        asked = question.asked
        found = await shelf.streams([selector(asked)], Span(*asked.span(SINCE)))
        return _names(name for labels in found for name in labels)

    async def values(question: Question) -> Body:
        asked, name = question.asked, question.in_path["name"]
        found = await shelf.streams([selector(asked)], Span(*asked.span(SINCE)))
        return _names(labels[name] for labels in found if labels.get(name))

    async def series(question: Question) -> Body:
        asked = question.asked
        found = await shelf.streams(selectors(asked), Span(*asked.span(SINCE)))
        return told_of([dict(labels) for labels in found])

    return [
        route(f"{prefix}/labels", Endpoint(now_ns, labels, GET_OR_POST)),
        route(f"{prefix}/label", Endpoint(now_ns, labels, GET_OR_POST)),
        route(f"{prefix}/label/{{name}}/values", Endpoint(now_ns, values, GET_OR_POST)),
        route(f"{prefix}/series", Endpoint(now_ns, series, GET_OR_POST)),
    ]


def _names(found: Iterable[str]) -> Body:
    """Return the answer that lists names; where there are none, Loki says nothing of them."""
    names = sorted(set(found))
    return told_of(names) if names else told({"status": "success"})
