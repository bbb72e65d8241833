"""Sums, differences and multiples of histograms.

Two histograms are brought to what they have in common first: the wider zero bucket, the lower resolution, the custom
bounds that both have. Exponential and custom buckets have nothing in common.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

import numpy as np

from firstlight.query.promql.histogram import Buckets, Hint, Histogram
from firstlight.query.promql.histogram_ops.hints import added_hint, collide
from firstlight.query.promql.histogram_ops.layout import common_bounds, same_zero, stripped, to_bounds, to_schema
from firstlight.query.promql.values import Floats


class Note(Enum):
    """What an operation tells beside its result."""

    RESETS_COLLIDE = auto()
    """Of a counter's samples, some say that there was a reset and some that there was none."""

    BOUNDS_RECONCILED = auto()
    """Custom bounds differed, and only those in common were kept."""

    NOT_COUNTER = auto()
    """A gauge histogram was treated as a counter."""

    NOT_GAUGE = auto()
    """A counter histogram was treated as a gauge."""

    MIXED_SCHEMAS = auto()
    """Exponential and custom buckets met, and there is no result."""

    MIXED_FLOATS = auto()
    """Histograms and floats met, and there is no result."""

    RECONCILED_IN_SUM = auto()
    """As `BOUNDS_RECONCILED`, where a counter's value before a reset was added back."""


NOTHING: frozenset[Note] = frozenset()


class Incompatible(Exception):
    """Exponential buckets met custom ones."""


def with_hint(h: Histogram, hint: Hint) -> Histogram:
    """Return `h` with another hint."""
    if h.hint == hint:
        return h
    # Written out, as `dataclasses.replace` takes longer than the arithmetic before it.
    return Histogram(
        h.schema, h.count, h.sum, h.zero_threshold, h.zero_count, h.positive, h.negative, h.custom_bounds, hint
    )


def compact(h: Histogram) -> Histogram:
    """Return `h` without empty buckets at the ends."""
    positive, negative = stripped(h.positive), stripped(h.negative)
    if positive is h.positive and negative is h.negative:
        return h
    return replace(h, positive=positive, negative=negative)


def reconciled(left: Histogram, right: Histogram) -> tuple[Histogram, Histogram, bool]:
    """Return both in the layout they have in common, and whether custom bounds were dropped for it."""
    if left.is_custom != right.is_custom:
        raise Incompatible
    if left.is_custom:
        if left.custom_bounds == right.custom_bounds:
            return left, right, False
        common = common_bounds([left, right])
        return to_bounds(left, common), to_bounds(right, common), True
    if left.zero_threshold != right.zero_threshold:
        left, right = same_zero([left, right])
    schema = min(left.schema, right.schema)
    return to_schema(left, schema), to_schema(right, schema), False


def _combine(left: Histogram, right: Histogram, sign: float) -> tuple[Histogram, frozenset[Note]]:
    a, b, dropped = reconciled(left, right)
    notes = NOTHING
    if collide((left.hint, right.hint)):
        notes |= {Note.RESETS_COLLIDE}
    if dropped:
        notes |= {Note.BOUNDS_RECONCILED}
    result = Histogram(
        schema=a.schema,
        count=a.count + sign * b.count,
        sum=a.sum + sign * b.sum,
        zero_threshold=a.zero_threshold,
        zero_count=a.zero_count + sign * b.zero_count,
        positive=_joined(a.positive, b.positive, sign),
        negative=_joined(a.negative, b.negative, sign),
        custom_bounds=a.custom_bounds,
        hint=added_hint(left.hint, right.hint),
    )
    return result, notes


def _joined(left: Buckets, right: Buckets, sign: float) -> Buckets:
    if not len(right.counts):
        return stripped(left)
    if not len(left.counts):
        return stripped(Buckets(right.offset, sign * right.counts))
    start, end = min(left.offset, right.offset), max(left.end, right.end)
    return stripped(Buckets(start, left.over(start, end) + sign * right.over(start, end)))


def add(left: Histogram, right: Histogram) -> tuple[Histogram, frozenset[Note]]:
    """Return the sum of two histograms, compact, or raise `Incompatible`."""
    return _combine(left, right, 1.0)


def sub(left: Histogram, right: Histogram) -> tuple[Histogram, frozenset[Note]]:
    """Return the difference of two histograms, compact, or raise `Incompatible`; it is a gauge."""
    result, notes = _combine(left, right, -1.0)
    return with_hint(result, Hint.GAUGE), notes


def mul(h: Histogram, factor: float) -> Histogram:
    """Return `h` with all counts and the sum multiplied; it is a gauge if `factor` is negative."""
    return _scaled(h, np.float64(factor), divide=False)


def div(h: Histogram, divisor: float) -> Histogram:
    """Return `h` with all counts and the sum divided; division by 0 leaves no buckets."""
    scaled = _scaled(h, np.float64(divisor), divide=True)
    if divisor == 0:
        none = Buckets(0, h.positive.counts[:0])
        return replace(scaled, positive=none, negative=none)
    return scaled


def neg(h: Histogram) -> Histogram:
    """Return `h` with all signs turned; it is a gauge."""
    return mul(h, -1.0)


def _scaled(h: Histogram, factor: np.float64, *, divide: bool) -> Histogram:
    def scale(numbers: Floats) -> Floats:
        return numbers / factor if divide else numbers * factor

    with np.errstate(all="ignore"):
        count, total, zero = scale(np.array([h.count, h.sum, h.zero_count])).tolist()
        positive = Buckets(h.positive.offset, scale(h.positive.counts))
        negative = Buckets(h.negative.offset, scale(h.negative.counts))
    hint = Hint.GAUGE if factor < 0 else h.hint
    return Histogram(h.schema, count, total, h.zero_threshold, zero, positive, negative, h.custom_bounds, hint)
