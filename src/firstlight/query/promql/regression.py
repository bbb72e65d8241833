"""The line that fits the samples of a window best: `deriv` and `predict_linear`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firstlight.query.promql.context import Context
from firstlight.query.promql.folding import Block, Total, blocks
from firstlight.query.promql.places import split, times_at
from firstlight.query.promql.values import Floats, Mask, Samples, Scalar, Times, Value, Vector, Windows
from firstlight.query.promql.windows import inform_of_ignored, span_of, vector_of


def deriv(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Return by how much the values change each second."""
    floats, present = _lines(windows, context)
    # Times are counted from the first sample, to lose no precision.
    slope, _ = _fitted(floats, times_at(floats.samples.ts, floats.first))
    return vector_of(windows, slope, present, context)


def predict_linear(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Return what the value would be so many seconds after the step."""
    floats, present = _lines(windows, context)
    slope, intercept = _fitted(floats, np.broadcast_to(context.steps.times, floats.first.shape))
    ahead = next(each.values for each in args if isinstance(each, Scalar))
    with np.errstate(all="ignore"):
        return vector_of(windows, slope * ahead + intercept, present, context)


def _lines(windows: Windows, context: Context) -> tuple[Windows, Mask]:
    """Return the floats, and where there are two or more."""
    floats, histograms = split(windows)
    count = floats.last - floats.first
    if histograms is not None:
        inform_of_ignored(windows, (count > 0) & (histograms.last > histograms.first), context, span_of(0, context))
    return floats, count > 1


def _fitted(windows: Windows, origin: Times) -> tuple[Floats, Floats]:
    """Return slope and intercept of the line through each window, where `origin` is time 0."""
    slope, intercept = np.zeros(windows.first.size), np.zeros(windows.first.size)
    with np.errstate(all="ignore"):
        for block in blocks(windows, at_least=2):
            fit = _fit(windows.samples, block, origin.ravel()[block.where])
            slope[block.where], intercept[block.where] = fit
    shape = windows.first.shape
    return slope.reshape(shape), intercept.reshape(shape)


def _fit(samples: Samples, block: Block, origin: Times) -> tuple[Floats, Floats]:
    sum_x, sum_y, sum_xy, sum_x2 = (Total(np.zeros(len(block))) for _ in range(4))
    initial = samples.floats[block.first]
    constant = np.ones(len(block), dtype=bool)
    for places in block.places():
        many = len(places)
        y = samples.floats[places]
        x = (samples.ts[places] - origin[:many]) / 1000
        constant[:many] &= (y == initial[:many]) | (places == block.first[:many])
        sum_xy.add(x * y)
        sum_x2.add(x * x)
        sum_x.add(x)
        sum_y.add(y)
    n = block.count
    x, y, xy, x2 = (each.sums + each.lost for each in (sum_x, sum_y, sum_xy, sum_x2))
    slope = (xy - x * y / n) / (x2 - x * x / n)
    intercept = y / n - slope * x / n
    flat = np.where(np.isinf(initial), np.nan, initial)
    return np.where(constant, flat * 0, slope), np.where(constant, flat, intercept)
