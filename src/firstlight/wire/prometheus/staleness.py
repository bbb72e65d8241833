"""Which series of a sender have ended, or come twice in one body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstlight.wire.prometheus.book import Found, Ids
from firstlight.wire.prometheus.exposition import NO_TIME, Exposition

Mask = npt.NDArray[np.bool_]


def tracked(exposition: Exposition, found: Found, *, honor_timestamps: bool = True) -> Ids:
    """Return the series of a body that end when they are no longer there, in order and once each.

    Those whose lines tell a time of their own, which is honored, do not end: their sender says until when they are.
    """
    rows = found.places > 0
    if honor_timestamps and exposition.times is not None:
        rows &= exposition.times == NO_TIME
    return np.unique(found.ids[rows])


def ended(before: Ids, now: Ids) -> Ids:
    """Return those series of `before` that are not there `now`; both as `tracked` returns them."""
    if before is now or np.array_equal(before, now):
        return before[:0]
    return np.setdiff1d(before, now, assume_unique=True)


def repeated(ids: Ids, times: npt.NDArray[np.int64]) -> Mask:
    """Return which samples are of a series and time that an earlier one has. Prometheus keeps the first."""
    order = np.lexsort((np.arange(len(ids)), times, ids))
    same = np.zeros(len(ids), np.bool_)
    if len(ids) > 1:
        same[order[1:]] = (np.diff(ids[order]) == 0) & (np.diff(times[order]) == 0)
    same &= ids != 0
    return same
