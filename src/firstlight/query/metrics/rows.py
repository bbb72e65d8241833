"""Samples as columns, on their way from the engine to the values of PromQL: in order, and each time once."""

from __future__ import annotations

import numpy as np

from firstlight.query.promql.histogram_ops import stored_hints
from firstlight.query.promql.places import filled
from firstlight.query.promql.values import Floats, Mask, Objects, Times


class Rows:
    """Samples, each with the row of its series."""

    __slots__ = ("floats", "histograms", "rows", "starts", "ts")

    def __init__(
        self, rows: Times, ts: Times, floats: Floats, histograms: Objects | None = None, starts: Times | None = None
    ) -> None:
        self.rows, self.ts, self.floats, self.histograms, self.starts = rows, ts, floats, histograms, starts

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def none(cls) -> Rows:
        """Return no samples."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))

    def take(self, which: Times | Mask) -> Rows:
        """Return the samples at some places."""
        return Rows(
            self.rows[which],
            self.ts[which],
            self.floats[which],
            None if self.histograms is None else self.histograms[which],
            None if self.starts is None else self.starts[which],
        )

    def since(self, start_ms: int) -> Rows:
        """Return the samples from a time on; with no histogram among them, as floats alone."""
        early = self.ts < start_ms
        rows = self.take(~early) if early.any() else self
        if rows.histograms is not None and not filled(rows.histograms).any():
            rows.histograms = None
        return rows

    def repeats(self) -> Mask:
        """Return which samples, the last left out, are followed by one of the same series and time."""
        found: Mask = (self.rows[1:] == self.rows[:-1]) & (self.ts[1:] == self.ts[:-1])
        return found

    def once(self) -> Rows:
        """Return the last of the samples of each time."""
        repeats = self.repeats()
        return self.take(np.append(~repeats, True)) if repeats.any() else self

    def contradicts(self) -> bool:
        """Return whether there are floats of the same series and time that differ."""
        repeats = self.repeats()
        if not repeats.any():
            return False
        bits = self.floats.view(np.uint64)
        return bool((repeats & (bits[1:] != bits[:-1])).any())

    def ordered(self) -> Rows:
        """Return the samples sorted by row and time. They come in runs that are, so as a rule only runs are moved."""
        count = len(self)
        breaks = np.flatnonzero((self.rows[1:] != self.rows[:-1]) | (self.ts[1:] < self.ts[:-1])) + 1
        if not len(breaks):
            return self
        firsts = np.concatenate([[0], breaks])
        order = np.lexsort((self.ts[firsts], self.rows[firsts]))
        ends = np.append(breaks, count)[order]
        firsts = firsts[order]
        same = self.rows[firsts[1:]] == self.rows[firsts[:-1]]
        if bool((same & (self.ts[firsts[1:]] < self.ts[ends[:-1] - 1])).any()):
            return self.take(np.lexsort((self.ts, self.rows)))
        if bool((np.diff(order) == 1).all()):
            return self
        lengths = ends - firsts
        starts = np.cumsum(lengths) - lengths
        return self.take(np.repeat(firsts - starts, lengths) + np.arange(count))


def joined(floats: Rows, histograms: Rows) -> Rows:
    """Return both in order; where a float and a histogram have the same time, the histogram."""
    places = np.concatenate([floats.rows, histograms.rows])
    ts = np.concatenate([floats.ts, histograms.ts])
    objects = np.full(len(places), None, dtype=object)
    objects[len(floats) :] = histograms.histograms
    starts = None
    if floats.starts is not None and histograms.starts is not None:
        starts = np.concatenate([floats.starts, histograms.starts])
    both = Rows(places, ts, np.concatenate([floats.floats, histograms.floats]), objects, starts)
    return both.take(np.lexsort((ts, places))).once()


def hinted(rows: Rows) -> Rows:
    """Return samples, which are in order, with histograms that say what is known of resets since the one before."""
    if rows.histograms is None:
        return rows
    there = np.flatnonzero(filled(rows.histograms))
    told = rows.histograms.copy()
    for row in np.unique(rows.rows[there]).tolist():
        first, last = np.searchsorted(rows.rows, [row, row + 1])
        told[first:last] = stored_hints(rows.histograms[first:last].tolist())
    return Rows(rows.rows, rows.ts, rows.floats, told, rows.starts)
