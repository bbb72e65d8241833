"""What a query needs from the store: samples, or where that is cheaper values that the engine computes from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from firstlight.query.promql.values import Samples, Times
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
    parts = {_part(push): (push, found) for push, found in chosen}
    rest = _rest(query, options, (_node(push) for push, _ in chosen))

    async def computed() -> Values:
        values = await together(_compute(source, tenant, push, found) for push, found in parts.values())
        of_part = dict(zip(parts, values, strict=True))
        return {_node(push): _placed(value, push) for push, _ in chosen if (value := of_part[_part(push)]) is not None}

    given, fetched = {}, {}

    async def compute() -> None:
        given.update(await computed())

    async def fetch() -> None:
        fetched.update(await source.fetch(tenant, rest))

    await together((compute(), fetch()))
    if len(given) < len(chosen):
        missing = [each for each in _rest(query, options, given) if each not in fetched]
        fetched.update(await source.fetch(tenant, missing))
    return _read(fetched, given)


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
        if is_worthwhile(series, push.fetch.start, push.fetch.end, grouped=push.aggregate is not None)
    ]


def _node(push: Push) -> Expr:
    return push.aggregate or push.node


def _part(push: Push) -> tuple[object, ...]:
    """Return what two parts have in common that have the same value, wherever they stand."""
    grouped = push.aggregate
    shape = None if grouped is None else (grouped.op, grouped.grouping, grouped.without)
    return (push.function, push.window, push.steps, push.fetch, shape)


def _placed(value: Given | GivenGroups, push: Push) -> Given | GivenGroups:
    """Return a value as that of the part, equal to another, that stands where `push` says."""
    if isinstance(value, Given):
        return Given(push.node, value.function, value.vector, value.fetch, value.rest)
    inner = Given(push.node, value.inner.function, value.inner.vector, value.inner.fetch, value.inner.rest)
    return GivenGroups(inner, value.labels, value.floats, value.counts, value.names)


def _rest(query: Prepared, options: Options, given: Iterable[Expr]) -> tuple[Fetch, ...]:
    return plan(query.expr, query.steps, options.defaults, frozenset(given))


async def _compute(source: Source, tenant: str, push: Push, found: Found) -> Given | GivenGroups | None:
    if push.aggregate is not None and (value := await _grouped(source, tenant, push, push.aggregate, found)):
        return value
    grid = await source.grid(tenant, found, push.function, push.window, push.steps)
    if grid is None:
        return None
    return Given(
        push.node, push.function, grid.vector, push.fetch, await _samples(source, tenant, push, found, grid.undone)
    )


async def _grouped(source: Source, tenant: str, push: Push, aggregate: Aggregate, found: Found) -> GivenGroups | None:
    names: list[str] = []
    if push.function in COUNTING:
        names = list(dict.fromkeys(value_of(labels, NAME) for labels in found.labels))
        # Of several it would have to be known which have a value at all.
        if len(names) > 1 and not all(map(is_called_a_counter, names)):
            return None
    if not is_unambiguous(found.labels, push.function):
        return None
    groups, labels = numbered(
        group_labels(each, aggregate.grouping, aggregate.without) for each in shown(found.labels, push.function)
    )
    grid = await source.group_grid(
        tenant, found, push.function, push.window, push.steps, op=aggregate.op, groups=groups, count=len(labels)
    )
    if grid is None or (aggregate.op == "avg" and not bool(np.isfinite(grid.floats).all())):
        return None
    rest = await _samples(source, tenant, push, found, grid.undone)
    inner = Given(push.node, push.function, empty(push.steps.count), push.fetch, rest)
    return GivenGroups(inner, labels, grid.floats, grid.counts.astype(np.float64), names)


async def _samples(source: Source, tenant: str, push: Push, found: Found, rows: Times) -> Samples:
    return await source.read(tenant, found.take(rows), push.fetch.start, push.fetch.end)
