"""What is known of counter resets: through sums, and along a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from firstlight.query.promql.histogram import Hint, Histogram
from firstlight.query.promql.histogram_ops.comparison import detect_reset


def added_hint(left: Hint, right: Hint) -> Hint:
    """Return what is known of the sum of two; that of a reset and none is unknown."""
    if left == right:
        return left
    return Hint.GAUGE if Hint.GAUGE in (left, right) else Hint.UNKNOWN


def collide(hints: Sequence[Hint]) -> bool:
    """Return whether some say that there was a reset, and some that there was none."""
    return Hint.RESET in hints and Hint.NOT_RESET in hints


def stored_hints(series: Sequence[Histogram | None]) -> list[Histogram | None]:
    """Return the samples of a series, in the order of time, with the hints that Prometheus' store answers them with.

    It says nothing of a sample that begins anew, or after one that is no counter; of any other, that it is no reset.
    None stands for a sample that is no histogram.
    """
    told: list[Histogram | None] = []
    before: Histogram | None = None
    for h in series:
        if h is not None and not h.is_stale and h.hint != Hint.GAUGE:
            goes_on = before is not None and before.hint != Hint.GAUGE and _continues(h, before)
            told.append(replace(h, hint=Hint.NOT_RESET if goes_on else Hint.UNKNOWN))
        else:
            told.append(h)
        before = None if h is None or h.is_stale else h
    return told


def _continues(h: Histogram, before: Histogram) -> bool:
    layout = (h.schema, h.zero_threshold, h.custom_bounds)
    if layout != (before.schema, before.zero_threshold, before.custom_bounds) or h.hint == Hint.RESET:
        return False
    return not detect_reset(replace(h, hint=Hint.UNKNOWN), before)


def stats_hints(series: Sequence[Histogram | None]) -> list[Histogram | None]:
    """Return the samples of a series with unknown hints found out by comparing each with the one before it.

    Prometheus does this where a query wants no more than counts and sums of a selector's histograms.
    """
    told: list[Histogram | None] = []
    before: Histogram | None = None
    for h in series:
        hint = h.hint if h is not None else Hint.UNKNOWN
        if h is not None and not h.is_stale:
            if hint == Hint.UNKNOWN and before is not None:
                hint = Hint.RESET if detect_reset(h, before) else Hint.NOT_RESET
            before = h
        told.append(h if h is None or h.hint == hint else replace(h, hint=hint))
    return told
