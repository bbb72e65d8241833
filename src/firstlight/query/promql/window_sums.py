"""Sums, means and variances of the floats in windows, with what rounding loses carried along as Prometheus does."""

from __future__ import annotations

import numpy as np

from firstlight.query.promql.folding import Block, Total, folded
from firstlight.query.promql.values import Floats, Windows

EXACT = 2.0**53
"""Below this, sums of whole numbers are exact in any order."""

ALIKE = 2.0**30
"""By what factor values may differ in size, for differences of their running sums to be as exact as sums."""

OVERLAP = 3
"""In how many windows each sample must be, on average, for running sums to be worth it."""


def sums(windows: Windows) -> Floats:
    """Return the sum of each window."""
    found = _by_running_sums(windows)
    if found is not None:
        return found
    values = windows.samples.floats

    def fold(block: Block) -> Floats:
        total = Total(np.zeros(len(block)), guarded=False)
        for places in block.places():
            total.add(values[places])
        result: Floats = np.where(np.isfinite(total.sums), total.sums + total.lost, total.sums)
        return result

    return folded(windows, fold)


def means(windows: Windows) -> Floats:
    """Return the mean of each window."""
    found = _by_running_sums(windows)
    if found is not None:
        result: Floats = found / np.maximum(windows.last - windows.first, 1)
        return result
    values = windows.samples.floats

    def fold(block: Block) -> Floats:
        total = Total(values[block.first], guarded=False)
        for places in block.places(skip=1):
            total.add(values[places])
        result = total.sums / block.count + total.lost / block.count
        for window in np.flatnonzero(~np.isfinite(total.sums)).tolist():
            first = int(block.first[window])
            result[window] = _overflowing_mean(values[first : first + int(block.count[window])])
        return result

    return folded(windows, fold)


def variances(windows: Windows) -> Floats:
    """Return the variance of each window (Welford's method)."""
    values = windows.samples.floats

    def fold(block: Block) -> Floats:
        mean, squares = Total(np.zeros(len(block))), Total(np.zeros(len(block)))
        for k, places in enumerate(block.places()):
            many, value = len(places), values[places]
            off = value - (mean.sums[:many] + mean.lost[:many])
            mean.add(off / (k + 1))
            squares.add(off * (value - (mean.sums[:many] + mean.lost[:many])))
        return (squares.sums + squares.lost) / block.count

    return folded(windows, fold)


def _by_running_sums(windows: Windows) -> Floats | None:
    """Return the sums as differences of running sums, with what these lose, where that is no less exact.

    That is so for whole numbers that are not large, and for numbers of one sign that do not differ much in size. None
    otherwise, and if the windows overlap so little that nothing would be saved.
    """
    values = windows.samples.floats
    if not len(values) or int((windows.last - windows.first).sum()) < OVERLAP * len(values):
        return None
    sizes = np.abs(values)
    total = float(sizes.sum())
    if not np.isfinite(total):
        return None
    if not (total < EXACT and bool((values == np.trunc(values)).all())):
        least = float(sizes.min(where=sizes > 0, initial=np.inf))
        one_sign = not bool((values < 0).any()) or not bool((values > 0).any())
        if not one_sign or float(sizes.max()) > ALIKE * least:
            return None
    running, lost = np.zeros(len(values) + 1), np.zeros(len(values) + 1)
    np.cumsum(values, out=running[1:])
    # What each addition lost, which is exact: the sum before it, the value and the sum after it are known.
    added = running[1:] - running[:-1]
    np.cumsum((running[:-1] - (running[1:] - added)) + (values - added), out=lost[1:])
    first, last = windows.first, windows.last
    return (running[last] - running[first]) + (lost[last] - lost[first])


def _overflowing_mean(values: Floats) -> float:
    """Return the mean of values whose sum is too large: the mean itself is carried along from where it becomes so."""
    total = Total(values[:1].copy())
    whole = True
    for count in range(2, len(values) + 1):
        value = values[count - 1 : count]
        if whole:
            sums, lost = total.sums.copy(), total.lost.copy()
            total.add(value.copy())
            if not bool(np.isinf(total.sums[0])):
                continue
            whole = False
            total.sums, total.lost = sums / (count - 1), lost / (count - 1)
        share = (count - 1) / count
        total.sums, total.lost = total.sums * share, total.lost * share
        total.add(value / count)
    return float(total.sums[0] + total.lost[0])
