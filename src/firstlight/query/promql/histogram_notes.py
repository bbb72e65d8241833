"""The annotations that operations on histograms lead to, worded as in Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from firstlight.errors import Span
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.histogram_ops import Note

Operation = Literal["addition", "subtraction", "aggregation"]


def tell(notes: Iterable[Note], operation: Operation, metric: str, annotations: Annotations, at: Span) -> None:
    """Tell what `notes` say of an operation on histograms of `metric`.

    What two operands of a binary operator cannot have in common is worded elsewhere: here a mix is one of a series.
    """
    for note in notes:
        match note:
            case Note.RESETS_COLLIDE:
                annotations.warn(f"conflicting counter resets during histogram {operation}", at)
            case Note.BOUNDS_RECONCILED:
                annotations.info(f"mismatched custom buckets were reconciled during {operation}", at)
            case Note.RECONCILED_IN_SUM:
                annotations.info("mismatched custom buckets were reconciled during addition", at)
            case Note.NOT_COUNTER:
                annotations.warn(f"this native histogram metric is not a counter: {quote(metric)}", at)
            case Note.NOT_GAUGE:
                annotations.warn(f"this native histogram metric is not a gauge: {quote(metric)}", at)
            case Note.MIXED_SCHEMAS:
                text = "vector contains a mix of histograms with exponential and custom buckets schemas"
                annotations.warn(f"{text} for metric name {quote(metric)}", at)
            case Note.MIXED_FLOATS:
                annotations.warn(f"encountered a mix of histograms and floats for metric name {quote(metric)}", at)
