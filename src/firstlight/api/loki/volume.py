"""`/loki/api/v1/index/stats`, `/index/volume`, `/index/volume_range`: how much there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from starlette.routing import Route

from firstlight.api.exchange.bodies import Body
from firstlight.api.exchange.questions import GET_OR_POST
from firstlight.api.loki.endpoint import Clock, Endpoint, Question, route, told, told_of
from firstlight.api.loki.render import number, second
from firstlight.api.loki.selectors import Matchers, selector
from firstlight.api.loki.shelf import Held, Shelf, Span
from firstlight.http.errors import RequestError

SERIES, LABELS = "series", "labels"
MILLISECOND: Final = 10**6

Named = tuple[tuple[str, str], ...]


def volume_routes(now_ns: Clock, shelf: Shelf, prefix: str) -> Sequence[Route]:
    """Return the routes of all of them."""

    async def stats(question: Question) -> Body:
        span = Span(*question.asked.span())
        found = await shelf.held(selector(question.asked), span)
        return told(
            {
                "streams": len({tuple(sorted(one.labels.items())) for one in found}),
                "chunks": len(found),
                "bytes": sum(one.bytes for one in found),
                "entries": sum(one.entries for one in found),
            }
        )

    async def volume(question: Question) -> Body:
        span = Span(*question.asked.span())
        found = await _volumes(question, shelf, span)
        result = [
            {"metric": dict(name), "value": _value(span.end, sum(sizes.values()))} for name, sizes in found.items()
        ]
        return told_of({"resultType": "vector", "result": result})

    async def volume_range(question: Question) -> Body:
        span = Span(*question.asked.span())
        step = question.asked.step(span.start, span.end)
        found = await _volumes(question, shelf, span, step)
        result = [
            {
                "metric": dict(name),
                # Each stands at the last millisecond of its step.
                "values": [
                    _value(span.start + (place + 1) * step - MILLISECOND, size) for place, size in sorted(sizes.items())
                ],
            }
            for name, sizes in found.items()
        ]
        return told_of({"resultType": "matrix", "result": result})

    return [
        route(f"{prefix}/index/stats", Endpoint(now_ns, stats, GET_OR_POST)),
        route(f"{prefix}/index/volume", Endpoint(now_ns, volume, GET_OR_POST)),
        route(f"{prefix}/index/volume_range", Endpoint(now_ns, volume_range, GET_OR_POST)),
    ]


async def _volumes(question: Question, shelf: Shelf, span: Span, step_ns: int = 0) -> Mapping[Named, dict[int, int]]:
    """Return the bytes of each series or label, by step; the largest first, and of them as many as are wanted."""
    asked = question.asked
    limit = asked.limit()
    by = asked.text("aggregateBy") or SERIES
    if by not in (SERIES, LABELS):
        raise RequestError("invalid aggregation option")
    matchers = selector(asked)
    found = grouped(await shelf.held(matchers, span, step_ns=step_ns), matchers, asked.words("targetLabels"), by)
    ordered = sorted(found.items(), key=lambda one: (-sum(one[1].values()), one[0]))
    return dict(ordered[:limit])


def grouped(
    held: Iterable[Held], matchers: Matchers, targets: Sequence[str], by: str
) -> Mapping[Named, dict[int, int]]:
    """Return the bytes of each group of streams, by step.

    Series are told apart by the target labels, else by those that the selector names, else by all that they have.
    """
    named = list(targets) or [matcher.label for matcher in matchers]
    found: dict[Named, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in held:
        if by == LABELS:
            names = [name for name in targets if name in one.labels] if targets else list(one.labels)
            groups: list[Named] = [((name, ""),) for name in names]
        else:
            shown = [name for name in named if name in one.labels] if named else list(one.labels)
            groups = [tuple(sorted((name, one.labels[name]) for name in set(shown)))]
        for group in groups:
            found[group][one.step] += one.bytes
    return found


def _value(time_ns: int, size: int) -> list[Any]:
    return [orjson.Fragment(second(time_ns)), number(size).decode()]
