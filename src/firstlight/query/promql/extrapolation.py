"""How far the growth between the first and the last sample of a window is taken to go on to the ends of its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstlight.query.promql.places import times_at
from firstlight.query.promql.values import Floats, Mask, Times, Windows

NEAR = 1.1
"""How many mean distances between samples an end may be away, for the series to be taken to reach it."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Where the samples of each window lie in its range; times in milliseconds."""

    first: Times
    """When the first sample was taken."""
    last: Times
    """When the last one was."""
    gaps: Times
    """How many distances between samples there are: one less than samples."""
    starts: Times
    """When each step's range begins."""
    ends: Times

    @classmethod
    def of(cls, windows: Windows) -> Stretch:
        """Return where the samples of `windows` lie."""
        ts = windows.samples.ts
        return cls(
            times_at(ts, windows.first),
            times_at(ts, windows.last - 1),
            windows.last - windows.first - 1,
            windows.ends - windows.range,
            windows.ends,
        )

    def begins_within(self, start: Times) -> Mask:
        """Return whether the counter of the first sample began within the range."""
        within: Mask = (start != 0) & (start > self.starts) & (start < self.first)
        return within


def factors(
    stretch: Stretch, earliest: Floats, grown: Floats, *, is_counter: bool, start: Times | None = None
) -> Floats:
    """Return by what the growth between samples is multiplied to be that of the whole range.

    `earliest` is the value of the first sample: a counter is not taken to have been below 0. `start` is when it began,
    if that is known to be within the range, else 0.
    """
    sampled = (stretch.last - stretch.first) / 1000
    mean = np.where(stretch.gaps > 0, sampled / np.maximum(stretch.gaps, 1), 0.0)
    threshold = mean * NEAR
    ahead = (stretch.first - stretch.starts) / 1000
    behind = (stretch.ends - stretch.last) / 1000
    ahead = np.where(ahead >= threshold, mean / 2, ahead)
    if is_counter:
        to_zero = sampled * (earliest / grown)
        ahead = np.where((grown > 0) & (earliest >= 0) & (to_zero < ahead), to_zero, ahead)
    if start is not None:
        known = start != 0
        ahead = np.where(known, 0.0, ahead)
        sampled = np.where(known, (stretch.last - start) / 1000, sampled)
    behind = np.where(behind >= threshold, mean / 2, behind)
    whole: Floats = np.where(sampled != 0, (sampled + ahead + behind) / sampled, 1.0)
    return whole
