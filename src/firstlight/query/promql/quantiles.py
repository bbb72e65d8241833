"""Quantiles of the floats in windows: windows of one length are sorted together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from firstlight.query.promql.folding import Block, blocks
from firstlight.query.promql.values import Floats, Times, Windows

CELLS = 1 << 21
"""How many values are sorted together."""


def quantiles(windows: Windows, share: Floats) -> Floats:
    """Return for each window the value below which that share of it lies; `share` is given for each step."""
    steps = windows.first.shape[1]
    return _by_length(windows, lambda where, rows: of_rows(rows, share[where % max(steps, 1)]))


def deviations(windows: Windows) -> Floats:
    """Return for each window the median of how far the values are from their median, NaN if one of them is NaN."""

    def of(_: Times, rows: Floats) -> Floats:
        half = np.full(len(rows), 0.5)
        away = np.abs(rows - of_rows(rows, half)[:, None])
        return np.where(np.isnan(rows).any(axis=1), np.nan, of_rows(away, half))

    return _by_length(windows, of)


def of_rows(rows: Floats, share: Floats) -> Floats:
    """Return a quantile of each row, NaN counted as less than any number."""
    rows = np.sort(rows, axis=1)
    missing = np.isnan(rows).sum(axis=1)
    longest = rows.shape[1] - 1
    wanted = np.where((share >= 0) & (share <= 1), share, 0.0)
    rank = wanted * longest
    lower = np.floor(rank).astype(np.int64)
    weight = rank - lower
    upper = np.minimum(lower + 1, longest)
    found = _nth(rows, lower, missing) * (1 - weight) + _nth(rows, upper, missing) * weight
    outside = np.where(share < 0, -np.inf, np.where(share > 1, np.inf, np.nan))
    return np.where((share >= 0) & (share <= 1), found, outside)


def _nth(rows: Floats, place: Times, missing: Times) -> Floats:
    """Return the n-th value of each sorted row, as if its NaNs, which stand at its end, came first."""
    values: Floats = rows[np.arange(len(rows)), np.maximum(place - missing, 0)]
    return np.where(place < missing, np.nan, values)


def _by_length(windows: Windows, compute: Callable[[Times, Floats], Floats]) -> Floats:
    values = windows.samples.floats
    result = np.zeros(windows.first.size)
    with np.errstate(all="ignore"):
        for block in blocks(windows):
            for length, part in _lengths(block):
                step = max(1, CELLS // length)
                for start in range(part.start, part.stop, step):
                    some = slice(start, min(start + step, part.stop))
                    rows = values[block.first[some, None] + np.arange(length)]
                    result[block.where[some]] = compute(block.where[some], rows)
    return result.reshape(windows.first.shape)


def _lengths(block: Block) -> Iterator[tuple[int, slice]]:
    """Yield the lengths of a block's windows, and which windows are so long."""
    starts = np.flatnonzero(np.diff(block.count, prepend=-1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
        yield int(block.count[start]), slice(start, end)
