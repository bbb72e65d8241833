"""Aggregations that the engine computes over its own grids: one row for each group of series, instead of each series.

Of each group come sums, or extremes, and how many series they are of, so that what could not be computed can be added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.staleness import STALE_BITS
from firstlight.query.metrics.conditions import Condition
from firstlight.query.metrics.extent import listed, rows_of
from firstlight.query.metrics.grids import INSTANT, Gridder, grid_of
from firstlight.query.metrics.series import Found
from firstlight.query.promql.values import Floats, Steps, Times

OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sum": "sumKahan",
        "avg": "sumKahan",
        "min": "min",
        "max": "max",
        "count": "",
        "group": "",
    }
)
"""What the engine aggregates, and as what; how many there are is counted anyhow."""

LARGE: Final = 1e15
"""Larger values are added up by us: their sums may be infinite, and small ones beside them lose what they have."""

_JOIN: Final[Mapping[str, np.ufunc]] = MappingProxyType({"sumKahan": np.add, "min": np.fmin, "max": np.fmax})
_EMPTY: Final[Mapping[str, float]] = MappingProxyType({"sumKahan": 0.0, "min": np.nan, "max": np.nan})


@dataclass(frozen=True, slots=True, eq=False)
class GroupGrid:
    """Sums or extremes of each group at each step, of how many series they are, and the series that are not in them."""

    floats: Floats
    counts: Times
    undone: Times


async def group_grid(
    gridder: Gridder,
    tenant: str,
    found: Found,
    function: str,
    window_ms: int,
    steps: Steps,
    *,
    op: str,
    groups: Times,
    count: int,
) -> GroupGrid:
    """Return what `op` makes of `function` for each of `count` groups; `groups` says to which each series belongs.

    Of an average the sum is returned. What is not finite, or too large for a sum, is left undone. Raise QueryFailed.
    """
    fold = OPERATIONS[op]
    floats = np.full((count, steps.count), _EMPTY.get(fold, 0.0))
    counts = np.zeros((count, steps.count), np.int64)
    undone = [np.zeros(0, np.int64)]

    async def batch(first: int, part: Found, condition: Condition) -> None:
        places = groups[first : first + len(part)] + 1
        parameters = {**condition.parameters, "members": listed(part.ids), "places": listed(places)}
        answer = await gridder.ask(_sql(condition, function, fold), parameters, steps, window_ms)
        if not answer.num_rows:
            return
        there = answer.column("place").to_numpy().astype(np.int64) - 1
        ids = pa.concat_arrays(answer.column("undone").chunks).flatten().to_numpy()
        rows, known = rows_of(ids, part)
        undone.append(rows[known] + first)
        amounts = answer.column("amounts")
        some = (there >= 0) & (pa.compute.list_value_length(amounts).to_numpy() > 0)
        there = there[some]
        counts[there] += _matrix(answer, "amounts", some, steps.count).astype(np.int64)
        if fold:
            join = _JOIN[fold]
            values = _matrix(answer, "totals", some, steps.count)
            with np.errstate(all="ignore"):
                floats[there] = join(floats[there], np.where(np.isnan(values), _EMPTY[fold], values))

    await gridder.in_batches(tenant, found, window_ms, steps, batch)
    return GroupGrid(floats, counts, np.sort(np.concatenate(undone)))


def _sql(condition: Condition, function: str, fold: str) -> str:
    tame = f"abs(x) < {LARGE}" if fold == "sumKahan" else "isFinite(x)"
    wild = f"arrayExists(x -> NOT {tame}, grid)"
    values = "grid"
    if function == INSTANT:
        marked = f"reinterpretAsUInt64(assumeNotNull(x)) = {int(STALE_BITS)}"
        wild = f"arrayExists(x -> NOT {tame} AND NOT {marked}, grid)"
        values = f"arrayMap(x -> if({marked}, NULL, x), grid)"
    totals = f"{fold}ForEachIf(filled, NOT skipped) AS totals, " if fold else ""
    return (
        f"SELECT place, {totals}countForEachIf(filled, NOT skipped) AS amounts,"
        " groupArrayIf(series_id, skipped) AS undone FROM"
        " (SELECT series_id,"
        " transform(series_id, {members:Array(UInt64)}, {places:Array(UInt32)}, toUInt32(0)) AS place,"
        f" odd OR {wild} AS skipped, {values} AS filled FROM ({grid_of(condition, function)})) GROUP BY place"
    )


def _matrix(answer: pa.Table, column: str, some: npt.NDArray[np.bool_], steps: int) -> Floats:
    lists = answer.column(column).filter(pa.array(some))
    if not len(lists):
        return np.zeros((0, steps))
    values = pa.concat_arrays(lists.chunks).flatten().cast(pa.float64())
    floats: Floats = values.fill_null(np.nan).to_numpy(zero_copy_only=False).reshape(-1, steps)
    return floats
