"""Lines counted by the engine: aggregations that need no more of a line than that it is there, and how long it is."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.logql.ast import Grouping, RangeOp
from firstlight.query.logql.evaluate_faults import too_many_series
from firstlight.query.logql.lines import Times
from firstlight.query.logql.pipeline import compile_stages
from firstlight.query.logql.ranges import SECOND, shown
from firstlight.query.logql.samples_keys import Keys
from firstlight.query.logql.sql_windows import Buckets
from firstlight.query.promql.values import Floats, Vector

MOST_CELLS: Final = 6_000_000
"""How many values of series at steps one aggregation may have."""

BYTES: Final = frozenset({RangeOp.BYTES_OVER_TIME, RangeOp.BYTES_RATE})
_RATES: Final = frozenset({RangeOp.RATE, RangeOp.BYTES_RATE})


def grid_of(rows: pa.Table, op: RangeOp, keys: Keys, grouping: Grouping | None, max_series: int) -> Vector:
    """Return the aggregation `op` of lines that were counted by `keys`. Raise LogqlFailed."""
    lines, bucket = keys.lines(rows)
    samples = compile_stages((), grouping=grouping).samples(lines)
    count, buckets = len(samples.labels), keys.buckets
    if count * buckets.size > MOST_CELLS:
        raise too_many_series(max_series)
    places = samples.labels_of.astype(np.int64) * buckets.size + bucket
    present = _summed(places, rows.column("lines").to_numpy(), count, buckets)
    values = present if op not in BYTES else _summed(places, rows.column("bytes").to_numpy(), count, buckets)
    if op in _RATES:
        values = values / (buckets.span / SECOND)
    return shown(Vector(list(samples.labels), values, present > 0))


def _summed(places: Times, values: Times, count: int, buckets: Buckets) -> Floats:
    cells = np.bincount(places, weights=values.astype(np.float64), minlength=count * buckets.size)
    return buckets.sums(cells.astype(np.float64).reshape(count, buckets.size))
