"""`sum` and `avg` where some of the samples are native histograms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql import histogram_ops
from firstlight.query.promql.context import Context
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.group_sums import Groups
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops import Note
from firstlight.query.promql.labels import NAME, value_of
from firstlight.query.promql.values import Labels, Mask, Vector
from firstlight.query.promql.vectors import any_of_group


def with_histograms(
    op: str, floats: Vector, value: Vector, odd: Mask, groups: Groups, span: Span, context: Context
) -> Vector:
    """Return `floats`, which is the result for what is no histogram, with that for the histograms, which are at `odd`.

    Where a group has both at a step, it has no result.
    """
    assert value.histograms is not None
    there = any_of_group(odd, groups.numbers, groups.count)
    mixed = there & floats.present
    if bool(mixed.any()):
        context.annotations.warn("encountered a mix of histograms and floats for aggregation", span)
    made = np.full(floats.present.shape, None, dtype=object)
    rows_of = groups.rows()
    for group, step in np.argwhere(there & ~mixed).tolist():
        rows = rows_of[group][odd[rows_of[group], step]]
        labels = [value.labels[row] for row in rows.tolist()]
        made[group, step] = _one(op, value.histograms[rows, step].tolist(), labels, span, context)
    present = (floats.present & ~mixed) | made.astype(np.bool_)
    return replace(floats, present=present, histograms=made)


def _one(
    op: str, histograms: Sequence[Histogram], labels: Sequence[Labels], span: Span, context: Context
) -> Histogram | None:
    try:
        made, notes = (histogram_ops.total if op == "sum" else histogram_ops.mean)(histograms)
    except histogram_ops.Incompatible:
        first = next(place for place, each in enumerate(histograms) if each.is_custom != histograms[0].is_custom)
        context.annotations.warn(
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name "
            + quote(value_of(labels[first], NAME)),
            span,
        )
        return None
    if Note.RESETS_COLLIDE in notes:
        context.annotations.warn("conflicting counter resets during histogram aggregation", span)
    if Note.BOUNDS_RECONCILED in notes:
        context.annotations.info("mismatched custom buckets were reconciled during aggregation", span)
    return made
