"""The latest samples of the series that queries ask for, in memory: what a dashboard that is looked at wants again.

What is kept of a metric is complete, for some of its series, from a time on and to the end: it was read once, and what
is stored since is added as it comes. So nothing is asked of the engine while the same dashboard is looked at. Metrics
with histograms are left to the engine.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.metrics.changes import by_tenant
from firstlight.query.metrics.conditions import LAST_MS
from firstlight.query.metrics.histograms_of import HistogramsOf, metrics_of
from firstlight.query.metrics.recent_block import MOST_SERIES, ROW_BYTES, SLACK_MS, Block
from firstlight.query.metrics.samples import SampleReader
from firstlight.query.metrics.series import METRIC_SHIFT, Found, Ids
from firstlight.query.promql.values import Floats, Mask, Samples, Times

SPAN_MS: Final = 2 * 3_600_000
"""How long ago the samples may begin that are kept."""

UNASKED_MS: Final = 900_000
"""After how long what nobody asks for is dropped."""

REFUSED_MS: Final = 60_000
"""For how long a metric is left to the engine of which two samples contradict each other."""

INTERVAL_MS: Final = 15_000
"""How far apart samples are taken to be, to guess how many there are."""


class Recent:
    """Keeps recent samples, at most so many bytes of them. Belongs to one event loop."""

    def __init__(self, reader: SampleReader, histograms: HistogramsOf, now_ms: Callable[[], int], nbytes: int) -> None:
        self._reader = reader
        self._histograms = histograms
        self._now_ms = now_ms
        self._most = nbytes
        self._kept: OrderedDict[tuple[str, int], Block] = OrderedDict()
        self._refused: dict[tuple[str, int], int] = {}
        self._followed: Mask = np.zeros(1 << 16, np.bool_)

    async def read(self, tenant: str, found: Found, start_ms: int, end_ms: int) -> Samples | None:
        """Return the samples of `found` between two times, None if they are not for here. Raise QueryFailed."""
        now = self._now_ms()
        metrics = metrics_of(found.ids)
        if len(metrics) != 1 or start_ms < now - SPAN_MS or end_ms < start_ms:
            return None
        [metric] = metrics
        key = (tenant, metric)
        if self._refused.get(key, 0) > now or await self._histograms.any_of(tenant, metrics):
            return None
        kept = self._kept.get(key)
        if kept is None or kept.since > start_ms:
            since = start_ms - SLACK_MS
            if not self._has_room(found, now - since):
                return None
            self._drop(key)
            kept = self._kept[key] = Block(since, now)
            self._followed[metric] = True
        async with kept.lock:
            if not await self._complete(kept, key, found, now):
                return None
            if kept.since > start_ms:  # others, who asked for less, were here before
                return None
            kept.asked_ms, kept.needed = now, max(kept.needed, now - start_ms)
            if not kept.is_dropped():
                self._kept.move_to_end(key)
            samples = kept.take(found, start_ms, end_ms)
            kept.shorten(now)
        self._make_room()
        return samples

    def learn(self, stored: pa.Table) -> None:
        """Take note of samples that were stored."""
        if not self._kept:
            return
        now = self._now_ms()
        for tenant, rows in by_tenant(stored):
            ids: Ids = rows.column("series_id").to_numpy()
            wanted = np.flatnonzero(self._followed[(ids >> METRIC_SHIFT).astype(np.int64)])
            if not len(wanted):
                continue
            # By metric, and as they came.
            wanted = wanted[np.argsort(ids[wanted] >> METRIC_SHIFT, kind="stable")]
            ids = ids[wanted]
            ts: Times = rows.column("ts").cast(pa.int64()).to_numpy()[wanted]
            values: Floats = rows.column("value").to_numpy()[wanted]
            metrics, firsts = np.unique(ids >> METRIC_SHIFT, return_index=True)
            edges = [*firsts.tolist(), len(ids)]
            for metric, first, last in zip(metrics.tolist(), edges, edges[1:], strict=False):
                if (key := (tenant, metric)) in self._kept:
                    self._note(key, ids[first:last], ts[first:last], values[first:last], now)

    def learn_histograms(self, stored: pa.Table) -> None:
        """Take note of histograms that were stored."""
        metrics = set(metrics_of(np.sort(stored.column("series_id").to_numpy())))
        for key in [key for key in self._kept if key[1] in metrics]:
            self._drop(key)

    def reset(self) -> None:
        """Take note that samples are gone."""
        for key in list(self._kept):
            self._drop(key)

    @property
    def nbytes(self) -> int:
        """How many bytes are kept."""
        return sum(kept.nbytes for kept in self._kept.values())

    def _note(self, key: tuple[str, int], ids: Ids, ts: Times, values: Floats, now: int) -> None:
        kept = self._kept[key]
        if now - kept.asked_ms > UNASKED_MS:
            self._drop(key)
            return
        if kept.expect(ids, ts, values) and kept.nbytes > self._most // 2:
            self._drop(key)

    async def _complete(self, kept: Block, key: tuple[str, int], found: Found, now: int) -> bool:
        """Read the series that are not there yet; return whether that is possible."""
        if kept.is_dropped():
            return False
        missing = kept.missing(found)
        if len(missing):
            wanted = found if len(missing) == len(found) else found.take(missing)
            if not self._has_room(wanted, now - kept.since) or len(kept.ids) + len(wanted) >= MOST_SERIES:
                return False
            kept.awaited = wanted.ids
            try:
                rows = await self._reader.floats(key[0], wanted, kept.since, LAST_MS)
            except BaseException:
                self._drop(key, kept)
                raise
            finally:
                kept.awaited = kept.awaited[:0]
            if kept.is_dropped():  # samples are gone, and nobody knows whether before they were read
                return False
            if not kept.add_series(wanted.ids, rows):
                self._refuse(key, kept, now)
                return False
        if not kept.settle():
            self._refuse(key, kept, now)
            return False
        return True

    def _refuse(self, key: tuple[str, int], kept: Block, now: int) -> None:
        self._drop(key, kept)
        self._refused = {one: until for one, until in self._refused.items() if until > now}
        self._refused[key] = now + REFUSED_MS

    def _has_room(self, found: Found, span_ms: int) -> bool:
        return len(found) * (span_ms // INTERVAL_MS + 1) * ROW_BYTES <= self._most // 4

    def _make_room(self) -> None:
        size = self.nbytes
        while size > self._most and self._kept:
            key = next(iter(self._kept))
            size -= self._kept[key].nbytes
            self._drop(key)

    def _drop(self, key: tuple[str, int], only: Block | None = None) -> None:
        """Keep what there is of a metric no more, if it is `only` that."""
        kept = self._kept.get(key)
        if kept is not None and (only is None or kept is only):
            del self._kept[key]
            kept.drop()
            self._followed[key[1]] = any(metric == key[1] for _, metric in self._kept)
