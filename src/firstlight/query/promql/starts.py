"""What start timestamps tell of counters: a sample may begin anew after the one before it, or overlap with it."""

from __future__ import annotations

import numpy as np

from firstlight.query.promql.context import Context
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.values import Mask, Samples, Times, Windows
from firstlight.query.promql.windows import metric, rows_with, span_of


def known_starts(samples: Samples, context: Context) -> Times | None:
    """Return where each sample's counter began, None if that is not to be looked at."""
    return samples.starts if context.switches.start_timestamps else None


def begun_anew(ts: Times, starts: Times) -> Mask:
    """Return for each sample but the first whether its counter began after the sample before it.

    A counter that began at the very time of the sample before is one of deltas, if that one's own start is known.
    """
    start, before_start, time, before = starts[1:], starts[:-1], ts[1:], ts[:-1]
    usable = (start != 0) & (start < time)
    touches = (start == before) & (before_start < before) & (before_start != 0)
    anew: Mask = usable & ((start > before) | touches)
    return anew


def warn_of_overlaps(windows: Windows, starts: Times, context: Context, place: int) -> None:
    """Tell of series with a sample whose counter began before the sample that came before it, yet elsewhere."""
    ts = windows.samples.ts
    overlap = (starts[1:] != 0) & (starts[1:] < ts[:-1]) & (starts[1:] != starts[:-1])
    if not bool(overlap.any()):
        return
    counts = np.zeros(len(ts) + 1, dtype=np.int64)
    np.cumsum(overlap, out=counts[2:])
    found = (windows.last > windows.first) & (counts[windows.last] > counts[np.minimum(windows.first + 1, len(ts))])
    occurrences: dict[str, int] = {}
    for row in rows_with(found):
        name = metric(windows, row)
        occurrences[name] = occurrences.get(name, 0) + int(np.count_nonzero(found[row]))
    for name, count in occurrences.items():
        text = f"sample has start time that overlaps with previous sample timestamp for metric {quote(name)}"
        often = f" ({count} occurrences)" if count > 1 else ""
        context.annotations.warn(text + often, span_of(place, context))
