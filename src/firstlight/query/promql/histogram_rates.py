"""rate, increase, delta, irate and idelta over native histograms: one window of one series at a time.

The functions return the histogram that the counts grew by, and notes to be worded; extrapolation is the caller's, who
multiplies with `histogram_ops.mul`. Without a result, the notes say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from firstlight.query.promql.histogram import Hint, Histogram
from firstlight.query.promql.histogram_ops import (
    Incompatible,
    Note,
    add,
    compact,
    detect_reset,
    sub,
    to_schema,
    with_hint,
)

Grown = tuple[Histogram | None, frozenset[Note]]

_MIXED_SCHEMAS: Grown = (None, frozenset({Note.MIXED_SCHEMAS}))
_MIXED_FLOATS: Grown = (None, frozenset({Note.MIXED_FLOATS}))


def resets_between(samples: Sequence[Histogram | None]) -> list[bool]:
    """Return for each sample whether the counter was reset since the one before it, as far as both are histograms."""
    pairs = pairwise(samples)
    return [False, *(a is not None and b is not None and detect_reset(b, a) for a, b in pairs)] if samples else []


def increase(
    samples: Sequence[Histogram | None],
    *,
    resets: Sequence[bool] | None = None,
    begun_anew: Sequence[bool] | None = None,
) -> Grown:
    """Return by how much a counter grew over two or more samples, resets accounted for; None stands for a float.

    `resets` is what `resets_between` found for them, if that is known already: windows overlap. `begun_anew[i]` says
    that sample i began after sample i - 1, by its start timestamp.
    """
    whole = [h for h in samples if h is not None]
    if len(whole) < len(samples):
        return _MIXED_FLOATS
    started = [False] * len(whole) if begun_anew is None else list(begun_anew)
    found = resets_between(whole) if resets is None else resets
    anew = [one or other for one, other in zip(found, started, strict=True)]
    gauge = {Note.NOT_COUNTER} if Hint.GAUGE in (whole[0].hint, whole[-1].hint) else set()
    # A first sample that is reset right away says nothing; its layout must not matter either.
    first = Histogram(schema=whole[1].schema, custom_bounds=whole[1].custom_bounds) if anew[1] else whole[0]
    if whole[-1].is_custom != first.is_custom:
        return None, frozenset(gauge | {Note.MIXED_SCHEMAS})
    if any(h.is_custom != first.is_custom for h in whole[1:]):
        return _MIXED_SCHEMAS
    notes = gauge | ({Note.NOT_COUNTER} if any(h.hint == Hint.GAUGE for h in whole) else set())
    schema = min(first.schema, *(h.schema for h in whole[1:]))
    grown, told = sub(to_schema(whole[-1], schema), first)
    notes |= told & {Note.BOUNDS_RECONCILED}
    for at in range(1, len(whole)):
        if not anew[at] or (at == 1 and not (started[1] or whole[1].hint == Hint.RESET)):
            continue
        grown, told = add(grown, first if at == 1 else whole[at - 1])
        if Note.BOUNDS_RECONCILED in told:
            notes.add(Note.RECONCILED_IN_SUM)
    return compact(with_hint(grown, Hint.GAUGE)), frozenset(notes)


def delta(samples: Sequence[Histogram | None]) -> Grown:
    """Return the difference between the first and the last of two or more samples of a gauge."""
    first, last = samples[0], samples[-1]
    if first is None or last is None or any(h is None for h in samples):
        return _MIXED_FLOATS
    try:
        grown, told = sub(last, first)
    except Incompatible:
        return _MIXED_SCHEMAS
    notes = told & {Note.BOUNDS_RECONCILED}
    if first.hint != Hint.GAUGE or last.hint != Hint.GAUGE:
        notes |= {Note.NOT_GAUGE}
    return grown, notes


def last_increase(before: Histogram | None, last: Histogram | None, *, begun_anew: bool = False) -> Grown:
    """Return by how much a counter grew from one sample to the next (`irate`, before it is divided by the time)."""
    if before is None or last is None:
        return _MIXED_FLOATS
    notes: frozenset[Note] = frozenset()
    if Hint.GAUGE in (before.hint, last.hint):
        notes |= {Note.NOT_COUNTER}
    if begun_anew or detect_reset(last, before):
        return compact(with_hint(last, Hint.GAUGE)), notes
    return _difference(before, last, notes)


def last_delta(before: Histogram | None, last: Histogram | None) -> Grown:
    """Return the difference between one sample of a gauge and the next (`idelta`)."""
    if before is None or last is None:
        return _MIXED_FLOATS
    notes: frozenset[Note] = frozenset()
    if before.hint != Hint.GAUGE or last.hint != Hint.GAUGE:
        notes |= {Note.NOT_GAUGE}
    return _difference(before, last, notes)


def _difference(before: Histogram, last: Histogram, notes: frozenset[Note]) -> Grown:
    try:
        grown, told = sub(last, before)
    except Incompatible:
        return None, notes | {Note.MIXED_SCHEMAS}
    return grown, notes | (told & {Note.BOUNDS_RECONCILED})
