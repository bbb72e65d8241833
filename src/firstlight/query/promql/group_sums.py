"""Sums of the rows of a matrix by group, with what floats lose in an addition kept and added at the end.

Rows of a group are added in pairs, then the sums in pairs, and so on, so that a few operations on large arrays do it.
What is lost is kept as in the algorithm of Kahan and Neumaier, and so is the result as exact as if added in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstlight.query.promql.values import Floats, Mask, Times

_BLOCK = 1 << 16
"""How many numbers are added at once, so that they stay in the processor's cache."""

_LEAST_ROWS = 32


@dataclass(frozen=True, slots=True)
class Groups:
    """To which of `count` groups each row belongs; every group has at least one."""

    numbers: Times
    count: int

    def order(self) -> tuple[Times, Times]:
        """Return the rows sorted by group, and where in that each group starts."""
        order = np.argsort(self.numbers, kind="stable")
        return order, np.searchsorted(self.numbers[order], np.arange(self.count))

    def rows(self) -> list[Times]:
        """Return the rows of each group."""
        order, starts = self.order()
        return np.split(order, starts[1:]) if len(order) else []

    def counts(self, present: Mask) -> Times:
        """Return how many rows of each group are present at each step."""
        order, starts = self.order()
        if not len(order):
            return np.zeros((self.count, present.shape[1]), dtype=np.int64)
        if bool(present.all()):
            sizes = np.bincount(self.numbers, minlength=self.count)[:, np.newaxis]
            return np.repeat(sizes, present.shape[1], axis=1)
        counts: Times = np.add.reduceat(present[order], starts, axis=0, dtype=np.int64)
        return counts


def compensated(values: Floats, present: Mask, groups: Groups) -> tuple[Floats, Floats]:
    """Return the sum of what is present of each group at each step, and what was lost of it."""
    steps = values.shape[1]
    if not len(values):
        return np.zeros((groups.count, steps)), np.zeros((groups.count, steps))
    order, _ = groups.order()
    if groups.count == len(values):
        return np.where(present, values, 0.0)[order], np.zeros_like(values)
    numbers = groups.numbers[order]
    whole, height = bool(present.all()), max(_LEAST_ROWS, _BLOCK // max(1, steps))
    sums, lost, owners = [], [], []
    for first in range(0, len(order), height):
        rows, of = order[first : first + height], numbers[first : first + height]
        block = values[rows] if whole else np.where(present[rows], values[rows], 0.0)
        owner, sizes = np.unique(of, return_counts=True)
        total, error = _pairwise(block, np.zeros_like(block), sizes)
        sums.append(total)
        lost.append(error)
        owners.append(owner)
    # A group that stands in several blocks has a sum in each.
    _, sizes = np.unique(np.concatenate(owners), return_counts=True)
    return _pairwise(np.concatenate(sums), np.concatenate(lost), sizes)


def _pairwise(rows: Floats, lost: Floats, sizes: Times) -> tuple[Floats, Floats]:
    """Add rows that stand together by group until there is one of each; `sizes` says how many there are."""
    with np.errstate(all="ignore"):
        while len(rows) > len(sizes):
            left, right, alone = _pairs(sizes)
            before, other = rows[left], rows[right]
            total = before + other
            added = total - before
            error = other - added
            added -= total
            added += before
            error += added
            error += lost[left]
            error += lost[right]
            if not np.isfinite(total.sum()):
                # Beyond the largest float nothing is lost any more.
                error[~np.isfinite(total)] = 0.0
            if len(alone):
                places = np.argsort(np.concatenate([left, alone]))
                total = np.concatenate([total, rows[alone]])[places]
                error = np.concatenate([error, lost[alone]])[places]
            rows, lost, sizes = total, error, (sizes + 1) // 2
    return rows, lost


def _pairs(sizes: Times) -> tuple[Times, Times, Times]:
    """Return the first and the second row of each pair, and the rows without a partner."""
    count = int(sizes.sum())
    rank = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    even = rank % 2 == 0
    last = rank + 1 == np.repeat(sizes, sizes)
    left = np.flatnonzero(even & ~last)
    return left, left + 1, np.flatnonzero(even & last)
