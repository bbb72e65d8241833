"""From samples to the windows of a range selector, and from windows to the vector that a function makes of them."""

from __future__ import annotations

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.labels import METADATA, NAME, value_of, without
from firstlight.query.promql.places import filled, live, places
from firstlight.query.promql.values import Floats, Mask, Objects, Samples, Times, Vector, Windows


def windows_of(
    samples: Samples, ends: Times, span: int, *, edges: str = "", lookback: int = 0, nameless: Mask | None = None
) -> Windows:
    """Return the windows of `span` milliseconds that end at `ends`, which ascend."""
    samples = live(samples)
    if not edges:
        first, last = _bounds(samples, ends - span, ends)
        return Windows(samples, first, last, ends, span, nameless)
    first, last = _bounds(samples, ends - span, ends)
    ahead = lookback if edges == "smoothed" else 0
    outer_first, outer_last = _bounds(samples, ends - span - lookback, ends + ahead)
    return Windows(samples, first, last, ends, span, nameless, edges, outer_first, outer_last)


def _bounds(samples: Samples, starts: Times, ends: Times) -> tuple[Times, Times]:
    """Return the places behind `starts` and behind `ends`, looking up but once what is in both."""
    times = np.unique(np.concatenate([starts, ends]))
    if len(times) == len(starts) + len(ends):
        return places(samples, starts), places(samples, ends)
    found = places(samples, times)
    first, last = np.searchsorted(times, starts), np.searchsorted(times, ends)
    if len(ends) > 1 and bool((np.diff(first) == 1).all()):
        # Views, where steps and range fit: nothing is copied.
        return found[:, first[0] : first[-1] + 1], found[:, last[0] : last[-1] + 1]
    return found[:, first], found[:, last]


def span_of(windows_place: int, context: Context) -> Span:
    """Return where the argument at a place stands in the query."""
    return context.arg_spans[windows_place] if windows_place < len(context.arg_spans) else context.span


def metric(windows: Windows, row: int) -> str:
    """Return the name of the metric of a series, as annotations call it."""
    return value_of(windows.labels[row], NAME)


def rows_with(mask: Mask) -> list[int]:
    """Return the series for which something holds at any step."""
    found: list[int] = np.flatnonzero(mask.any(axis=1)).tolist()
    return found


def warn_of_mix(windows: Windows, mixed: Mask, context: Context, at: Span) -> None:
    """Tell of windows without a result, because there are floats and histograms in them."""
    for row in rows_with(mixed):
        name = quote(metric(windows, row))
        context.annotations.warn(f"encountered a mix of histograms and floats for metric name {name}", at)


def inform_of_ignored(windows: Windows, mixed: Mask, context: Context, at: Span) -> None:
    """Tell of windows whose histograms do not count, because there are floats in them."""
    for row in rows_with(mixed):
        text = "ignored histograms in a range containing both floats and histograms for metric name"
        context.annotations.info(f"{text} {quote(metric(windows, row))}", at)


def vector_of(
    windows: Windows,
    floats: Floats,
    present: Mask,
    context: Context,
    *,
    histograms: Objects | None = None,
    keeps_name: bool = False,
) -> Vector:
    """Return what a function made of each window, with the labels of the series it is from, without empty series."""
    labels, nameless = windows.labels, windows.nameless
    if context.switches.delayed_name_removal and not keeps_name:
        nameless = np.ones(len(labels), dtype=bool)
    some = np.asarray(present.any(axis=1))
    if not bool(some.all()):
        labels = [each for each, there in zip(labels, some.tolist(), strict=True) if there]
        floats, present = floats[some], present[some]
        histograms = None if histograms is None else histograms[some]
        nameless = None if nameless is None else nameless[some]
    if not context.switches.delayed_name_removal and not keeps_name:
        labels = [without(each, METADATA) for each in labels]
        if len(set(labels)) < len(labels):
            raise EvaluationFailed("vector cannot contain metrics with the same labelset")
    if histograms is not None and not bool(filled(histograms).any()):
        histograms = None
    return Vector(labels, floats, present, histograms, nameless)
