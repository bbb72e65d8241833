"""Selectors with `anchored` or `smoothed` edges: the values at the very ends of a range, taken from neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstlight.query.promql.places import at, kept, times_at
from firstlight.query.promql.resets import falls, lost
from firstlight.query.promql.values import Floats, Mask, Samples, Times, Windows

ALLOWED = {
    "anchored": ("changes", "delta", "increase", "rate", "resets"),
    "smoothed": ("delta", "increase", "rate"),
}
"""Which functions can be used with which edges."""


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Which samples stand at the two ends of each window, and what the value there is taken to be."""

    first: Times
    last: Times
    left: Floats
    right: Floats
    present: Mask


def end_places(windows: Windows) -> tuple[Times, Times, Mask]:
    """Return the places of the samples at both ends, and where there is anything between them."""
    ts, starts, ends = windows.samples.ts, windows.ends - windows.range, windows.ends
    outer_first = windows.first if windows.outer_first is None else windows.outer_first
    outer_last = windows.last if windows.outer_last is None else windows.outer_last
    newest = outer_last - 1
    first = np.maximum(np.minimum(windows.first, newest) - 1, outer_first)
    last = newest
    if windows.edges == "smoothed":
        # The first sample that is not before the end.
        touching = (windows.last > outer_first) & (times_at(ts, windows.last - 1) == ends)
        last = np.minimum(np.where(touching, windows.last - 1, windows.last), newest)
    present = (outer_last > outer_first) & (times_at(ts, last) > starts)
    if windows.edges == "smoothed":
        present &= times_at(ts, first) <= ends
    return first, last, present


def ends_of(windows: Windows, *, is_counter: bool) -> Ends:
    """Return what stands at the ends of each window of floats."""
    ts, values = windows.samples.ts, windows.samples.floats
    starts, ends = windows.ends - windows.range, windows.ends
    first, last, present = end_places(windows)
    left, right = at(values, first), at(values, last)
    if windows.edges == "smoothed":
        outer_first = windows.first if windows.outer_first is None else windows.outer_first
        before = times_at(ts, first) < starts
        left = np.where(before, between(windows.samples, first, starts, is_counter=is_counter), left)
        after = (last > outer_first) & (times_at(ts, last) > ends)
        right = np.where(after, between(windows.samples, last - 1, ends, is_counter=is_counter), right)
    return Ends(first, last, left, right, present)


def between(samples: Samples, place: Times, time: Times, *, is_counter: bool) -> Floats:
    """Return the value at `time`, on the line from the sample at `place` to the next; a counter falls to 0 at once."""
    one, other = at(samples.floats, place), at(samples.floats, place + 1)
    if is_counter:
        one = np.where(other < one, 0.0, one)
    since, until = times_at(samples.ts, place), times_at(samples.ts, place + 1)
    return one + (other - one) * (time - since).astype(np.float64) / (until - since).astype(np.float64)


def float_growth(windows: Windows, *, is_counter: bool) -> tuple[Floats, Mask]:
    """Return by how much floats grew from one end of each range to the other, resets of a counter accounted for."""
    samples = windows.samples
    with np.errstate(all="ignore"):
        found = ends_of(windows, is_counter=is_counter)
        grown = found.right - found.left
        if not is_counter:
            return grown, found.present
        starts, ends = windows.ends - windows.range, windows.ends
        first = found.first + (times_at(samples.ts, found.first) <= starts)
        last = found.last - (times_at(samples.ts, found.last) >= ends)
        inner = found.present & (first <= last)
        # Resets between samples within, then those from the left end to them and from them to the right end.
        grown = grown + np.where(inner, lost(samples, falls(samples, None), first, last + 1), 0.0)
        earliest, latest = at(samples.floats, first), at(samples.floats, last)
        grown = grown + np.where(inner & (earliest < found.left), found.left, 0.0)
        before = np.where(inner, latest, found.left)
        grown = grown + np.where(found.right < before, before, 0.0)
    return grown, found.present


def extended(windows: Windows) -> Samples:
    """Return the samples of an instant query's windows with one more at each end of the range."""
    found = ends_of(windows, is_counter=False)
    samples, start, end = windows.samples, windows.ends[0] - windows.range, windows.ends[0]
    kept_ones: list[tuple[Times, Floats]] = []
    for row in np.flatnonzero(found.present[:, 0]).tolist():
        first, last = int(found.first[row, 0]), int(found.last[row, 0])
        first += int(samples.ts[first] <= start)
        last -= int(samples.ts[last] >= end)
        inner = slice(first, last + 1)
        ts = np.concatenate([[start], samples.ts[inner], [end]])
        values = np.concatenate([found.left[row], samples.floats[inner], found.right[row]])
        kept_ones.append((ts.astype(np.int64), values))
    labels = [samples.labels[row] for row in np.flatnonzero(found.present[:, 0]).tolist()]
    offsets = np.cumsum([0, *(len(ts) for ts, _ in kept_ones)])
    if not kept_ones:
        return kept(Samples(labels, offsets, samples.ts[:0], samples.floats[:0]), np.zeros(0, dtype=bool))[0]
    ts, values = (np.concatenate(each) for each in zip(*kept_ones, strict=True))
    return Samples(labels, offsets, ts, values)
