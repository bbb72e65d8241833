"""Where times stand among the samples of many series at once, and samples without some of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstlight.query.promql.values import Floats, Mask, Objects, Samples, Times, Windows, is_stale

NUDGES = 2
"""How often a guess is moved by one place before it is given up."""


def places(samples: Samples, times: Times) -> Times:
    """Return for each series and each of `times` the place behind its last sample that is not later.

    Samples are mostly taken at a steady pace, so the place is guessed from that, and searched for where that fails.
    """
    shape = (len(samples), len(times))
    starts, ends = samples.offsets[:-1, None], samples.offsets[1:, None]
    if not len(samples.ts):
        return np.broadcast_to(starts, shape).copy()
    found = np.clip(_paced(samples, times), starts, ends)
    low = np.minimum(starts, len(samples.ts) - 1)
    high = np.maximum(ends - 1, 0)
    for _ in range(NUDGES):
        behind = (found < ends) & (samples.ts[np.minimum(found, high)] <= times)
        ahead = (found > starts) & (samples.ts[np.maximum(found - 1, low)] > times)
        if not bool(behind.any() or ahead.any()):
            return found
        found += behind
        found -= ahead
    wrong = (found < ends) & (samples.ts[np.minimum(found, high)] <= times)
    wrong |= (found > starts) & (samples.ts[np.maximum(found - 1, low)] > times)
    rows, columns = np.nonzero(wrong)
    if len(rows):
        found[rows, columns] = _searched(samples, rows, times[columns])
    return found


def _paced(samples: Samples, times: Times) -> Times:
    """Return about where times stand, if all samples of a series are as far from each other."""
    end = len(samples.ts) - 1
    first = samples.ts[np.minimum(samples.offsets[:-1], end)][:, None]
    last = samples.ts[np.maximum(samples.offsets[1:] - 1, 0)][:, None]
    gaps = np.maximum(np.diff(samples.offsets) - 1, 0)[:, None]
    pace = gaps / np.maximum(last - first, 1)
    since = np.clip(times - first, -1, last - first + 1)
    guessed: Times = np.floor(since * pace + 1e-9).astype(np.int64)
    guessed += samples.offsets[:-1, None] + 1
    return guessed


def _searched(samples: Samples, rows: Times, times: Times) -> Times:
    """Return the same for some series, each with a time of its own, by one binary search in all of them at once."""
    low, high = samples.offsets[rows], samples.offsets[rows + 1]
    end = len(samples.ts) - 1
    for _ in range(int((high - low).max()).bit_length()):
        middle = (low + high) >> 1
        later = samples.ts[np.minimum(middle, end)] > times
        unsure = low < high
        low, high = np.where(unsure & ~later, middle + 1, low), np.where(unsure & later, middle, high)
    return low


def kept(samples: Samples, keep: Mask) -> tuple[Samples, Times]:
    """Return only the samples that are to be kept, and for each old place the new one."""
    moved = np.zeros(len(keep) + 1, dtype=np.int64)
    np.cumsum(keep, out=moved[1:])
    histograms = None if samples.histograms is None else samples.histograms[keep]
    if histograms is not None and not bool(filled(histograms).any()):
        histograms = None
    starts = None if samples.starts is None else samples.starts[keep]
    fewer = Samples(samples.labels, moved[samples.offsets], samples.ts[keep], samples.floats[keep], histograms, starts)
    return fewer, moved


def stale(samples: Samples) -> Mask:
    """Return which samples are staleness markers."""
    marked = is_stale(samples.floats)
    if samples.histograms is not None:
        marked = marked & ~are_histograms(samples)
        for place in np.flatnonzero(are_histograms(samples)).tolist():
            marked[place] = samples.histograms[place].is_stale
    return marked


def live(samples: Samples) -> Samples:
    """Return the samples without the staleness markers."""
    if samples.histograms is not None and not bool(are_histograms(samples).any()):
        samples = replace(samples, histograms=None)
    marked = stale(samples)
    return kept(samples, ~marked)[0] if bool(marked.any()) else samples


def are_histograms(samples: Samples) -> Mask:
    """Return which samples are histograms."""
    if samples.histograms is None:
        return np.zeros(len(samples.ts), dtype=bool)
    return filled(samples.histograms)


def filled(histograms: Objects) -> Mask:
    """Return where there is a histogram."""
    found: Mask = np.not_equal(histograms, np.array(None, dtype=object))
    return found


def at(values: Floats, where: Times) -> Floats:
    """Return the values at places, of which those beyond either end have no meaning."""
    if not len(values):
        return np.zeros(where.shape)
    return values[np.clip(where, 0, len(values) - 1)]


def times_at(ts: Times, where: Times) -> Times:
    """Return the times at places, of which those beyond either end have no meaning."""
    if not len(ts):
        return np.zeros(where.shape, dtype=np.int64)
    return ts[np.clip(where, 0, len(ts) - 1)]


def split(windows: Windows) -> tuple[Windows, Windows | None]:
    """Return the same windows over the floats only, and over the histograms only if there are any."""
    if windows.samples.histograms is None:
        return windows, None
    are = are_histograms(windows.samples)
    return _over(windows, ~are), _over(windows, are)


def _over(windows: Windows, keep: Mask) -> Windows:
    samples, moved = kept(windows.samples, keep)
    outer_first, outer_last = windows.outer_first, windows.outer_last
    return Windows(
        samples,
        moved[windows.first],
        moved[windows.last],
        windows.ends,
        windows.range,
        windows.nameless,
        windows.edges,
        None if outer_first is None else moved[outer_first],
        None if outer_last is None else moved[outer_last],
    )


def objects(shape: tuple[int, ...]) -> Objects:
    """Return an array for histograms, without any."""
    return np.full(shape, None, dtype=object)
