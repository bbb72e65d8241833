"""Where the buckets of a histogram stand, and how they are brought to stand elsewhere: coarser, or as custom bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.histogram_ops.bounds import bounds_between
from firstlight.query.promql.values import Floats, Mask


def edges(h: Histogram, buckets: Buckets) -> Floats:
    """Return where `buckets` of `h` begin and end, as absolute values: one number more than there are buckets."""
    if not h.is_custom:
        return bounds_between(h.schema, buckets.offset - 1, buckets.end)
    indices = np.arange(buckets.offset - 1, buckets.end, dtype=np.int64)
    listed = np.array((-np.inf, *h.custom_bounds, np.inf))
    found: Floats = listed[np.clip(indices + 1, 0, len(listed) - 1)]
    return found


@dataclass(frozen=True, slots=True)
class Populated:
    """The buckets of a histogram from the lowest to the highest, that of zero among them, without empty ones."""

    lower: Floats
    upper: Floats
    counts: Floats
    zero: Mask
    """Which of them is that of zero."""


def populated(h: Histogram, *, clipped: bool = True) -> Populated:
    """Return the buckets of `h` that are not empty; `clipped` where they overlap with that of zero."""
    above = edges(h, h.positive)
    lower, upper, counts = above[:-1], above[1:], h.positive.counts
    below_zero = len(h.negative.counts)
    with_zero = h.zero_count > 0 and not h.is_custom
    if with_zero:
        lower, upper = np.append(-h.zero_threshold, lower), np.append(h.zero_threshold, upper)
        counts = np.append(h.zero_count, counts)
    if below_zero:
        below = -edges(h, h.negative)[::-1]
        lower, upper = np.concatenate([below[:-1], lower]), np.concatenate([below[1:], upper])
        counts = np.concatenate([h.negative.counts[::-1], counts])
    zero = np.zeros(len(counts), dtype=np.bool_)
    if with_zero:
        zero[below_zero] = True
    if clipped and h.zero_threshold > 0 and not h.is_custom:
        lower = np.where((lower > 0) & (lower < h.zero_threshold), h.zero_threshold, lower)
        upper = np.where((upper < 0) & (upper > -h.zero_threshold), -h.zero_threshold, upper)
    kept = counts != 0
    return Populated(lower[kept], upper[kept], counts[kept], zero[kept])


def stripped(buckets: Buckets) -> Buckets:
    """Return `buckets` without the empty ones at both ends."""
    filled = np.flatnonzero(buckets.counts)
    if not len(filled):
        return Buckets(0, buckets.counts[:0])
    if filled[0] == 0 and filled[-1] == len(buckets.counts) - 1:
        return buckets
    return Buckets(buckets.offset + int(filled[0]), buckets.counts[filled[0] : filled[-1] + 1])


def _gathered(targets: npt.NDArray[np.int64], counts: Floats) -> Floats:
    """Return the sums of the counts that go to the same target."""
    sums: Floats = np.bincount(targets, weights=counts, minlength=1).astype(np.float64, copy=False)
    return sums


def _coarser(buckets: Buckets, halvings: int) -> Buckets:
    if not len(buckets.counts):
        return buckets
    targets = ((np.arange(buckets.offset, buckets.end, dtype=np.int64) - 1) >> halvings) + 1
    return Buckets(int(targets[0]), _gathered(targets - targets[0], buckets.counts))


def to_schema(h: Histogram, schema: int) -> Histogram:
    """Return `h` at a resolution that is the same or lower."""
    if schema == h.schema:
        return h
    if h.is_custom or schema > h.schema:
        raise ValueError(f"cannot bring a histogram of schema {h.schema} to {schema}; want one not above it")
    halvings = h.schema - schema
    return replace(h, schema=schema, positive=_coarser(h.positive, halvings), negative=_coarser(h.negative, halvings))


def _grown(h: Histogram, threshold: float) -> float:
    """Return `threshold`, or more, so that it cuts no populated bucket of `h` in two."""
    while True:
        wanted = threshold
        for buckets in (h.positive, h.negative):
            ends = edges(h, buckets)
            cut = (ends[:-1] < threshold) & (ends[1:] > threshold) & (buckets.counts != 0)
            if cut.any():
                threshold = float(ends[1:][cut][-1])
        if threshold == wanted:
            return threshold


def to_zero_threshold(h: Histogram, threshold: float) -> Histogram:
    """Return `h` with a zero bucket that reaches to `threshold`, or further to the end of a populated bucket there."""
    if threshold <= h.zero_threshold:
        return h
    threshold = _grown(h, threshold)
    count, sides = h.zero_count, []
    for buckets in (h.positive, h.negative):
        inside = edges(h, buckets)[:-1] < threshold
        count += float(buckets.counts[inside].sum())
        sides.append(stripped(Buckets(buckets.offset, np.where(inside, 0.0, buckets.counts))))
    return replace(h, zero_threshold=threshold, zero_count=count, positive=sides[0], negative=sides[1])


def same_zero(histograms: Sequence[Histogram]) -> list[Histogram]:
    """Return exponential histograms with one zero threshold, the lowest that suits all of them."""
    while len({h.zero_threshold for h in histograms}) > 1:
        widest = max(h.zero_threshold for h in histograms)
        histograms = [to_zero_threshold(h, widest) for h in histograms]
    return list(histograms)


def to_bounds(h: Histogram, common: tuple[float, ...]) -> Histogram:
    """Return a custom histogram with only those of its bounds that are `common`."""
    if common == h.custom_bounds:
        return h
    ends = edges(h, h.positive)[1:]
    targets = np.searchsorted(np.array(common), ends)
    return replace(h, custom_bounds=common, positive=stripped(Buckets(0, _gathered(targets, h.positive.counts))))


def common_bounds(histograms: Sequence[Histogram]) -> tuple[float, ...]:
    """Return the bounds that all custom histograms have."""
    shared = set(histograms[0].custom_bounds).intersection(*(h.custom_bounds for h in histograms[1:]))
    return tuple(bound for bound in histograms[0].custom_bounds if bound in shared)
