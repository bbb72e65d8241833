"""What a query needs from the store: samples, or where that is cheaper values that the engine computes from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from firstlight.query.metrics.grids import FUNCTIONS
from firstlight.query.metrics.group_grids import OPERATIONS
from firstlight.query.metrics.series import Found
from firstlight.query.metrics.source import Source, is_worthwhile
from firstlight.query.metrics.together import together
from firstlight.query.promql.aggregate import group_labels
from firstlight.query.promql.ast import Aggregate, Expr
from firstlight.query.promql.given import COUNTING, Given, GivenGroups, is_unambiguous, shown
from firstlight.query.promql.labels import NAME, numbered, value_of
from firstlight.query.promql.plan import Fetch, plan
from firstlight.query.promql.pushes import Push, pushes
from firstlight.query.promql.rates import is_called_a_counter
from firstlight.query.promql.run import Options, Prepared
from firstlight.query.promql.values import Labels, Samples, Times
from firstlight.query.promql.vectors import empty

Values: TypeAlias = Mapping[Expr, Given | GivenGroups]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """The samples that were read, and the parts of the query that were computed without."""

    fetched: Mapping[Fetch, Samples]
    given: Values
    samples: int
    """How many samples were read, or looked at by the engine, as far as that is known."""


async def read(source: Source, tenant: str, query: Prepared, options: Options) -> Read:
    """Return what `query` needs. Raise QueryFailed, BadRegex or EvaluationFailed."""
    chosen = await _chosen(source, tenant, query, options)
    if not chosen:
        return _read(await source.fetch(tenant, query.fetches, starts=options.switches.start_timestamps), {})
    rest = _rest(query, options, (push.aggregate or push.node for push, _ in chosen))
    given: dict[Expr, Given | GivenGroups] = {}
    fetched: dict[Fetch, Samples] = {}

    async def compute() -> None:
        given.update(await _computed(source, tenant, chosen))

    async def fetch() -> None:
        fetched.update(await source.fetch(tenant, rest))

    await together((compute(), fetch()))
    missing = [each for each in _rest(query, options, given) if each not in fetched]
    fetched.update(await source.fetch(tenant, missing))
    return _read(fetched, given)


def size_of(value: Given | GivenGroups) -> int:
    """Return how many values a part has that was computed."""
    return value.floats.size if isinstance(value, GivenGroups) else value.vector.floats.size


async def _computed(source: Source, tenant: str, chosen: Sequence[tuple[Push, Found]]) -> Values:
    """Return the values of the parts that the engine can compute; equal parts are computed but once."""
    parts = {_part(push): (push, found) for push, found in chosen}
    values = await together(_compute(source, tenant, push, found) for push, found in parts.values())
    of_part = dict(zip(parts, values, strict=True))
    given: dict[Expr, Given | GivenGroups] = {}
    for push, _ in chosen:
        value = of_part[_part(push)]
        if isinstance(value, Given):
            given[push.node] = replace(value, node=push.node)
        elif value is not None and push.aggregate is not None:
            given[push.aggregate] = replace(value, inner=replace(value.inner, node=push.node))
    return given


def _read(fetched: Mapping[Fetch, Samples], given: Values) -> Read:
    rests = [(value.inner if isinstance(value, GivenGroups) else value).rest for value in given.values()]
    return Read(fetched, given, sum(len(samples.ts) for samples in (*fetched.values(), *rests)))


async def _chosen(source: Source, tenant: str, query: Prepared, options: Options) -> list[tuple[Push, Found]]:
    """Return the parts that the engine computes faster than they are read."""
    if options.switches.start_timestamps or options.switches.delayed_name_removal:
        return []
    parts = pushes(query.expr, query.steps, options.defaults, FUNCTIONS, OPERATIONS)
    found = await together(source.find(tenant, push.fetch.matchers, push.fetch.start, push.fetch.end) for push in parts)
    return [
        (push, series)
        for push, series in zip(parts, found, strict=True)
        if is_worthwhile(series, push.fetch.start, push.fetch.end)
    ]


def _part(push: Push) -> tuple[object, ...]:
    """Return what two parts have in common that have the same value, wherever they stand."""
    grouped = push.aggregate
    shape = None if grouped is None else (grouped.op, grouped.grouping, grouped.without)
    return (push.function, push.window, push.steps, push.fetch, shape)


def _rest(query: Prepared, options: Options, given: Iterable[Expr]) -> tuple[Fetch, ...]:
    return plan(query.expr, query.steps, options.defaults, frozenset(given))


async def _compute(source: Source, tenant: str, push: Push, found: Found) -> Given | GivenGroups | None:
    function, window, steps = push.function, push.window, push.steps
    if push.aggregate is not None and (names := _named(push, found)) is not None:
        groups, labels = _groups(push.aggregate, shown(found.labels, function))
        of_groups = await source.group_grid(
            tenant, found, function, window, steps, op=push.aggregate.op, groups=groups, count=len(labels)
        )
        if of_groups is None:
            return None
        # The sum may be too large for a float where the mean is not.
        if push.aggregate.op != "avg" or bool(np.isfinite(of_groups.floats).all()):
            rest = await _samples(source, tenant, push, found, of_groups.undone)
            inner = Given(push.node, function, empty(steps.count), push.fetch, rest)
            return GivenGroups(inner, labels, of_groups.floats, of_groups.counts.astype(np.float64), names)
    grid = await source.grid(tenant, found, function, window, steps)
    if grid is None:
        return None
    rest = await _samples(source, tenant, push, found, grid.undone)
    return Given(push.node, function, grid.vector, push.fetch, rest)


def _named(push: Push, found: Found) -> list[str] | None:
    """Return the metrics that there may be something to tell of; None if it takes the grid of each series to know."""
    if not is_unambiguous(found.labels, push.function):
        return None
    if push.function not in COUNTING:
        return []
    names = list(dict.fromkeys(value_of(labels, NAME) for labels in found.labels))
    return names if len(names) < 2 or all(map(is_called_a_counter, names)) else None


def _groups(aggregate: Aggregate, labels: Sequence[Labels]) -> tuple[Times, list[Labels]]:
    return numbered(group_labels(each, aggregate.grouping, aggregate.without) for each in labels)


async def _samples(source: Source, tenant: str, push: Push, found: Found, rows: Times) -> Samples:
    return await source.read(tenant, found.take(rows), push.fetch.start, push.fetch.end)
