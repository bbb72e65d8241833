"""Series deleted from the store, and copies of it: what `/api/v1/admin/tsdb` does to the tables of metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import pyarrow as pa

from firstlight.query.metrics.conditions import DAY_MS, Condition, storable
from firstlight.query.metrics.extent import of_series
from firstlight.query.metrics.series import Found
from firstlight.query.metrics.source import Source
from firstlight.query.promql.ast import Matcher

SAMPLES: Final = ("samples", "histograms", "exemplars")
SERIES: Final = "series"
ALL: Final = (*SAMPLES, SERIES, "metadata")


class Engine(Protocol):
    """What runs statements, one after the other: `store.client.Client`."""

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing. Raise QueryFailed."""
        ...

    async def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Return the answer to a question. Raise QueryFailed."""
        ...


class StoreAdmin:
    """Changes the tables, as `admin.Admin` is to. Rows are hidden at once, and removed when parts are merged."""

    def __init__(
        self, engine: Engine, source: Source, forgotten: Sequence[Callable[[str, int], None]], now_ms: Callable[[], int]
    ) -> None:
        """Take those who are to hear, by kind and day, of rows that are no longer there: `Retention.forgotten`."""
        self._engine = engine
        self._source = source
        self._forgotten = forgotten
        self._now_ms = now_ms

    async def delete_series(self, tenant: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> None:
        """Delete the samples of matching series, and the series themselves of the days that lie within wholly."""
        start_ms, end_ms = storable(start_ms), storable(end_ms)
        found = await self._source.find(tenant, matchers, start_ms, end_ms)
        if not len(found):
            return
        # All ids are listed: a condition that lets other series through is for reading only.
        condition = of_series(tenant, found, start_ms, end_ms, many=len(found))
        # It goes on if who asked leaves: what is remembered is to be forgotten when all is done.
        await asyncio.shield(asyncio.create_task(self._delete_samples(condition)))
        await self._delete_days(tenant, found, -(-start_ms // DAY_MS), (end_ms + 1) // DAY_MS - 1)

    async def clean_tombstones(self) -> None:
        """Rewrite what has deleted rows in it."""
        for table in (*SAMPLES, SERIES):
            await self._engine.command(f"ALTER TABLE {table} APPLY DELETED MASK SETTINGS mutations_sync = 2")

    async def snapshot(self, *, skip_head: bool) -> str:
        """Link the files of the tables into the engine's folder `shadow`, below the name that is returned.

        Everything stored is on disk, so there is no head to be skipped.
        """
        name = datetime.fromtimestamp(self._now_ms() / 1000, UTC).strftime("%Y%m%dT%H%M%S_%fZ")
        for table in ALL:
            await self._engine.command(f"ALTER TABLE {table} FREEZE WITH NAME '{name}'")
        return name

    async def _delete_samples(self, condition: Condition) -> None:
        try:
            for table in SAMPLES:
                await self._engine.command(f"DELETE FROM {table} WHERE {condition.sql}", condition.parameters)
        finally:
            self._source.lose()

    async def _delete_days(self, tenant: str, found: Found, first: int, last: int) -> None:
        ids = f"[{','.join(map(str, found.ids.tolist()))}]"
        parameters = {"tenant": tenant, "first": first, "last": last, "ids": ids}
        where = (
            "tenant = {tenant:String} AND day BETWEEN toDate32({first:Int32}) AND toDate32({last:Int32})"
            " AND series_id IN {ids:Array(UInt64)}"
        )
        rows = await self._engine.query(
            f"SELECT DISTINCT toInt32(day) AS found FROM {SERIES} WHERE {where}", parameters
        )
        days: list[int] = rows.column("found").to_pylist()
        if not days:
            return
        # Told before, so that who sends such a series now stores it anew; and after, for that may be deleted, too.
        self._tell(days)
        await self._engine.command(f"DELETE FROM {SERIES} WHERE {where}", parameters)
        self._tell(days)

    def _tell(self, days: Iterable[int]) -> None:
        for day in days:
            for callback in self._forgotten:
                callback(SERIES, day)
