"""Sums and means of many histograms, compensated for what floats lose (Kahan's algorithm as Neumaier improved it).

All of them are laid side by side in one matrix, a row each, and added row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from firstlight.query.promql.histogram import Buckets, Hint, Histogram
from firstlight.query.promql.histogram_ops.arithmetic import NOTHING, Incompatible, Note, add, compact, div
from firstlight.query.promql.histogram_ops.hints import added_hint, collide
from firstlight.query.promql.histogram_ops.layout import (
    common_bounds,
    same_zero,
    to_bounds,
    to_schema,
    to_zero_threshold,
)
from firstlight.query.promql.values import Floats

SCALARS = 3
"""How many numbers stand before the buckets in a row: count, sum, zero count."""


def total(histograms: Sequence[Histogram]) -> tuple[Histogram, frozenset[Note]]:
    """Return the sum of one or more histograms, compact, or raise `Incompatible`."""
    laid, notes = _laid_out(histograms)
    if len(laid) == 1:
        return compact(laid[0]), notes
    return _histogram(laid, _kahan(_matrix(laid))), notes


def mean(histograms: Sequence[Histogram]) -> tuple[Histogram, frozenset[Note]]:
    """Return the mean of one or more histograms, compact, or raise `Incompatible`."""
    laid, notes = _laid_out(histograms)
    if len(laid) == 1:
        return compact(laid[0]), notes
    matrix = _matrix(laid)
    with np.errstate(all="ignore"):
        summed = _kahan(matrix)
        if not np.isinf(summed).any():
            return div(_histogram(laid, summed), len(laid)), notes
        # The sum is too large for a float, though the mean may not be: each is divided before it is added.
        return _histogram(laid, _kahan(matrix / len(laid))), notes


def _laid_out(histograms: Sequence[Histogram]) -> tuple[list[Histogram], frozenset[Note]]:
    """Return `histograms` with the same zero bucket, resolution and custom bounds."""
    notes = NOTHING
    if collide([h.hint for h in histograms]):
        notes |= {Note.RESETS_COLLIDE}
    if len({h.is_custom for h in histograms}) > 1:
        raise Incompatible
    if histograms[0].is_custom:
        common = common_bounds(histograms)
        if any(h.custom_bounds != common for h in histograms):
            notes |= {Note.BOUNDS_RECONCILED}
        return [to_bounds(h, common) for h in histograms], notes
    schema, threshold = min(h.schema for h in histograms), _common_threshold(histograms)
    return [to_schema(to_zero_threshold(h, threshold), schema) for h in histograms], notes


def _common_threshold(histograms: Sequence[Histogram]) -> float:
    """Return the zero threshold that the sum has when one is added after the other."""
    thresholds, schemas = {h.zero_threshold for h in histograms}, {h.schema for h in histograms}
    if len(thresholds) == 1 or len(schemas) == 1:
        return same_zero(histograms)[0].zero_threshold
    # Which buckets a zero bucket may not cut depends on the resolution, and so on what was added before.
    return reduce(lambda one, other: add(one, other)[0], histograms).zero_threshold


def _span(sides: Sequence[Buckets]) -> tuple[int, int]:
    filled = [side for side in sides if len(side.counts)]
    return min((side.offset for side in filled), default=0), max((side.end for side in filled), default=0)


def _matrix(laid: Sequence[Histogram]) -> Floats:
    positive, negative = _span([h.positive for h in laid]), _span([h.negative for h in laid])
    middle = SCALARS + positive[1] - positive[0]
    matrix = np.zeros((len(laid), middle + negative[1] - negative[0]))
    matrix[:, :SCALARS] = [(h.count, h.sum, h.zero_count) for h in laid]
    for row, h in zip(matrix, laid, strict=True):
        for side, start in ((h.positive, SCALARS - positive[0]), (h.negative, middle - negative[0])):
            row[start + side.offset : start + side.end] = side.counts
    return matrix


def _kahan(matrix: Floats) -> Floats:
    """Return the sums of the columns."""
    sums, lost = matrix[0].copy(), np.zeros(matrix.shape[1])
    with np.errstate(all="ignore"):
        for row in matrix[1:]:
            new = sums + row
            larger = np.abs(sums) >= np.abs(row)
            lost += np.where(larger, (sums - new) + row, (row - new) + sums)
            lost[np.isinf(new)] = 0.0
            sums = new
        result: Floats = sums + lost
        return result


def _histogram(laid: Sequence[Histogram], row: Floats) -> Histogram:
    positive, negative = _span([h.positive for h in laid]), _span([h.negative for h in laid])
    middle = SCALARS + positive[1] - positive[0]
    count, summed, zero_count = row[:SCALARS].tolist()
    hints: list[Hint] = [h.hint for h in laid]
    return compact(
        Histogram(
            schema=laid[0].schema,
            count=count,
            sum=summed,
            zero_threshold=laid[0].zero_threshold,
            zero_count=zero_count,
            positive=Buckets(positive[0], row[SCALARS:middle]),
            negative=Buckets(negative[0], row[middle:]),
            custom_bounds=laid[0].custom_bounds,
            hint=reduce(added_hint, hints),
        )
    )
