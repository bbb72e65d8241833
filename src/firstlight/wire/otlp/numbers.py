"""Gauges and sums: a sample a point."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.model.staleness import STALE
from firstlight.wire.otlp.delta import Accumulator
from firstlight.wire.otlp.intake import Intake
from firstlight.wire.otlp.points import Points
from firstlight.wire.otlp.series import Unfit

NO_VALUE = "no value"


def take_numbers(points: Points, intake: Intake, totals: Accumulator[float]) -> None:
    """Take gauges and sums; delta sums are added up in `totals`."""
    integers = points.columns.field("as_int").cast(pa.float64(), safe=False)
    values = pc.coalesce(points.columns.field("as_double"), integers)
    stale = points.stale
    points.sieve.refuse(NO_VALUE, values.is_null().to_numpy(zero_copy_only=False) & ~stale)
    value = np.where(stale, STALE, pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False))
    found = intake.series_of(points)
    start = points.start.copy()
    for row in points.deltas():
        try:
            start[row], value[row] = totals.add(
                int(found[row]), int(points.start[row]), int(points.time[row]), float(value[row])
            )
        except Unfit as reason:
            points.sieve.refuse_row(str(reason), row)
    intake.note_series(points, found)
    kept = points.sieve.rows
    intake.add_samples(found[kept], points.time[kept], start[kept], value[kept])
    intake.add_exemplars(points, lambda row, _: int(found[row]))
