"""A vector as samples: what a subquery hands to the window around it, and what a range query answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstlight.query.promql.histogram import Hint, Histogram
from firstlight.query.promql.places import filled
from firstlight.query.promql.values import Mask, Samples, Times, Vector


def flattened(vector: Vector, times: Times) -> Samples:
    """Return what is present at `times`, series after series."""
    counts = vector.present.sum(axis=1)
    offsets = np.zeros(len(vector) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    ts = np.broadcast_to(times, vector.present.shape)[vector.present]
    histograms = None if vector.histograms is None else vector.histograms[vector.present]
    return Samples(vector.labels, offsets, ts, vector.floats[vector.present], histograms)


def without_hints(samples: Samples) -> Samples:
    """Return the samples of a subquery, which may skip or repeat those of a counter: what was known of resets is not.

    What is not about resets, that a histogram is a gauge, stays known.
    """
    if samples.histograms is None:
        return samples
    unhinted = samples.histograms.copy()
    for place in np.flatnonzero(filled(unhinted)).tolist():
        h: Histogram = unhinted[place]
        if h.hint in (Hint.RESET, Hint.NOT_RESET):
            unhinted[place] = replace(h, hint=Hint.UNKNOWN)
    return replace(samples, histograms=unhinted)


def nameless(vector: Vector) -> Mask | None:
    """Return of which series the name no longer applies, None if of none."""
    return vector.nameless if vector.nameless is not None and bool(vector.nameless.any()) else None
