"""What has changed in the store: from which time on samples are others than they were.

Whoever remembers something of samples remembers with it the number of the last change there was before it was read.
Samples arrive in the order of their times, as a rule: each change is noted as the earliest time that it has, and of all
changes since another only the earliest counts. What comes late is noted for its metrics alone, so that somebody who
sends what is hours old does not make all forget everything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.query.metrics.series import METRIC_SHIFT
from firstlight.query.promql.values import Times

LATE_MS: Final = 120_000
"""What is older when it comes is noted for its metrics alone."""

MOST: Final = 1024
"""How many changes are told apart; the older half of more is taken for one."""

MOST_METRICS: Final = 4096
"""How many metrics may have late samples to be told apart."""

MOST_AT_ONCE: Final = 256
"""How many of one insert may."""

ALWAYS: Final = -(2**62)
"""Before all times."""


class _Earliest:
    """The earliest times of changes: of those since any of them the earliest."""

    __slots__ = ("_numbers", "_times")

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._times: list[int] = []
        # Both ascend: what is followed by an earlier time is of no matter any more.

    def note(self, number: int, time: int) -> None:
        while self._times and self._times[-1] >= time:
            self._times.pop()
            self._numbers.pop()
        self._numbers.append(number)
        self._times.append(time)
        if len(self._times) > MOST:
            half = MOST // 2
            self._numbers[:half] = [self._numbers[half - 1]]
            self._times[:half] = [self._times[0]]

    def since(self, number: int) -> int | None:
        place = bisect_right(self._numbers, number)
        return self._times[place] if place < len(self._times) else None


class Changes:
    """Takes note of changes. Belongs to one event loop, in which it is told of all that is stored."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._number = 0
        self._void = 0
        self._is_watched = False
        self._timely: dict[str, _Earliest] = {}
        self._late: dict[str, _Earliest] = {}
        self._late_of: dict[tuple[str, int], _Earliest] = {}

    def mark(self) -> int:
        """Return the number of the last change, to be asked for before anything is read that is to be remembered."""
        self._is_watched = True
        return self._number

    def note(self, stored: pa.Table) -> None:
        """Take note of samples or histograms that were stored."""
        self._number += 1
        if not self._is_watched or not stored.num_rows:
            return
        for tenant, rows in by_tenant(stored):
            ids, ts = rows.column("series_id").to_numpy(), rows.column("ts").cast(pa.int64()).to_numpy()
            self._note(tenant, (ids >> METRIC_SHIFT).astype(np.int64), ts)

    def reset(self) -> None:
        """Take note that samples are gone: of all that was read before nothing is certain."""
        self._number += 1
        self._void = self._number
        self._timely.clear()
        self._late.clear()
        self._late_of.clear()

    def since(self, mark: int, tenant: str, metrics: Collection[int] | None) -> int | None:
        """Return the earliest time of what changed after `mark`, None if nothing did.

        `metrics` are the first bits of the ids of those that matter; None if all do.
        """
        if mark == self._number:
            return None
        if mark < self._void:
            return ALWAYS
        noted = [self._timely.get(tenant)]
        if metrics is None:
            noted.append(self._late.get(tenant))
        else:
            noted += [self._late_of.get((tenant, metric)) for metric in metrics]
        times = [time for one in noted if one is not None and (time := one.since(mark)) is not None]
        return min(times, default=None)

    def _note(self, tenant: str, metrics: Times, ts: Times) -> None:
        late = ts < self._now_ms() - LATE_MS
        if not late.all():
            self._timely.setdefault(tenant, _Earliest()).note(self._number, int(ts[~late].min()))
        if not late.any():
            return
        metrics, ts = metrics[late], ts[late]
        self._late.setdefault(tenant, _Earliest()).note(self._number, int(ts.min()))
        order = np.argsort(metrics, kind="stable")
        there, firsts = np.unique(metrics[order], return_index=True)
        if len(there) > MOST_AT_ONCE:
            self._timely.setdefault(tenant, _Earliest()).note(self._number, int(ts.min()))
            return
        for metric, time in zip(there.tolist(), np.minimum.reduceat(ts[order], firsts).tolist(), strict=True):
            key = (tenant, metric)
            if key not in self._late_of and len(self._late_of) >= MOST_METRICS:
                self._timely.setdefault(tenant, _Earliest()).note(self._number, time)
            else:
                self._late_of.setdefault(key, _Earliest()).note(self._number, time)


def by_tenant(stored: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each tenant."""
    tenants = pc.unique(stored.column("tenant")).to_pylist()
    for tenant in tenants:
        yield tenant, stored if len(tenants) == 1 else stored.filter(pc.equal(stored.column("tenant"), tenant))
