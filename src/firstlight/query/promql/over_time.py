"""What stands in a window, made one value: `sum_over_time` and its like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.query.promql import window_sums
from firstlight.query.promql.context import Context
from firstlight.query.promql.folding import Block, folded
from firstlight.query.promql.go_numbers import brief_text
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_notes import tell
from firstlight.query.promql.histogram_ops import Incompatible, Note, mean, total
from firstlight.query.promql.places import at, filled, objects, split, times_at
from firstlight.query.promql.quantiles import deviations, quantiles
from firstlight.query.promql.values import Floats, Mask, Objects, Scalar, Value, Vector, Windows
from firstlight.query.promql.windows import (
    inform_of_ignored,
    metric,
    span_of,
    vector_of,
    warn_of_mix,
)

RangeFunction = Callable[[Windows, Sequence[Value], Context], Vector]


def _count(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Return how many samples there are."""
    count = windows.last - windows.first
    return vector_of(windows, count.astype(np.float64), count > 0, context)


def _present(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Return 1 where there are any samples."""
    present = windows.last > windows.first
    return vector_of(windows, np.ones(present.shape), present, context)


def _pick(windows: Windows, args: Sequence[Value], context: Context, *, newest: bool) -> Vector:
    """Return the first or the last sample, under its own name."""
    samples, present = windows.samples, windows.last > windows.first
    place = windows.last - 1 if newest else windows.first
    histograms = None
    if samples.histograms is not None:
        histograms = samples.histograms[np.clip(place, 0, len(samples.ts) - 1)]
        histograms[~present] = None
    return vector_of(windows, at(samples.floats, place), present, context, histograms=histograms, keeps_name=True)


def _pick_time(windows: Windows, args: Sequence[Value], context: Context, *, newest: bool) -> Vector:
    """Return when the first or the last sample was taken, in seconds."""
    place = windows.last - 1 if newest else windows.first
    present = windows.last > windows.first
    return vector_of(windows, times_at(windows.samples.ts, place) / 1000, present, context)


def _floats(windows: Windows, context: Context, place: int) -> tuple[Windows, Mask]:
    """Return the floats of the windows and where there are any, with an info where histograms are ignored."""
    floats, histograms = split(windows)
    present = floats.last > floats.first
    if histograms is not None:
        ignored = present & (histograms.last > histograms.first)
        inform_of_ignored(windows, ignored, context, span_of(place, context))
    return floats, present


def _of_floats(
    windows: Windows, args: Sequence[Value], context: Context, *, compute: Callable[[Windows], Floats]
) -> Vector:
    """Return what `compute` makes of the floats."""
    floats, present = _floats(windows, context, 0)
    with np.errstate(all="ignore"):
        return vector_of(windows, compute(floats), present, context)


def _extreme(windows: Windows, *, highest: bool) -> Floats:
    """Return the highest or lowest value, NaN only if there is no other."""
    first, last = windows.first, windows.last
    some = last > first
    found = np.zeros(first.shape)
    if bool(some.any()):
        values = np.append(windows.samples.floats, np.nan)
        pairs = np.stack([first[some], last[some]], axis=-1).ravel()
        choose = np.fmax if highest else np.fmin
        found[some] = choose.reduceat(values, pairs)[::2]
    return found


def _time_of_extreme(windows: Windows, *, highest: bool) -> Floats:
    """Return when the highest or lowest value was last seen, in seconds."""
    values, ts = windows.samples.floats, windows.samples.ts

    def fold(block: Block) -> Floats:
        best, when = values[block.first], ts[block.first]
        for places in block.places(skip=1):
            many = len(places)
            value = values[places]
            better = value >= best[:many] if highest else value <= best[:many]
            better |= np.isnan(best[:many])
            best[:many] = np.where(better, value, best[:many])
            when[:many] = np.where(better, ts[places], when[:many])
        return when / 1000

    return folded(windows, fold)


def _quantile(windows: Windows, args: Sequence[Value], context: Context) -> Vector:
    """Return the value below which the given share of the samples lies."""
    share = next(each.values for each in args if isinstance(each, Scalar))
    floats, present = _floats(windows, context, 0)
    for q in dict.fromkeys(share[present.any(axis=0) & ~((share >= 0) & (share <= 1))].tolist()):
        context.annotations.warn(f"quantile value should be between 0 and 1, got {brief_text(q)}", span_of(0, context))
    return vector_of(windows, quantiles(floats, share), present, context)


def _sum_or_mean(
    windows: Windows,
    args: Sequence[Value],
    context: Context,
    *,
    compute: Callable[[Windows], Floats],
    combine: Callable[[Sequence[Histogram]], tuple[Histogram, frozenset[Note]]],
) -> Vector:
    """Return sum or mean, of floats or of histograms; there is none of both."""
    floats, histograms = split(windows)
    present = floats.last > floats.first
    result = compute(floats)
    if histograms is None:
        return vector_of(windows, result, present, context)
    some = histograms.last > histograms.first
    warn_of_mix(windows, some & present, context, span_of(0, context))
    whole = _combined(histograms, some & ~present, combine, context)
    return vector_of(windows, result, (present & ~some) | filled(whole), context, histograms=whole)


def _combined(
    windows: Windows,
    wanted: Mask,
    combine: Callable[[Sequence[Histogram]], tuple[Histogram, frozenset[Note]]],
    context: Context,
) -> Objects:
    whole = objects(wanted.shape)
    if windows.samples.histograms is None:
        return whole
    for row, step in np.argwhere(wanted).tolist():
        samples = windows.samples.histograms[windows.first[row, step] : windows.last[row, step]].tolist()
        try:
            whole[row, step], notes = combine(samples)
        except Incompatible:
            notes = frozenset({Note.MIXED_SCHEMAS})
        tell(notes, "aggregation", metric(windows, row), context.annotations, span_of(0, context))
    return whole


FUNCTIONS: Final[Mapping[str, RangeFunction]] = MappingProxyType(
    {
        "count_over_time": _count,
        "present_over_time": _present,
        "first_over_time": partial(_pick, newest=False),
        "last_over_time": partial(_pick, newest=True),
        "ts_of_first_over_time": partial(_pick_time, newest=False),
        "ts_of_last_over_time": partial(_pick_time, newest=True),
        "min_over_time": partial(_of_floats, compute=partial(_extreme, highest=False)),
        "max_over_time": partial(_of_floats, compute=partial(_extreme, highest=True)),
        "ts_of_min_over_time": partial(_of_floats, compute=partial(_time_of_extreme, highest=False)),
        "ts_of_max_over_time": partial(_of_floats, compute=partial(_time_of_extreme, highest=True)),
        "sum_over_time": partial(_sum_or_mean, compute=window_sums.sums, combine=total),
        "avg_over_time": partial(_sum_or_mean, compute=window_sums.means, combine=mean),
        "stdvar_over_time": partial(_of_floats, compute=window_sums.variances),
        "stddev_over_time": partial(_of_floats, compute=lambda windows: np.sqrt(window_sums.variances(windows))),
        "quantile_over_time": _quantile,
        "mad_over_time": partial(_of_floats, compute=deviations),
    }
)
"""The functions of this module, by name."""
