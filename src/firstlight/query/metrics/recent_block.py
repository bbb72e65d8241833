"""Recent samples of some series of one metric, which grow with what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from firstlight.query.metrics.rows import Rows
from firstlight.query.metrics.samples import shaped
from firstlight.query.metrics.series import Found, Ids
from firstlight.query.promql.values import Floats, Mask, Samples, Times

SLACK_MS: Final = 120_000
"""How much earlier than asked for what is kept begins: the next to ask may look back a little more."""

MOST_COMING: Final = 64
"""How many inserts are kept apart until somebody asks."""

TIME_BITS: Final = 43
"""Of a key, for the milliseconds; the rest is the place of the series."""

TIMES: Final = (1 << TIME_BITS) - 1

MOST_SERIES: Final = 1 << 20

ROW_BYTES: Final = 16

Coming = tuple[Ids, Times, Floats]
"""Series, times and values of samples."""


@dataclass(slots=True, eq=False)
class Block:
    """All samples of some series from `since` on: keys of series and time that ascend, and values."""

    since: int
    asked_ms: int
    ids: Ids = field(default_factory=lambda: np.zeros(0, np.uint64))
    """The series, in order; those without samples are among them."""
    keys: Times = field(default_factory=lambda: np.zeros(0, np.int64))
    values: Floats = field(default_factory=lambda: np.zeros(0))
    needed: int = 0
    """How long before the time of asking the earliest began that was asked for since samples were last let go."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """For who reads what is not there yet."""
    awaited: Ids = field(default_factory=lambda: np.zeros(0, np.uint64))
    """The series that are being read."""
    _coming: list[Coming] = field(default_factory=list)
    _is_dropped: bool = False

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return ROW_BYTES * len(self.keys) + 24 * sum(len(ids) for ids, _, _ in self._coming) + 8 * len(self.ids)

    def drop(self) -> None:
        """Let nobody who waits for these samples have them."""
        self._is_dropped = True

    def is_dropped(self) -> bool:
        """Return whether they are to be had no more."""
        return self._is_dropped

    def missing(self, found: Found) -> Times:
        """Return the rows of the series that are not here."""
        return np.flatnonzero(~_among(found.ids, self.ids))

    def take(self, found: Found, start_ms: int, end_ms: int) -> Samples:
        """Return what `found`, all of them series of these, have between two times, of which none is before `since`."""
        places = np.searchsorted(self.ids, found.ids).astype(np.int64) << TIME_BITS
        first = np.searchsorted(self.keys, places | (start_ms - self.since))
        last = np.searchsorted(self.keys, places | min(max(end_ms - self.since, 0), TIMES), "right")
        lengths = np.maximum(last - first, 0)
        total = int(lengths.sum())
        if len(first) and total == last[-1] - first[0]:
            chosen: slice | Times = slice(int(first[0]), int(last[-1]))
        else:
            chosen = np.repeat(first - (np.cumsum(lengths) - lengths), lengths) + np.arange(total)
        rows = np.repeat(np.arange(len(found)), lengths)
        return shaped(found, Rows(rows, (self.keys[chosen] & TIMES) + self.since, self.values[chosen]))

    def expect(self, ids: Ids, ts: Times, values: Floats) -> bool:
        """Keep what was stored to be added when somebody asks; return whether there is any of these series."""
        known = _among(ids, self.ids) | _among(ids, self.awaited)
        if not known.any():
            return False
        self._coming.append((ids[known], ts[known], values[known]))
        if len(self._coming) > MOST_COMING:
            self._coming = [_gathered(self._coming)]
        return True

    def add_series(self, ids: Ids, rows: Rows) -> bool:
        """Add series with their samples as they were read; return False if some contradict each other."""
        merged = np.union1d(self.ids, ids)
        if len(self.keys):
            places = np.searchsorted(merged, self.ids).astype(np.int64)
            self.keys = places[self.keys >> TIME_BITS] << TIME_BITS | (self.keys & TIMES)
        self.ids = merged
        return self._add(ids[rows.rows], rows.ts, rows.floats)

    def settle(self) -> bool:
        """Add what was stored meanwhile; return False if it contradicts what is there."""
        coming, self._coming = self._coming, []
        return not coming or self._add(*_gathered(coming))

    def shorten(self, now_ms: int) -> None:
        """Let go of what is older than anything that was asked for."""
        since = now_ms - self.needed - 2 * SLACK_MS
        if since - self.since < max(self.needed, 4 * SLACK_MS):
            return
        times = (self.keys & TIMES) + self.since
        rows = Rows(self.keys >> TIME_BITS, times, self.values).take(times >= since)
        self.since, self.needed = since, 0
        self._set(rows)

    def _add(self, ids: Ids, ts: Times, values: Floats) -> bool:
        new = ts >= self.since
        places = np.searchsorted(self.ids, ids[new]).astype(np.int64)
        rows = np.concatenate([self.keys >> TIME_BITS, places])
        times = np.concatenate([(self.keys & TIMES) + self.since, ts[new]])
        both = Rows(rows, times, np.concatenate([self.values, values[new]])).ordered()
        if both.contradicts():
            return False
        self._set(both.once())
        return True

    def _set(self, rows: Rows) -> None:
        self.keys = rows.rows << TIME_BITS | np.minimum(rows.ts - self.since, TIMES)
        self.values = rows.floats


def _gathered(coming: Sequence[Coming]) -> Coming:
    ids, ts, values = zip(*coming, strict=True)
    return np.concatenate(ids), np.concatenate(ts), np.concatenate(values)


def _among(ids: Ids, known: Ids) -> Mask:
    """Return which of `ids` are in `known`, which ascends."""
    if not len(known):
        return np.zeros(len(ids), np.bool_)
    there: Mask = known[np.minimum(np.searchsorted(known, ids), len(known) - 1)] == ids
    return there
