"""Instant selectors that are `smoothed`: the value at the very time of a step, between the samples around it."""

from __future__ import annotations

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.edge_histograms import interpolated
from firstlight.query.promql.edges import between
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.histogram import Hint, Histogram
from firstlight.query.promql.histogram_notes import tell
from firstlight.query.promql.histogram_ops import Incompatible, Note, with_hint
from firstlight.query.promql.labels import NAME, value_of
from firstlight.query.promql.places import at, filled, live, objects, places, split, times_at
from firstlight.query.promql.values import Samples, Times, Vector, Windows


def select_smoothed(samples: Samples, times: Times, lookback: int, annotations: Annotations, span: Span) -> Vector:
    """Return the value of each series at `times`, between samples no further away than `lookback`."""
    samples = live(samples)
    around = Windows(samples, places(samples, times - lookback), places(samples, times + lookback), times, 0)
    at_time = Windows(samples, around.first, places(samples, times), times, 0)
    floats, histograms = split(around)
    before, before_histograms = split(at_time)
    present = before.last > before.first
    with np.errstate(all="ignore"):
        last = before.last - 1
        exact = times_at(floats.samples.ts, last) == times
        alone = exact | (before.last >= floats.last)
        line = between(floats.samples, last, times, is_counter=False)
        values = np.where(alone, at(floats.samples.floats, last), line)
    whole = None
    if histograms is not None and before_histograms is not None:
        some = histograms.last > histograms.first
        mixed = some & (floats.last > floats.first)
        for row in np.flatnonzero(mixed.any(axis=1)).tolist():
            name = quote(value_of(samples.labels[row], NAME))
            annotations.warn(f"encountered a mix of histograms and floats for metric name {name}", span)
        whole = objects(present.shape)
        for row, step in np.argwhere((before_histograms.last > before_histograms.first) & ~mixed).tolist():
            last_place = int(before_histograms.last[row, step]) - 1
            has_next = last_place + 1 < int(histograms.last[row, step])
            whole[row, step], notes = _at(histograms.samples, last_place, has_next, int(times[step]))
            tell(notes, "subtraction", value_of(samples.labels[row], NAME), annotations, span)
        present = (present & ~mixed) | filled(whole)
    keep = np.asarray(present.any(axis=1))
    labels = [labels for labels, there in zip(samples.labels, keep.tolist(), strict=True) if there]
    return Vector(labels, values[keep], present[keep], None if whole is None else whole[keep])


def _at(samples: Samples, place: int, has_next: bool, time: int) -> tuple[Histogram | None, frozenset[Note]]:
    """Return the histogram at `time`, which is that of a sample or later."""
    if samples.histograms is None:
        return None, frozenset()
    when, h = int(samples.ts[place]), samples.histograms[place]
    if when == time:
        return h, frozenset()
    if not has_next:
        # What is known of a reset is known of the sample, not of what is carried on from it.
        return with_hint(h, Hint.UNKNOWN), frozenset()
    following: Histogram = samples.histograms[place + 1]
    if h.is_custom != following.is_custom:
        return None, frozenset({Note.MIXED_SCHEMAS})
    notes: set[Note] = set()
    is_counter = h.hint != Hint.GAUGE or following.hint != Hint.GAUGE
    try:
        later = (int(samples.ts[place + 1]), following)
        return interpolated((when, h), later, time, notes, is_counter=is_counter), frozenset(notes)
    except Incompatible:
        return None, frozenset(notes | {Note.MIXED_SCHEMAS})
