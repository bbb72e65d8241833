"""Double exponential smoothing (Holt's linear method): a mean that favours what is recent, and follows the trend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.folding import Block, folded
from firstlight.query.promql.places import split
from firstlight.query.promql.values import Floats, Mask, Scalar, Value, Vector, Windows
from firstlight.query.promql.windows import inform_of_ignored, span_of, vector_of


def double_exponential_smoothing(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Return the smoothed value at the end of each window."""
    smoothing, trend = (each.values for each in args if isinstance(each, Scalar))
    asked = np.asarray((windows.last > windows.first).any(axis=0))
    _check("smoothing", smoothing, asked)
    _check("trend", trend, asked)
    floats, histograms = split(windows)
    count = floats.last - floats.first
    if histograms is not None:
        inform_of_ignored(windows, (count > 0) & (histograms.last > histograms.first), context, span_of(0, context))
    values, steps = floats.samples.floats, windows.first.shape[1]

    def fold(block: Block) -> Floats:
        at_step = block.where % steps
        return _smoothed(values, block, smoothing[at_step], trend[at_step])

    return vector_of(windows, folded(floats, fold, at_least=2), count > 1, context)


def _check(kind: str, factors: Floats, asked: Mask) -> None:
    for factor in factors[asked & ((factors <= 0) | (factors >= 1))].tolist():
        symbol = f"{kind[0]}f"
        raise EvaluationFailed(f"invalid {kind} factor. Expected: 0 < {symbol} < 1, got: {factor:f}")


def _smoothed(values: Floats, block: Block, smoothing: Floats, trend: Floats) -> Floats:
    before, now = np.zeros(len(block)), values[block.first]
    rise = values[block.first + 1] - now
    for k, places in enumerate(block.places(skip=1)):
        many = len(places)
        if k:
            rise[:many] = trend[:many] * (now[:many] - before[:many]) + (1 - trend[:many]) * rise[:many]
        next_ = smoothing[:many] * values[places] + (1 - smoothing[:many]) * (now[:many] + rise[:many])
        before[:many], now[:many] = now[:many], next_
    return now
