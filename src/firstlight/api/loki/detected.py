"""`detected_labels`, `detected_fields` and their values, `patterns`: what lines turn out to have in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.loki.endpoint import Clock, Endpoint, Question, route, told, told_of
from firstlight.api.loki.field_kinds import Field, fields_of
from firstlight.api.loki.patterns import Patterns, pattern_json
from firstlight.api.loki.queries import Door
from firstlight.api.loki.selectors import log_query, selector
from firstlight.api.loki.shelf import Shelf, Span
from firstlight.query.logql.result import Direction, Streams

ALWAYS: Final = frozenset({"cluster", "namespace", "instance", "pod"})
"""Labels that are told of whatever their values are."""

LINES: Final = 100
"""How many lines are looked at, if that is not said."""

FIELDS: Final = 1_000
MOST_LINES: Final = 5_000

_ID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def detected_routes(
    now_ns: Clock, shelf: Shelf, door: Door, patterns: Patterns, prefix: str, tenant: str
) -> Sequence[Route]:
    """Return the routes of all of them."""

    async def labels(question: Question) -> Body:
        asked = question.asked
        found = await shelf.streams([selector(asked)], Span(*asked.span()))
        return told({"detectedLabels": [*detected_labels(found)]})

    async def looked_at(question: Question) -> Mapping[str, Field]:
        asked = question.asked
        start, end = asked.span()
        text = asked.query()
        log_query(text)
        lines = min(asked.limit(LINES, "line_limit"), MOST_LINES)
        answered = await door.query_range(
            text, start, end, asked.step(start, end), tenant=tenant, limit=lines, direction=Direction.BACKWARD,
            categorize=True,
        )  # fmt: skip
        return fields_of(answered.result) if isinstance(answered.result, Streams) else {}

    async def fields(question: Question) -> Body:
        limit = question.asked.limit(FIELDS)
        found = await looked_at(question)
        some = sorted(found.items())[:limit]
        return told({"fields": [field.as_json(name) for name, field in some], "limit": limit})

    async def values(question: Question) -> Body:
        limit = question.asked.limit(FIELDS)
        found = await looked_at(question)
        field = found.get(question.in_path["name"])
        return told({"values": sorted(field.values)[:limit] if field else [], "limit": limit})

    async def mined(question: Question) -> Body:
        asked = question.asked
        start, end = asked.span()
        found = await patterns.patterns(tenant, selector(asked), start, end, asked.step(start, end))
        return told_of([pattern_json(one) for one in found])

    return [
        route(f"{prefix}/detected_labels", Endpoint(now_ns, labels, GET_OR_POST)),
        route(f"{prefix}/detected_fields", Endpoint(now_ns, fields, GET_OR_POST)),
        route(f"{prefix}/detected_field/{{name}}/values", Endpoint(now_ns, values, GET_OR_POST)),
        route(f"{prefix}/detected_fields/{{name}}/values", Endpoint(now_ns, values, GET_OR_POST)),
        route(f"{prefix}/patterns", Endpoint(now_ns, mined, GET_OR_POST)),
    ]


def detected_labels(streams: Iterable[Mapping[str, str]]) -> Iterable[Mapping[str, object]]:
    """Yield the labels of streams with how many values they have, those left out that are nothing but ids."""
    values: dict[str, set[str]] = defaultdict(set)
    for labels in streams:
        for name, value in labels.items():
            values[name].add(value)
    for name, some in sorted(values.items()):
        if name in ALWAYS or not all(_ID.fullmatch(value) for value in some):
            yield {"label": name, "cardinality": len(some)}
