"""What was computed of a query before it is evaluated, and how it is made what an evaluation from samples gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from firstlight.query.promql.aggregate import aggregate
from firstlight.query.promql.ast import Call, VectorSelector
from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.labels import NAME, measureless, value_of
from firstlight.query.promql.plan import Fetch
from firstlight.query.promql.ranges import one
from firstlight.query.promql.rates import doubt_counters
from firstlight.query.promql.values import Floats, Labels, Samples, Vector
from firstlight.query.promql.vectors import stacked

NAMED = frozenset({"", "last_over_time"})
"""What keeps the names of metrics."""

COUNTING = frozenset({"rate", "increase"})
"""What tells of metrics that are not called like counters."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A selector, or a function of a range, of which the value is known but for some series.

    `vector` has the names that its series have in the store. Of the others there are the samples, for `fetch`.
    """

    node: Call | VectorSelector
    function: str
    vector: Vector
    fetch: Fetch
    rest: Samples


@dataclass(frozen=True, slots=True, eq=False)
class GivenGroups:
    """An aggregation over such a part: of each group sums or extremes, and of how many series they are."""

    inner: Given
    """Without the series that are in the groups; its vector has none."""
    labels: Sequence[Labels]
    floats: Floats
    counts: Floats
    names: Sequence[str]
    """Of the metrics that may be told of."""


def whole(given: Given, evaluated: Callable[[], Vector], context: Context) -> Vector:
    """Return the value of the part; `evaluated` returns that of the series of which there are samples."""
    vector = given.vector
    if given.function in COUNTING:
        doubt_counters((value_of(labels, NAME) for labels in vector.labels), context)
    if given.function not in NAMED:
        vector = replace(vector, labels=shown(vector.labels, given.function))
        if len(set(vector.labels)) < len(vector.labels):
            raise EvaluationFailed("vector cannot contain metrics with the same labelset")
    return one([vector, evaluated()], context.switches) if len(given.rest) else vector


MANY = 2.0**64
"""More series than a sum can have; and no last digit is lost by dividing by it."""


def aggregated(
    given: GivenGroups,
    op: str,
    grouping: Sequence[str],
    without: bool,
    rest: Vector,
    context: Context,
    inner: Context,
) -> Vector:
    """Return the value of the aggregation; `rest` is the part that has to be added, with the context of both."""
    present = given.counts > 0
    if given.inner.function in COUNTING and bool(present.any()):
        doubt_counters(given.names, inner)

    def of(op: str, floats: Floats, others: Floats) -> Vector:
        done = Vector(given.labels, floats, present)
        both = stacked(done, replace(rest, floats=others)) if len(rest) else done
        return aggregate(op, both, None, grouping, without, context)

    ones = np.ones(rest.floats.shape)
    match op:
        case "count":
            return of("sum", given.counts, ones)
        case "avg":
            sums, many = of("sum", given.floats, rest.floats), of("sum", given.counts, ones).floats
            with np.errstate(all="ignore"):
                means = sums.floats / many
                if np.isinf(means).any():  # the sum may be, where the mean is not
                    small = of("sum", given.floats / MANY, rest.floats / MANY).floats
                    means = np.where(np.isinf(means), small / many * MANY, means)
            return replace(sums, floats=means)
        case _:
            return of(op, given.floats, rest.floats)


def is_unambiguous(labels: Sequence[Labels], function: str) -> bool:
    """Return whether series with such labels stay apart when `function` has dropped their names."""
    return function in NAMED or len({measureless(each) for each in labels}) == len(labels)


def shown(labels: Sequence[Labels], function: str) -> Sequence[Labels]:
    """Return the labels that series have after `function`."""
    return labels if function in NAMED else [measureless(each) for each in labels]
