"""How often samples change or fall, and by how much counters were set back, within windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from firstlight.query.promql.context import Context
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops import detect_reset, equals
from firstlight.query.promql.places import are_histograms, times_at
from firstlight.query.promql.starts import begun_anew, known_starts
from firstlight.query.promql.values import Floats, Mask, Samples, Times, Value, Vector, Windows
from firstlight.query.promql.windows import vector_of


def lost(samples: Samples, fell: Times, first: Times, last: Times) -> Floats | float:
    """Return for the samples from `first` to before `last` the sum of what stood before each fall.

    `fell` are the places of samples that are lower than, or begin anew after, the one before them, which must be
    within the window as well.
    """
    if not len(fell):
        return 0.0
    start, end = np.searchsorted(fell, first + 1), np.searchsorted(fell, last)
    some = end > start
    sums = np.zeros(first.shape)
    if bool(some.any()):
        before = np.append(samples.floats[fell - 1], 0.0)
        pairs = np.stack([start[some], end[some]], axis=-1).ravel()
        sums[some] = np.add.reduceat(before, pairs)[::2]
    return sums


def falls(samples: Samples, starts: Times | None) -> Times:
    """Return the places of samples of floats that are lower than, or begin anew after, the one before them.

    The first samples of series may be among them; no window has anything before these.
    """
    values = samples.floats
    fell = values[1:] < values[:-1]
    if starts is not None:
        fell = fell | begun_anew(samples.ts, starts)
    found: Times = np.flatnonzero(fell) + 1
    return found


def changes(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Count how often the value changes (`changes`)."""
    values = windows.samples.floats
    differs = (values[1:] != values[:-1]) & ~(np.isnan(values[1:]) & np.isnan(values[:-1]))
    return _counted(windows, _with_histograms(windows.samples, differs, _unequal), context)


def resets(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Count how often a counter is set back (`resets`)."""
    samples = windows.samples
    values = samples.floats
    starts = known_starts(samples, context)
    fell = _with_histograms(samples, values[1:] < values[:-1], detect_reset)
    if starts is not None:
        fell = fell | begun_anew(samples.ts, starts)
    return _counted(windows, fell, context)


def _unequal(one: Histogram, other: Histogram) -> bool:
    return not equals(one, other)


def _with_histograms(samples: Samples, floats: Mask, differ: Callable[[Histogram, Histogram], bool]) -> Mask:
    """Return the same for all samples: a float beside a histogram always differs."""
    if samples.histograms is None:
        return floats
    are = are_histograms(samples)
    found = np.where(are[1:] | are[:-1], are[1:] != are[:-1], floats)
    for place in np.flatnonzero(are[1:] & are[:-1]).tolist():
        found[place] = differ(samples.histograms[place + 1], samples.histograms[place])
    return found


def _counted(windows: Windows, found: Mask, context: Context) -> Vector:
    """Return how many pairs of neighbours within each window were found."""
    first, last = anchored(windows) if windows.edges == "anchored" else (windows.first, windows.last)
    samples = len(windows.samples.ts)
    counts = np.zeros(samples + 2, dtype=np.int64)
    np.cumsum(found, out=counts[2 : 2 + len(found)])
    within = counts[last] - counts[np.minimum(first + 1, samples)]
    return vector_of(windows, within.astype(np.float64), last > first, context)


def anchored(windows: Windows) -> tuple[Times, Times]:
    """Return the windows with the sample before each, if there is one near enough; none where there is only that."""
    if windows.outer_first is None:
        return windows.first, windows.last
    first = np.maximum(windows.first - 1, windows.outer_first)
    return np.where(windows.last > windows.first, first, windows.last), windows.last


def durations(ts: Times, first: Times, last: Times) -> tuple[Times, Times]:
    """Return the times of the first and of the last sample of each window."""
    return times_at(ts, first), times_at(ts, last - 1)
