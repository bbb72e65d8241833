"""Going through the samples of many windows in step: the k-th samples of all windows at once, then the next.

Windows are taken a block at a time, so that what is computed with stays in the processor's cache, and the longest of a
block first, so that those with a k-th sample are always the first of the block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from firstlight.query.promql.values import Floats, Times, Windows

BLOCK = 16384
"""How many windows are gone through together."""

Seen = Callable[[int, Floats], None]
"""Told how many windows of the block have another sample, and their values."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some windows with samples: where they stand in the flat grid, where their samples begin, and how many these are.

    The longest comes first.
    """

    where: Times
    first: Times
    count: Times

    def __len__(self) -> int:
        return len(self.where)

    def places(self, skip: int = 0) -> Iterator[Times]:
        """Yield the places of the k-th samples of the windows that have so many, for each k from `skip` on."""
        for k in range(skip, int(self.count[0])):
            many = int(np.searchsorted(-self.count, -k, side="left"))
            yield self.first[:many] + k


def blocks(windows: Windows, at_least: int = 1) -> Iterator[Block]:
    """Yield the windows that have at least so many samples."""
    count = (windows.last - windows.first).ravel()
    where = np.flatnonzero(count >= at_least)
    where = where[np.argsort(-count[where], kind="stable")]
    first = windows.first.ravel()
    for start in range(0, len(where), BLOCK):
        some = where[start : start + BLOCK]
        yield Block(some, first[some], count[some])


def folded(windows: Windows, fold: Callable[[Block], Floats], at_least: int = 1) -> Floats:
    """Return for each window what `fold` makes of the blocks, 0 for those with fewer samples."""
    result = np.zeros(windows.first.size)
    with np.errstate(all="ignore"):
        for block in blocks(windows, at_least):
            result[block.where] = fold(block)
    return result.reshape(windows.first.shape)


class Total:
    """Sums with compensation for what rounding loses, as Prometheus computes them (Neumaier's and Knuth's)."""

    def __init__(self, sums: Floats, *, guarded: bool = True) -> None:
        """Start with `sums`, which are added to in place.

        Unless `guarded`, what was lost of a sum that is not finite has no meaning.
        """
        self.sums = sums
        self.lost = np.zeros(len(sums))
        self.guarded = guarded

    def add(self, values: Floats) -> None:
        """Add to the first sums; `values` are used up."""
        many = len(values)
        sums, lost = self.sums[:many], self.lost[:many]
        total = sums + values
        added = total - sums
        values -= added
        np.subtract(total, added, out=added)
        np.subtract(sums, added, out=added)
        added += values
        lost += added
        if self.guarded and not bool(np.isfinite(total).all()):
            lost[np.isinf(total)] = 0.0
        sums[:] = total
