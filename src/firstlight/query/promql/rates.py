"""How fast samples grow: rate, increase and delta, extrapolated to the whole range, and irate and idelta."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.query.promql import edges, rate_histograms
from firstlight.query.promql.context import Context
from firstlight.query.promql.extrapolation import Stretch, factors
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.places import are_histograms, at, filled, objects, split, times_at
from firstlight.query.promql.regression import deriv, predict_linear
from firstlight.query.promql.resets import changes, falls, lost, resets
from firstlight.query.promql.smoothing import double_exponential_smoothing
from firstlight.query.promql.starts import begun_anew, known_starts, warn_of_overlaps
from firstlight.query.promql.values import Floats, Mask, Samples, Times, Value, Vector, Windows
from firstlight.query.promql.windows import metric, rows_with, span_of, vector_of, warn_of_mix

RangeFunction = Callable[[Windows, Sequence[Value], Context], Vector]

_COUNTER_ENDINGS: Final = ("_total", "_sum", "_count", "_bucket")


def _extrapolated(
    windows: Windows, args: Sequence[Value], context: Context, *, is_counter: bool, is_rate: bool
) -> Vector:
    """Return by how much each series grew within the range, or how fast."""
    floats, histograms = split(windows)
    if windows.edges:
        grown, present = edges.float_growth(floats, is_counter=is_counter)
    else:
        grown, present = _float_growth(floats, context, is_counter=is_counter)
    if is_rate:
        grown = grown / (windows.range / 1000)
    told = rows_with(present) if is_counter else []
    whole = None
    if histograms is not None:
        whole = objects(present.shape)
        beside = rate_histograms.edged if windows.edges else rate_histograms.extrapolated
        mixed = beside(windows, floats, histograms, whole, context, is_counter=is_counter, is_rate=is_rate)
        warn_of_mix(windows, mixed, context, span_of(0, context))
        present = (present & ~mixed) | filled(whole)
        told = rows_with(present & ~filled(whole)) if is_counter else []
    doubt_counters((metric(windows, row) for row in told), context)
    return vector_of(windows, grown, present, context, histograms=whole)


def is_called_a_counter(name: str) -> bool:
    """Return whether the name of a metric ends as those of counters do."""
    return name.endswith(_COUNTER_ENDINGS)


def doubt_counters(names: Iterable[str], context: Context) -> None:
    """Tell of metrics that are treated as counters, but not called like some."""
    for name in dict.fromkeys(names):
        if name and not is_called_a_counter(name):
            text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:"
            context.annotations.info(f"{text} {quote(name)}", span_of(0, context))


def _float_growth(windows: Windows, context: Context, *, is_counter: bool) -> tuple[Floats, Mask]:
    """Return by how much the floats of each window grew, as far as can be told for the whole of its range."""
    samples, first, last = windows.samples, windows.first, windows.last
    present = last - first > 1
    earliest = at(samples.floats, first)
    with np.errstate(all="ignore"):
        grown = at(samples.floats, last - 1) - earliest
        starts = None
        if is_counter:
            starts = known_starts(samples, context)
            grown = grown + lost(samples, falls(samples, starts), first, last)
        stretch = Stretch.of(windows)
        if starts is not None and len(starts):
            warn_of_overlaps(windows, starts, context, 0)
            start = times_at(starts, first)
            begins = (last > first) & stretch.begins_within(start)
            grown = np.where(begins, grown + earliest, grown)
            present = present | begins
            return grown * factors(stretch, earliest, grown, is_counter=True, start=np.where(begins, start, 0)), present
        return grown * factors(stretch, earliest, grown, is_counter=is_counter), present


def _instant(windows: Windows, args: Sequence[Value], context: Context, *, is_rate: bool) -> Vector:
    """Return the growth between the last two samples of each window, for a rate by the second."""
    samples = windows.samples
    newest, before = windows.last - 1, windows.last - 2
    elapsed = times_at(samples.ts, newest) - times_at(samples.ts, before)
    present = (windows.last - windows.first > 1) & (elapsed != 0)
    with np.errstate(all="ignore"):
        value = at(samples.floats, newest)
        grown = value - at(samples.floats, before)
        if is_rate:
            anew = _anew(samples, newest, before, context)
            grown = np.where((value < at(samples.floats, before)) | anew, value, grown) / (elapsed / 1000)
    if samples.histograms is None:
        return vector_of(windows, grown, present, context)
    are = are_histograms(samples)
    late, early = (are[np.clip(place, 0, None)] for place in (newest, before))
    warn_of_mix(windows, present & (late != early), context, span_of(0, context))
    both = present & late & early
    whole = rate_histograms.instant(windows, both, elapsed, context, is_rate=is_rate)
    present = (present & ~late & ~early) | filled(whole)
    return vector_of(windows, grown, present, context, histograms=whole)


def _anew(samples: Samples, newest: Times, before: Times, context: Context) -> Mask | bool:
    starts = known_starts(samples, context)
    if starts is None or len(starts) < 2:
        return False
    anew: Mask = begun_anew(samples.ts, starts)[np.clip(before, 0, len(starts) - 2)]
    return anew


FUNCTIONS: Final[Mapping[str, RangeFunction]] = MappingProxyType(
    {
        "rate": partial(_extrapolated, is_counter=True, is_rate=True),
        "increase": partial(_extrapolated, is_counter=True, is_rate=False),
        "delta": partial(_extrapolated, is_counter=False, is_rate=False),
        "irate": partial(_instant, is_rate=True),
        "idelta": partial(_instant, is_rate=False),
        "changes": changes,
        "resets": resets,
        "deriv": deriv,
        "predict_linear": predict_linear,
        "double_exponential_smoothing": double_exponential_smoothing,
    }
)
"""The functions of this module and its neighbours, by name."""
