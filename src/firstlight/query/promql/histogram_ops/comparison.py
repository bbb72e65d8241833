"""Whether two histograms are the same, and whether a counter began anew between them."""

from __future__ import annotations

import numpy as np

from firstlight.query.promql.histogram import Buckets, Hint, Histogram
from firstlight.query.promql.histogram_ops.layout import (
    common_bounds,
    edges,
    stripped,
    to_bounds,
    to_schema,
    to_zero_threshold,
)


def equals(left: Histogram, right: Histogram) -> bool:
    """Return whether both hold the same, to the bit, hints aside; buckets that are empty do not count."""
    numbers = np.array([[h.count, h.sum, h.zero_count] for h in (left, right)])
    return (
        left.schema == right.schema
        and left.zero_threshold == right.zero_threshold
        and left.custom_bounds == right.custom_bounds
        and bool((numbers[0].view(np.uint64) == numbers[1].view(np.uint64)).all())
        and _same(left.positive, right.positive)
        and _same(left.negative, right.negative)
    )


def _same(left: Buckets, right: Buckets) -> bool:
    left, right = stripped(left), stripped(right)
    return left.offset == right.offset and np.array_equal(left.counts, right.counts, equal_nan=True)


def detect_reset(h: Histogram, previous: Histogram) -> bool:
    """Return whether the counters of a series were reset between `previous` and `h`.

    The hint of `h` decides if it says so. Else a reset is what makes any count smaller, what makes the resolution
    finer, or what moves the zero threshold in a way that merging buckets cannot explain.
    """
    if h.hint in (Hint.RESET, Hint.NOT_RESET):
        return h.hint == Hint.RESET
    if h.count < previous.count:
        return True
    if h.is_custom or previous.is_custom:
        return _custom_reset(h, previous)
    if h.schema > previous.schema or h.zero_threshold < previous.zero_threshold:
        return True
    widened = to_zero_threshold(previous, h.zero_threshold)
    if widened.zero_threshold != h.zero_threshold or h.zero_count < widened.zero_count:
        return True
    before = to_schema(previous, h.schema)
    sides = ((h.positive, before.positive), (h.negative, before.negative))
    return any(_shrank(_beyond_zero(h, now), _beyond_zero(h, then)) for now, then in sides)


def _beyond_zero(h: Histogram, buckets: Buckets) -> Buckets:
    """Return `buckets`, of the schema of `h`, that reach beyond its zero threshold."""
    inside = int((edges(h, buckets)[1:] <= h.zero_threshold).sum()) if h.zero_threshold > 0 else 0
    return Buckets(buckets.offset + inside, buckets.counts[inside:]) if inside else buckets


def _custom_reset(h: Histogram, previous: Histogram) -> bool:
    if not (h.is_custom and previous.is_custom):
        return True
    common = common_bounds([h, previous])
    return _shrank(to_bounds(h, common).positive, to_bounds(previous, common).positive)


def _shrank(now: Buckets, before: Buckets) -> bool:
    # A populated bucket of before that is not there now shrank, even if what it held is less than nothing.
    within = now.over(before.offset, before.end)
    outside = np.arange(before.offset, before.end)
    missing = (outside < now.offset) | (outside >= now.end)
    return bool(np.where(missing, before.counts != 0, within < before.counts).any())
