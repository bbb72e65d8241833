"""The growth of native histograms in windows: one window after the other, where there are histograms at all."""

from __future__ import annotations

import numpy as np

from firstlight.query.promql.context import Context
from firstlight.query.promql.edge_histograms import growth
from firstlight.query.promql.extrapolation import Stretch, factors
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_notes import tell
from firstlight.query.promql.histogram_ops import Incompatible, Note, add, div, mul
from firstlight.query.promql.histogram_rates import delta, increase, last_delta, last_increase
from firstlight.query.promql.places import filled, objects, times_at
from firstlight.query.promql.starts import begun_anew, known_starts, warn_of_overlaps
from firstlight.query.promql.values import Mask, Objects, Times, Windows
from firstlight.query.promql.windows import metric, span_of


def extrapolated(
    windows: Windows,
    floats: Windows,
    histograms: Windows,
    whole: Objects,
    context: Context,
    *,
    is_counter: bool,
    is_rate: bool,
) -> Mask:
    """Put the growth of histograms into `whole`, and return where floats are among them."""
    some = histograms.last > histograms.first
    mixed: Mask = some & (floats.last > floats.first)
    stretch = Stretch.of(histograms)
    starts = known_starts(histograms.samples, context) if is_counter else None
    begins = np.zeros(some.shape, dtype=bool)
    start = np.zeros(some.shape, dtype=np.int64)
    anew: Mask | None = None
    if starts is not None and len(starts):
        start = times_at(starts, histograms.first)
        begins = stretch.begins_within(start) & some
        anew = np.append(False, begun_anew(histograms.samples.ts, starts))
        warn_of_overlaps(histograms, starts, context, 0)
    first, grown = np.zeros(some.shape), np.zeros(some.shape)
    for row, step in np.argwhere(some & ~mixed & (begins | (stretch.gaps > 0))).tolist():
        found = _grown(histograms, row, step, anew, bool(begins[row, step]), context, is_counter=is_counter)
        if found is not None:
            samples = histograms.samples.histograms
            first[row, step] = 0.0 if samples is None else samples[histograms.first[row, step]].count
            grown[row, step], whole[row, step] = found.count, found
    with np.errstate(all="ignore"):
        begun = np.where(begins, start, 0) if starts is not None else None
        factor = factors(stretch, first, grown, is_counter=is_counter, start=begun)
    if is_rate:
        factor = factor / (windows.range / 1000)
    for row, step in np.argwhere(filled(whole)).tolist():
        whole[row, step] = mul(whole[row, step], float(factor[row, step]))
    return mixed


def _grown(
    windows: Windows, row: int, step: int, anew: Mask | None, begins: bool, context: Context, *, is_counter: bool
) -> Histogram | None:
    """Return by how much the histograms of one window grew."""
    place, end = int(windows.first[row, step]), int(windows.last[row, step])
    if windows.samples.histograms is None:
        return None
    samples = windows.samples.histograms[place:end].tolist()
    if len(samples) == 1:
        first: Histogram = samples[0]
        return first
    begun = None if anew is None else anew[place:end].tolist()
    found, notes = increase(samples, begun_anew=begun) if is_counter else delta(samples)
    tell(notes, "subtraction", metric(windows, row), context.annotations, span_of(0, context))
    if found is None or not begins:
        return found
    try:
        found, notes = add(found, samples[0])
    except Incompatible:
        found, notes = None, frozenset({Note.MIXED_SCHEMAS})
    tell(notes - {Note.RESETS_COLLIDE}, "addition", metric(windows, row), context.annotations, span_of(0, context))
    return found


def edged(
    windows: Windows,
    floats: Windows,
    histograms: Windows,
    whole: Objects,
    context: Context,
    *,
    is_counter: bool,
    is_rate: bool,
) -> Mask:
    """Do the same for selectors with edges, where neighbours outside of the range count."""
    there, beside = _outer(histograms), _outer(floats)
    mixed: Mask = there & beside
    for row, step in np.argwhere(there & ~mixed).tolist():
        found, notes = growth(histograms, row, step, is_counter=is_counter)
        tell(notes, "subtraction", metric(windows, row), context.annotations, span_of(0, context))
        if found is not None:
            whole[row, step] = div(found, windows.range / 1000) if is_rate else found
    return mixed


def _outer(windows: Windows) -> Mask:
    assert windows.outer_first is not None and windows.outer_last is not None  # noqa: PT018 - what edges always have
    there: Mask = windows.outer_last > windows.outer_first
    return there


def instant(windows: Windows, both: Mask, elapsed: Times, context: Context, *, is_rate: bool) -> Objects:
    """Return the growth between the last two samples of the windows where `both` are histograms."""
    whole = objects(both.shape)
    samples = windows.samples
    if samples.histograms is None:
        return whole
    starts = known_starts(samples, context) if is_rate else None
    anew = None if starts is None else begun_anew(samples.ts, starts)
    for row, step in np.argwhere(both).tolist():
        place = int(windows.last[row, step]) - 1
        before, last = samples.histograms[place - 1], samples.histograms[place]
        if is_rate:
            begun = anew is not None and bool(anew[place - 1])
            found, notes = last_increase(before, last, begun_anew=begun)
        else:
            found, notes = last_delta(before, last)
        tell(notes, "subtraction", metric(windows, row), context.annotations, span_of(0, context))
        if found is not None:
            whole[row, step] = div(found, float(elapsed[row, step]) / 1000) if is_rate else found
    return whole
