"""Native histograms from and to the Arrow columns in which they are stored (`model.tables.HISTOGRAMS`).

The store counts exponential buckets as OpenTelemetry does: its bucket i begins at 2**(i * 2**-scale), and is bucket
i + 1 of Prometheus. Custom buckets begin with 0 in both. `reset_hint` is a column that may be missing: nothing is known
of resets then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.tables import CUSTOM_BOUNDS, HISTOGRAMS
from firstlight.query.promql.histogram import MAX_SCHEMA, Buckets, Hint, Histogram
from firstlight.query.promql.histogram_ops.layout import to_schema
from firstlight.query.promql.values import Floats, Objects

HINT: Final = "reset_hint"
"""The column with the number of a `Hint`."""

COLUMNS: Final = (
    "count",
    "sum",
    "scale",
    "zero_threshold",
    "zero_count",
    "positive_offset",
    "positive_counts",
    "negative_offset",
    "negative_counts",
    "bounds",
)
"""What is needed of the columns of `HISTOGRAMS`; `HINT` besides, if it is there."""

_HINTS: Final = tuple(Hint)


def from_columns(table: pa.Table) -> Objects:
    """Return a histogram for each row, at the finest resolution that PromQL knows or what is stored if that is less."""
    lists = [_lists(table, name) for name in ("positive_counts", "negative_counts", "bounds")]
    numbers = [table.column(name).to_numpy().tolist() for name in COLUMNS if not name.endswith(("counts", "bounds"))]
    hints = table.column(HINT).to_numpy().tolist() if HINT in table.column_names else [0] * len(table)
    found = np.empty(len(table), dtype=object)
    for row, (count, total, scale, threshold, zero, positive, negative, hint) in enumerate(
        zip(*numbers, hints, strict=True)
    ):
        above, below, bounds = (values[starts[row] : starts[row + 1]] for values, starts in lists)
        custom = scale == CUSTOM_BOUNDS
        h = Histogram(
            schema=scale,
            count=count,
            sum=total,
            zero_threshold=threshold,
            zero_count=zero,
            positive=Buckets(positive if custom else positive + 1, above),
            negative=Buckets(negative if custom else negative + 1, below),
            custom_bounds=tuple(bounds.tolist()) if custom else (),
            hint=_HINTS[hint],
        )
        found[row] = to_schema(h, MAX_SCHEMA) if scale > MAX_SCHEMA else h
    return found


def _lists(table: pa.Table, name: str) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the values of all lists of a column, and where each row's begin, and the last one ends."""
    column = table.column(name).combine_chunks()
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return column.flatten().to_numpy(zero_copy_only=False).astype(np.float64, copy=False), starts


def to_columns(histograms: Sequence[Histogram]) -> dict[str, pa.Array]:
    """Return the columns `COLUMNS` and `HINT` of the histograms, a row each."""
    values: dict[str, list[object]] = {
        "count": [h.count for h in histograms],
        "sum": [h.sum for h in histograms],
        "scale": [h.schema for h in histograms],
        "zero_threshold": [h.zero_threshold for h in histograms],
        "zero_count": [h.zero_count for h in histograms],
        "positive_offset": [h.positive.offset - (not h.is_custom) for h in histograms],
        "positive_counts": [h.positive.counts for h in histograms],
        "negative_offset": [h.negative.offset - (not h.is_custom) for h in histograms],
        "negative_counts": [h.negative.counts for h in histograms],
        "bounds": [list(h.custom_bounds) for h in histograms],
    }
    columns = {name: pa.array(column, HISTOGRAMS.field(name).type) for name, column in values.items()}
    return {**columns, HINT: pa.array([int(h.hint) for h in histograms], pa.uint8())}
