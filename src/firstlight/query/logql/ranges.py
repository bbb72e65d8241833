"""Range aggregations: samples by series to one value for each window. Times are nanoseconds.

A window is open on the left, as Prometheus' are, and so are most of the functions the same; what differs is written
here. In LogQL a window without samples has no value, but every other has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from firstlight.query.logql.ast import RangeOp
from firstlight.query.promql import window_sums
from firstlight.query.promql.extrapolation import Stretch, factors
from firstlight.query.promql.places import at
from firstlight.query.promql.quantiles import quantiles
from firstlight.query.promql.resets import falls, lost
from firstlight.query.promql.values import Floats, Labels, Samples, Times, Vector, Windows
from firstlight.query.promql.windows import windows_of

SECOND: Final = 1e9

_Compute: TypeAlias = Callable[[Windows], Floats]


def aggregated(op: RangeOp, samples: Samples, ends: Times, span: int, param: float | None = None) -> Vector:
    """Return what `op` makes of the windows of `span` that end at `ends`, as a vector with a column for each."""
    windows = windows_of(samples, ends, span)
    with np.errstate(all="ignore"):
        if op is RangeOp.QUANTILE_OVER_TIME:
            floats = quantiles(windows, np.full(len(ends), 0.0 if param is None else param))
        else:
            floats = _FUNCTIONS[op](windows)
    return shown(Vector(samples.labels, floats, windows.last > windows.first))


def absent(vector: Vector, labels: Labels) -> Vector:
    """Return 1 where no series of the vector has a value."""
    missing = np.logical_not(vector.present.any(axis=0))
    return shown(Vector([labels], np.ones((1, len(missing))), missing[np.newaxis, :]))


def shown(vector: Vector) -> Vector:
    """Return the series that have a value anywhere."""
    some = np.asarray(vector.present.any(axis=1))
    if bool(some.all()):
        return vector
    labels = [each for each, there in zip(vector.labels, some.tolist(), strict=True) if there]
    return Vector(labels, vector.floats[some], vector.present[some])


def _count(windows: Windows) -> Floats:
    return (windows.last - windows.first).astype(np.float64)


def _by_second(compute: _Compute) -> _Compute:
    def of(windows: Windows) -> Floats:
        return compute(windows) / (windows.range / SECOND)

    return of


def _extreme(reduce: np.ufunc) -> _Compute:
    """Return what finds the highest or lowest value, NaN only if there is no other."""

    def of(windows: Windows) -> Floats:
        first, last = windows.first, windows.last
        some = last > first
        found = np.zeros(first.shape)
        if bool(some.any()):
            values = np.append(windows.samples.floats, np.nan)
            pairs = np.stack([first[some], last[some]], axis=-1).ravel()
            found[some] = reduce.reduceat(values, pairs)[::2]
        return found

    return of


def _first(windows: Windows) -> Floats:
    return at(windows.samples.floats, windows.first)


def _last(windows: Windows) -> Floats:
    return at(windows.samples.floats, windows.last - 1)


def _deviation(windows: Windows) -> Floats:
    return np.sqrt(window_sums.variances(windows))


def _rate_counter(windows: Windows) -> Floats:
    """Return how fast a counter grew, as Prometheus' rate does; a counter that was seen but once has not grown."""
    samples, first, last = windows.samples, windows.first, windows.last
    earliest = at(samples.floats, first)
    grown = at(samples.floats, last - 1) - earliest + lost(samples, falls(samples, None), first, last)
    grown = grown * factors(Stretch.of(windows), earliest, grown, is_counter=True)
    return np.where(last - first > 1, grown / (windows.range / SECOND), 0.0)


_FUNCTIONS: Final[Mapping[RangeOp, _Compute]] = MappingProxyType(
    {
        RangeOp.COUNT_OVER_TIME: _count,
        RangeOp.ABSENT_OVER_TIME: _count,
        RangeOp.RATE: _by_second(window_sums.sums),  # a line counts as 1
        RangeOp.RATE_COUNTER: _rate_counter,
        RangeOp.BYTES_OVER_TIME: window_sums.sums,
        RangeOp.BYTES_RATE: _by_second(window_sums.sums),
        RangeOp.SUM_OVER_TIME: window_sums.sums,
        RangeOp.AVG_OVER_TIME: window_sums.means,
        RangeOp.MIN_OVER_TIME: _extreme(np.fmin),
        RangeOp.MAX_OVER_TIME: _extreme(np.fmax),
        RangeOp.STDVAR_OVER_TIME: window_sums.variances,
        RangeOp.STDDEV_OVER_TIME: _deviation,
        RangeOp.FIRST_OVER_TIME: _first,
        RangeOp.LAST_OVER_TIME: _last,
    }
)
