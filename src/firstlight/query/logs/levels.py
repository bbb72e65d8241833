"""How many lines of each level there are over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from firstlight.query.logql.ast import Grouping, LogQuery, LogRange, RangeAggregate, RangeOp, VectorAggregate, VectorOp
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.lines import Times
from firstlight.query.logql.result import Matrix
from firstlight.query.logql.sql_fields import LEVEL, LEVELS

UNKNOWN: Final = LEVELS[0]


@dataclass(frozen=True, slots=True, eq=False)
class LevelCounts:
    """How many lines of a level begin in each step of a range of time."""

    level: str
    counts: Times


async def level_histogram(
    door: LogqlDoor, query: LogQuery, start_ns: int, end_ns: int, step_ns: int, *, tenant: str
) -> Sequence[LevelCounts]:
    """Return the counts of the lines of `query` by level, the gravest last, those without lines left out.

    A step is from its beginning to before the next; the last one may end after `end_ns`. Raise as the door does.
    """
    steps = max(1, -(-(end_ns - start_ns) // step_ns))
    # A window ends with its last nanosecond: what stands at the beginning of the next step is not in it.
    first = start_ns + step_ns - 1
    answered = await door.query_range(
        _counted(query, step_ns),
        first,
        first + (steps - 1) * step_ns,
        step_ns,
        tenant=tenant,
    )
    assert isinstance(answered.result, Matrix)  # a range query of a vector is one
    found = []
    for series in answered.result.series:
        counts = np.zeros(steps, np.int64)
        counts[(series.times - first) // step_ns] = series.values.astype(np.int64)
        found.append(LevelCounts(dict(series.labels).get(LEVEL, UNKNOWN), counts))
    return sorted(found, key=lambda one: (_rank(one.level), one.level))


def _counted(query: LogQuery, step_ns: int) -> VectorAggregate:
    span = query.span
    lines = RangeAggregate(op=RangeOp.COUNT_OVER_TIME, range=LogRange(query=query, range=step_ns, span=span), span=span)
    return VectorAggregate(
        op=VectorOp.SUM, expr=lines, grouping=Grouping(without=False, labels=(LEVEL,), span=span), span=span
    )


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
