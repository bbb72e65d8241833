"""What histograms are at the very ends of a range, between two samples, and by how much they grew from end to end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firstlight.query.promql.edges import end_places
from firstlight.query.promql.histogram import Hint, Histogram
from firstlight.query.promql.histogram_ops import (
    Incompatible,
    Note,
    add,
    compact,
    detect_reset,
    mul,
    sub,
    with_hint,
)
from firstlight.query.promql.values import Times, Windows

Point = tuple[int, Histogram]
"""When a sample was taken, and the sample."""


def growth(windows: Windows, row: int, step: int, *, is_counter: bool) -> tuple[Histogram | None, frozenset[Note]]:
    """Return by how much the histograms of one window grew, and notes to be worded; without a result, why."""
    firsts, lasts, present = end_places(_one(windows, row, step))
    if not bool(present[0, 0]) or windows.samples.histograms is None:
        return None, frozenset()
    start, end = int(windows.ends[step]) - windows.range, int(windows.ends[step])
    first, last = int(firsts[0, 0]), int(lasts[0, 0])
    ts: Times = windows.samples.ts
    # From the sample before both ends on: interpolation looks at neighbours.
    points = [(int(ts[k]), windows.samples.histograms[k]) for k in range(first, last + 1)]
    notes: set[Note] = set()
    if is_counter and any(h.hint == Hint.GAUGE for _, h in points):
        notes.add(Note.NOT_COUNTER)
    if any(h.is_custom != points[0][1].is_custom for _, h in points):
        return None, frozenset(notes | {Note.MIXED_SCHEMAS})
    try:
        return _from_end_to_end(points, start, end, notes, windows.edges == "smoothed", is_counter), frozenset(notes)
    except Incompatible:
        return None, frozenset(notes | {Note.MIXED_SCHEMAS})


def _one(windows: Windows, row: int, step: int) -> Windows:
    """Return only one window."""
    one = np.s_[row : row + 1, step : step + 1]
    assert windows.outer_first is not None and windows.outer_last is not None  # noqa: PT018 - what edges always have
    return Windows(
        windows.samples,
        windows.first[one],
        windows.last[one],
        windows.ends[step : step + 1],
        windows.range,
        None,
        windows.edges,
        windows.outer_first[one],
        windows.outer_last[one],
    )


def _from_end_to_end(
    points: Sequence[Point], start: int, end: int, notes: set[Note], is_smoothed: bool, is_counter: bool
) -> Histogram:
    left, right = points[0][1], points[-1][1]
    crossed = is_smoothed and points[0][0] < start
    if crossed:
        left = interpolated(points[0], points[1], start, notes, is_counter=is_counter)
    if is_smoothed and len(points) > 1 and points[-1][0] > end:
        right = interpolated(points[-2], points[-1], end, notes, is_counter=is_counter)
    if not is_counter and (left.hint != Hint.GAUGE or right.hint != Hint.GAUGE):
        notes.add(Note.NOT_GAUGE)
    grown = _sub(right, left, notes)
    if is_counter:
        for before in _before_resets([h for _, h in points], left, right, crossed):
            grown = _add(grown, before, notes)
    return compact(with_hint(grown, Hint.GAUGE))


def _before_resets(whole: Sequence[Histogram], left: Histogram, right: Histogram, crossed: bool) -> list[Histogram]:
    """Return what stood before each reset between the ends; they themselves have accounted for those they cross."""
    first, before = 1, left
    if crossed and detect_reset(whole[1], whole[0]):
        first, before = 2, whole[1]
    if first > len(whole) - 1:
        return []
    found = []
    for h in (*whole[first:-1], right):
        if detect_reset(h, before):
            found.append(before)
        before = h
    return found


def interpolated(one: Point, other: Point, time: int, notes: set[Note], *, is_counter: bool) -> Histogram:
    """Return the histogram at `time` between two samples; a counter that was reset begins anew at the first's time."""
    if time == one[0]:
        return one[1]
    if time == other[0]:
        return other[1]
    share = (time - one[0]) / (other[0] - one[0])
    if is_counter and detect_reset(other[1], one[1]):
        return mul(other[1], share)
    return _add(mul(_sub(other[1], one[1], notes), share), one[1], notes)


def _sub(left: Histogram, right: Histogram, notes: set[Note]) -> Histogram:
    result, told = sub(left, right)
    notes |= told & {Note.BOUNDS_RECONCILED}
    return result


def _add(left: Histogram, right: Histogram, notes: set[Note]) -> Histogram:
    result, told = add(left, right)
    if Note.BOUNDS_RECONCILED in told:
        notes.add(Note.RECONCILED_IN_SUM)
    return result
