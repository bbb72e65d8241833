"""Native histograms of the protobuf format, as columns that are those of remote write's `Histogram`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

_SPANS: Final = pa.list_(pa.struct({"offset": pa.int32(), "length": pa.uint32()}))
_DELTAS: Final = pa.list_(pa.int64())
_COUNTS: Final = pa.list_(pa.float64())

TYPE: Final = pa.struct(
    {
        "count_int": pa.uint64(),
        "count_float": pa.float64(),
        "sum": pa.float64(),
        "schema": pa.int32(),
        "zero_threshold": pa.float64(),
        "zero_count_int": pa.uint64(),
        "zero_count_float": pa.float64(),
        "negative_spans": _SPANS,
        "negative_deltas": _DELTAS,
        "negative_counts": _COUNTS,
        "positive_spans": _SPANS,
        "positive_deltas": _DELTAS,
        "positive_counts": _COUNTS,
        "reset_hint": pa.int32(),
        "timestamp": pa.int64(),
        "custom_values": _COUNTS,
        "start_timestamp": pa.int64(),
    }
)
"""The type of the columns: either the integers or the floats of a histogram are there."""

GAUGE: Final = 3
"""The hint that a histogram may shrink."""


def is_native(histogram: Any) -> bool:
    """Return whether a histogram has anything that only native ones have."""
    return bool(
        histogram.positive_span
        or histogram.negative_span
        or histogram.zero_threshold > 0
        or histogram.zero_count > 0
        or histogram.zero_count_float > 0
    )


def columns(rows: Sequence[Mapping[str, object]]) -> pa.StructArray | None:
    """Return histograms as columns; None if there is none. `timestamp` and `start_timestamp` are in milliseconds."""
    return pa.array(rows, TYPE) if rows else None


def row(histogram: Any, time: int, start: int, *, gauge: bool) -> dict[str, object]:
    """Return a native histogram as `columns` wants it."""
    floats = histogram.sample_count_float > 0 or histogram.zero_count_float > 0
    return {
        "count_int": None if floats else histogram.sample_count,
        "count_float": histogram.sample_count_float if floats else None,
        "sum": histogram.sample_sum,
        "schema": histogram.schema,
        "zero_threshold": histogram.zero_threshold,
        "zero_count_int": None if floats else histogram.zero_count,
        "zero_count_float": histogram.zero_count_float if floats else None,
        "negative_spans": _spans(histogram.negative_span),
        "negative_deltas": list(histogram.negative_delta),
        "negative_counts": list(histogram.negative_count),
        "positive_spans": _spans(histogram.positive_span),
        "positive_deltas": list(histogram.positive_delta),
        "positive_counts": list(histogram.positive_count),
        "reset_hint": GAUGE if gauge else 0,
        "timestamp": time,
        "custom_values": [],
        "start_timestamp": start,
    }


def _spans(spans: Any) -> list[dict[str, int]]:
    return [{"offset": span.offset, "length": span.length} for span in spans]
