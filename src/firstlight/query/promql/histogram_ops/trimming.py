"""`</` and `>/`: a histogram without what lies above, or below, a value.

A bucket in which the value lies keeps the share that interpolation gives it. Where anything goes, count and sum are
estimated anew from what is left. Of a bucket that reaches to infinity no share can be told: it goes whole, or stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.histogram_ops.arithmetic import compact
from firstlight.query.promql.histogram_ops.layout import edges
from firstlight.query.promql.values import Floats


def trim_upper(h: Histogram, limit: float) -> Histogram:
    """Return what of `h` lies below `limit` (`h </ limit`)."""
    return _trim(h, limit, below=True)


def trim_lower(h: Histogram, limit: float) -> Histogram:
    """Return what of `h` lies above `limit` (`h >/ limit`)."""
    return _trim(h, limit, below=False)


@dataclass(frozen=True, slots=True)
class _Side:
    """The buckets of one sign, and where each begins and ends."""

    buckets: Buckets
    lower: Floats
    upper: Floats
    sign: float
    linear: bool

    @property
    def filled(self) -> bool:
        return bool(self.buckets.counts.any())

    def middle(self, lower: Floats, upper: Floats) -> Floats:
        """Return what observations between two values are taken to be."""
        geometric = self.sign * np.sqrt(np.abs(lower * upper))
        finite = (lower + upper) / 2 if self.linear else geometric
        without_start = np.where(np.isinf(upper), 0.0, np.where(upper > 0, upper / 2, upper))
        return np.where(np.isinf(lower), without_start, np.where(np.isinf(upper), lower, finite))

    def share_below(self, limit: float) -> Floats:
        """Return which share of each bucket with two finite ends lies below a value within it."""
        if self.linear:
            return (limit - self.lower) / (self.upper - self.lower)
        low, high, at = np.log2(np.abs(self.lower)), np.log2(np.abs(self.upper)), np.log2(np.abs(limit))
        share: Floats = (at - low) / (high - low)
        return share

    def cut(self, limit: float, *, below: bool) -> tuple[Floats, Floats]:
        """Return what stays of each bucket if the value is in it, and what that is taken to be."""
        counts, lower, upper = self.buckets.counts, self.lower, self.upper
        at = np.full(len(counts), limit)
        share = self.share_below(limit)
        stays = counts * share if below else counts - counts * share
        middle = self.middle(lower, at) if below else self.middle(at, upper)
        endless = np.isinf(upper)
        stays = np.where(endless, 0.0 if below else counts, stays)
        middle = np.where(endless, limit, middle)
        # The first of custom buckets begins at 0 for values above that, if it ends there.
        startless = np.isinf(lower)
        from_zero = startless & ~endless & (upper > 0) & (limit > 0 if below else limit >= 0)
        share = limit / upper
        whole = startless & (upper <= 0) & below
        stays = np.where(startless, np.where(whole, counts, 0.0), stays)
        stays = np.where(from_zero, counts * (share if below else 1 - share), stays)
        middle = np.where(startless, limit, middle)
        return stays, np.where(from_zero, limit / 2 if below else (limit + upper) / 2, middle)

    def trim(self, limit: float, *, below: bool) -> tuple[Buckets, float]:
        """Return what stays, and its sum."""
        stays, middle = self.cut(limit, below=below)
        whole = self.upper <= limit if below else self.lower >= limit
        part = ~whole & (self.lower < limit if below else self.upper > limit)
        counts = np.where(whole, self.buckets.counts, np.where(part, stays, 0.0))
        values = np.where(whole, self.middle(self.lower, self.upper), middle)
        kept = counts != 0
        return Buckets(self.buckets.offset, counts), float((counts[kept] * values[kept]).sum())


def _trim(h: Histogram, limit: float, *, below: bool) -> Histogram:
    above, under = edges(h, h.positive), -edges(h, h.negative)
    positive = _Side(h.positive, above[:-1], above[1:], 1.0, h.is_custom)
    negative = _Side(h.negative, under[1:], under[:-1], -1.0, h.is_custom)
    with np.errstate(all="ignore"):
        (more, more_sum), (less, less_sum) = positive.trim(limit, below=below), negative.trim(limit, below=below)
    zero, middle = h.zero_count, 0.0
    if zero > 0:
        zero, middle = _trimmed_zero(h, limit, positive.filled, negative.filled, below=below)
    changed = not (np.array_equal(more.counts, h.positive.counts) and np.array_equal(less.counts, h.negative.counts))
    if not changed and zero == h.zero_count:
        return h
    kept_zero = max(zero, 0.0)
    return compact(
        replace(
            h,
            count=float(more.counts.sum() + less.counts.sum()) + kept_zero,
            sum=more_sum + less_sum + middle * kept_zero,
            zero_count=zero,
            positive=more,
            negative=less,
        )
    )


def _trimmed_zero(h: Histogram, limit: float, positive: bool, negative: bool, *, below: bool) -> tuple[float, float]:
    """Return what stays of the zero bucket, and what it is taken to be."""
    if math.isnan(limit):
        return math.nan, math.nan
    lower = 0.0 if positive and not negative else -h.zero_threshold
    upper = 0.0 if negative and not positive else h.zero_threshold
    if below:
        lowest, highest = lower, min(limit, upper)
    else:
        lowest, highest = max(limit, lower), upper
    if (lowest, highest) == (lower, upper):
        # All of a bucket without width is on the side that its value belongs to.
        whole = limit > lower if below else limit <= lower
        if lower < upper or whole:
            return h.zero_count, (lower + upper) / 2
    if not lowest < highest:
        return 0.0, 0.0
    return h.zero_count * (highest - lowest) / (upper - lower), (lowest + highest) / 2
