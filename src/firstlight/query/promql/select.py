"""Instant selectors: of each series the last sample before each step, unless it is too old or says that it ended."""

from __future__ import annotations

import numpy as np

from firstlight.query.promql.places import at, filled, places, stale, times_at
from firstlight.query.promql.values import Mask, Objects, Samples, Times, Vector, is_stale


def select(samples: Samples, times: Times, lookback: int) -> Vector:
    """Return what each series has at `times`: its last sample that is not later, if younger than `lookback`."""
    last, present = _last(samples, times, lookback)
    histograms: Objects | None = None
    if samples.histograms is not None and len(samples.ts):
        histograms = samples.histograms[np.clip(last, 0, None)]
        if not bool((present & filled(histograms)).any()):
            histograms = None
    return _some(samples, Vector(samples.labels, at(samples.floats, last), present, histograms))


def select_times(samples: Samples, times: Times, lookback: int) -> Vector:
    """Return of the samples that `select` finds when they were taken, in seconds."""
    last, present = _last(samples, times, lookback)
    return _some(samples, Vector(samples.labels, times_at(samples.ts, last) / 1000, present))


def select_starts(samples: Samples, times: Times, lookback: int) -> Vector:
    """Return of the samples that `select` finds when their counters began, in seconds, 0 if that is not known."""
    last, present = _last(samples, times, lookback)
    starts = np.zeros(len(samples.ts), dtype=np.int64) if samples.starts is None else samples.starts
    return _some(samples, Vector(samples.labels, times_at(starts, last) / 1000, present))


def _last(samples: Samples, times: Times, lookback: int) -> tuple[Times, Mask]:
    last = places(samples, times) - 1
    present = (last >= samples.offsets[:-1, None]) & (times_at(samples.ts, last) > times - lookback)
    if len(samples.ts):
        present &= ~stale_at(samples, last)
    return last, present


def stale_at(samples: Samples, last: Times) -> Mask:
    """Return which of the samples at places are staleness markers."""
    if samples.histograms is None:
        return is_stale(at(samples.floats, last))
    return stale(samples)[np.clip(last, 0, None)]


def _some(samples: Samples, vector: Vector) -> Vector:
    """Return the vector without the series that have nothing at any step."""
    some = np.asarray(vector.present.any(axis=1))
    if bool(some.all()):
        return vector
    labels = [each for each, there in zip(samples.labels, some.tolist(), strict=True) if there]
    histograms = None if vector.histograms is None else vector.histograms[some]
    return Vector(labels, vector.floats[some], vector.present[some], histograms)
