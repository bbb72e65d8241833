"""`/federate`: the latest sample of each series, for another server to scrape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.routing import Route

from firstlight.api.exchange.bodies import MANY, Body
from firstlight.api.prometheus.endpoint import Common, Endpoint, Question, route
from firstlight.api.prometheus.exposition import exposition
from firstlight.api.prometheus.faults import refused_in_text
from firstlight.api.prometheus.latest import latest
from firstlight.api.prometheus.negotiation import form_of
from firstlight.api.prometheus.selectors import MATCH, selector
from firstlight.api.prometheus.shelf import Shelf, Span

INSTANCE: Final = "instance"


def federation_route(
    common: Common, shelf: Shelf, external_labels: Callable[[], Mapping[str, str]], lookback_ms: int
) -> Route:
    """Return the route. What it answers has `external_labels` where it has none of the same name."""

    async def federate(question: Question) -> Body:
        selected = [selector(one) for one in question.asked.texts(MATCH)]
        now, form = question.asked.now_ms, form_of(question.accept)
        found = latest(await shelf.samples(selected, Span(now - lookback_ms, now)))
        # A sample without an instance says so, else it would get that of this server.
        added = sorted({INSTANCE: "", **external_labels()}.items())
        return Body(exposition(found, added, form), form.content_type, large=len(found) >= MANY)

    return route("/federate", Endpoint(common, federate, refuse=refused_in_text))
