"""The samples of series, floats and histograms, as PromQL wants them: by series and time, each time once.

Bits of floats come through as they are: a staleness marker is a NaN like others to the engine. Of samples of a series
with the same time the last one stored counts.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.model.tables import CUSTOM_BOUNDS, HISTOGRAMS
from firstlight.query.engine import Sessions
from firstlight.query.metrics.conditions import Condition
from firstlight.query.metrics.extent import of_series, rows_of
from firstlight.query.metrics.histograms_of import HistogramsOf, metrics_of
from firstlight.query.metrics.rows import Rows, hinted, joined
from firstlight.query.metrics.series import Found
from firstlight.query.metrics.together import together
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.histogram_columns import COLUMNS, HINT, from_columns
from firstlight.query.promql.values import Mask, Samples

TOO_MANY: Final = "query processing would load too many samples into memory in query execution"

IN_ORDER: Final = " ORDER BY tenant, series_id, ts, toUInt64OrZero(splitByChar('_', _part)[2])"
"""Last by when they were stored, as far as the engine tells: parts count the inserts."""


BEFORE_MS: Final = 300_000
"""How long before the first time that is asked for a histogram is looked for, to tell whether the next goes on."""

HISTOGRAM_COLUMNS: Final = ", ".join(
    ("start_ts", *(name for name in HISTOGRAMS.names if name in COLUMNS or name == HINT))
)


class SampleReader:
    """Reads samples. `max_samples` is how many one query may load."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        max_samples: int = 50_000_000,
        explicit_histograms: bool = False,
        histograms: HistogramsOf | None = None,
    ) -> None:
        """With `explicit_histograms`, those that OTLP sent are seen whole, too, and not only as classic series.

        `histograms`, if it is told of all that is stored, knows which metrics have none.
        """
        self._sessions = sessions
        self._histograms_of = histograms
        self._max_samples = max_samples
        self._explicit_histograms = explicit_histograms

    async def read(self, tenant: str, found: Found, start_ms: int, end_ms: int, *, starts: bool = False) -> Samples:
        """Return the samples of `found` from `start_ms` to `end_ms`; series without any are left out.

        With `starts`, where their counters began is read, too. Raise QueryFailed or EvaluationFailed.
        """
        if not len(found) or end_ms < start_ms:
            return Samples([], np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0))
        floats, histograms = await together(
            (
                self.floats(tenant, found, start_ms, end_ms, starts=starts),
                self._histograms(tenant, found, start_ms - BEFORE_MS, end_ms),
            )
        )
        if not len(histograms):
            return shaped(found, floats)
        return shaped(found, hinted(joined(floats, histograms)).since(start_ms))

    async def floats(self, tenant: str, found: Found, start_ms: int, end_ms: int, *, starts: bool = False) -> Rows:
        """Return the samples that are floats, in order, each with the row of its series in `found`."""
        condition = of_series(tenant, found, start_ms, end_ms)
        columns = "value, start_ts" if starts else "value"
        # To sort them here, as they come in sorted runs, takes less than half of what it takes the engine.
        rows = _rows(await self._ask("samples", columns, condition), found).ordered()
        if rows.contradicts():
            rows = _rows(await self._ask("samples", columns, condition, IN_ORDER), found)
        return rows.once()

    async def has_histograms(self, tenant: str, found: Found, start_ms: int, end_ms: int) -> bool:
        """Return whether any of `found` has a histogram there."""
        if await self._have_none(tenant, found):
            return False
        condition = of_series(tenant, found, start_ms, end_ms)
        sql = f"SELECT series_id, scale FROM histograms WHERE {condition.sql} LIMIT 1 BY series_id, scale"
        answer = (await self._sessions.query(sql, condition.parameters)).combine_chunks()
        rows, known = rows_of(answer.column("series_id").to_numpy(), found)
        seen = known & self._visible(answer, found.translated[rows])
        return bool(seen.any())

    async def _histograms(self, tenant: str, found: Found, start_ms: int, end_ms: int) -> Rows:
        if await self._have_none(tenant, found):
            return Rows.none()
        condition = of_series(tenant, found, start_ms, end_ms)
        answer = await self._ask("histograms", HISTOGRAM_COLUMNS, condition, IN_ORDER)
        if not answer.num_rows:
            return Rows.none()
        ids = answer.column("series_id").to_numpy()
        rows, known = rows_of(ids, found)
        seen = known & self._visible(answer, found.translated[rows])
        answer = answer.filter(pa.array(seen))
        ts = answer.column("ts").cast(pa.int64()).to_numpy()
        starts = answer.column("start_ts").cast(pa.int64()).to_numpy()
        return Rows(rows[seen], ts, np.zeros(len(ts)), from_columns(answer), starts).once()

    async def _have_none(self, tenant: str, found: Found) -> bool:
        known = self._histograms_of
        return known is not None and not await known.any_of(tenant, metrics_of(found.ids))

    def _visible(self, answer: pa.Table, translated: Mask) -> Mask:
        """Return which histograms PromQL sees: not the explicit ones of OTLP, which stand beside classic series."""
        if self._explicit_histograms:
            return np.ones(len(translated), np.bool_)
        seen: Mask = ~translated | (answer.column("scale").to_numpy() != CUSTOM_BOUNDS)
        return seen

    async def _ask(self, table: str, columns: str, condition: Condition, order: str = "") -> pa.Table:
        sql = f"SELECT series_id, ts, {columns} FROM {table} WHERE {condition.sql}{order} LIMIT {{most:UInt64}}"
        answer = await self._sessions.query(sql, {**condition.parameters, "most": self._max_samples + 1})
        if answer.num_rows > self._max_samples:
            raise EvaluationFailed(TOO_MANY)
        return answer.combine_chunks()


def _rows(answer: pa.Table, found: Found) -> Rows:
    ids = answer.column("series_id").to_numpy()
    # Those of a series lie together: each run is looked up, and not each sample.
    edges = np.concatenate([[0], np.flatnonzero(ids[1:] != ids[:-1]) + 1, [len(ids)]]) if len(ids) else np.zeros(1, int)
    rows, known = rows_of(ids[edges[:-1]], found)
    lengths = np.diff(edges)
    starts = answer.column("start_ts").cast(pa.int64()).to_numpy() if "start_ts" in answer.column_names else None
    ts = answer.column("ts").cast(pa.int64()).to_numpy()
    read = Rows(np.repeat(rows, lengths), ts, answer.column("value").to_numpy(), None, starts)
    return read if known.all() else read.take(np.repeat(known, lengths))


def shaped(found: Found, rows: Rows) -> Samples:
    """Return samples, which are in order, as those of `found`; series without any are left out."""
    counts = np.bincount(rows.rows, minlength=len(found))
    there = np.flatnonzero(counts)
    offsets = np.concatenate([[0], np.cumsum(counts[there])])
    labels = found.labels if len(there) == len(found) else [found.labels[row] for row in there.tolist()]
    return Samples(labels, offsets, rows.ts, rows.floats, rows.histograms, rows.starts)
