"""Quantiles, fractions and the spread of the observations in a native histogram, estimated from its buckets.

Within an exponential bucket observations are taken to be spread evenly on a logarithmic scale; within custom ones and
that of zero, on a linear one. If only one sign has buckets, that of zero has no other sign either.
"""

from __future__ import annotations

import math
from enum import Enum, auto

import numpy as np

from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops.layout import populated
from firstlight.query.promql.values import Floats, Mask


class NaNs(Enum):
    """What observations of NaN do to a result."""

    NONE = auto()
    DECIDE = auto()
    """The quantile itself is among them."""
    SKEW = auto()
    """They count, though they are in no bucket."""


def _one_sided(h: Histogram, lower: float, upper: float) -> tuple[float, float]:
    """Return the ends of the bucket of zero."""
    if len(h.positive.counts) and not len(h.negative.counts):
        return 0.0, upper
    if len(h.negative.counts) and not len(h.positive.counts):
        return lower, 0.0
    return lower, upper


def quantile(h: Histogram, q: float) -> tuple[float, NaNs]:
    """Return below which value the share `q` of the observations lies."""
    if not 0 <= q <= 1:
        return (math.nan if math.isnan(q) else math.copysign(math.inf, q)), NaNs.NONE
    if h.count == 0:
        return math.nan, NaNs.NONE
    seen = populated(h)
    upwards = math.isnan(h.sum) or q < 0.5
    rank = (q if upwards else 1 - q) * h.count
    ranks = np.cumsum(seen.counts if upwards else seen.counts[::-1])
    if not len(ranks):
        if rank > 0:
            return (math.nan, NaNs.DECIDE) if math.isnan(h.sum) else (0.0, NaNs.NONE)
        return math.nan, NaNs.SKEW if math.isnan(h.sum) else NaNs.NONE
    reached = ranks >= rank
    step = int(np.argmax(reached)) if reached.any() else len(ranks) - 1
    at = step if upwards else len(ranks) - 1 - step
    lower, upper, held = float(seen.lower[at]), float(seen.upper[at]), float(seen.counts[at])
    if h.is_custom:
        if lower == -math.inf:
            if upper <= 0:
                return upper, NaNs.NONE
            lower = 0.0
        elif upper == math.inf:
            return lower, NaNs.NONE
    elif seen.zero[at]:
        lower, upper = _one_sided(h, lower, upper)
    up_to = min(float(ranks[step]), h.count)
    if up_to < rank:
        return (math.nan, NaNs.DECIDE) if math.isnan(h.sum) else (upper, NaNs.NONE)
    inside = (rank - (up_to - held) if upwards else up_to - rank) / held
    skew = math.isnan(h.sum) and float(seen.counts.sum()) < h.count
    return _within(lower, upper, inside, linear=h.is_custom), NaNs.SKEW if skew else NaNs.NONE


def _within(lower: float, upper: float, share: float, *, linear: bool) -> float:
    if linear or lower <= 0 <= upper:
        return lower + (upper - lower) * share
    with np.errstate(all="ignore"):
        low, high = np.log2(np.abs(lower)), np.log2(np.abs(upper))
        return float(np.copysign(np.exp2(low + (high - low) * share), lower))


def fraction(h: Histogram, lower: float, upper: float) -> tuple[float, NaNs]:
    """Return which share of the observations lies between two values."""
    if h.count == 0 or math.isnan(lower) or math.isnan(upper):
        return math.nan, NaNs.NONE
    if lower >= upper:
        return 0.0, NaNs.NONE
    seen = populated(h)
    starts, ends, counts = seen.lower.copy(), seen.upper.copy(), seen.counts
    around = (starts <= 0) & (ends >= 0)
    for at in np.flatnonzero(around).tolist():
        starts[at], ends[at] = _one_sided(h, float(starts[at]), float(ends[at]))
    before = np.cumsum(counts) - counts
    most, told = h.count, NaNs.NONE
    if math.isnan(h.sum):
        most = float(counts.sum())
        told = NaNs.SKEW if most < h.count else NaNs.NONE
    linear = around | h.is_custom
    ranks = [_rank(value, starts, ends, counts, before, linear, most) for value in (lower, upper)]
    return (ranks[1] - ranks[0]) / h.count, told


def _rank(
    value: float, starts: Floats, ends: Floats, counts: Floats, before: Floats, linear: Mask, most: float
) -> float:
    """Return how many observations lie below `value`."""
    hits = np.flatnonzero((starts >= value) | (ends > value))
    if not len(hits):
        return most
    at = int(hits[0])
    start, end = float(starts[at]), float(ends[at])
    if start >= value:
        return min(float(before[at]), most)
    if start == -math.inf:
        return min(float(counts[at]), most)
    with np.errstate(all="ignore"):
        if linear[at]:
            share = (value - start) / (end - start)
        else:
            low, high = np.log2(np.abs(start)), np.log2(np.abs(end))
            share = float((np.log2(np.abs(value)) - low) / (high - low))
    return min(float(before[at] + counts[at] * share), most)


def variance(h: Histogram) -> float:
    """Return the variance of the observations, each taken to be in the middle of its bucket."""
    seen = populated(h)
    with np.errstate(all="ignore"):
        arithmetic = (seen.lower + seen.upper) / 2
        geometric = np.copysign(np.sqrt(seen.lower * seen.upper), seen.upper)
        around = (seen.lower <= 0) & (seen.upper >= 0)
        values = arithmetic if h.is_custom else np.where(around, 0.0, geometric)
        terms = seen.counts * np.square(values - np.float64(h.sum) / h.count)
        summed = terms.sum()
        # Rounded once instead of at each term, where nothing is infinite.
        exact = np.float64(math.fsum(terms)) if np.isfinite(np.abs(terms).sum()) else summed
        return float(exact / h.count)
