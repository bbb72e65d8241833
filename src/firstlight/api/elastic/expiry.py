"""Documents that are older than the lifecycle policy of their index keeps them: deleted, index by index.

The store itself drops whole days of all logs (`store.retention`); here rows are deleted, which costs a little more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from firstlight.api.elastic.indices import Store
from firstlight.model.elastic.names import INDEX_ATTRIBUTE

NANOSECONDS: Final = 10**9


class Expiry:
    """Deletes what is too old. `retain` is for `ingest.elastic.keeper.Keeper`, to be told of what is kept how long."""

    def __init__(self, store: Store, tenant: str, now_ns: Callable[[], int]) -> None:
        self._store = store
        self._tenant = tenant
        self._now_ns = now_ns
        self._ages: Mapping[str, float] = {}

    def retain(self, ages: Mapping[str, float]) -> None:
        """Take note of how many seconds which index is kept."""
        self._ages = dict(ages)

    async def enforce(self) -> None:
        """Delete what is too old now. Raise QueryFailed."""
        for index, seconds in self._ages.items():
            asked = {"tenant": self._tenant, "name": INDEX_ATTRIBUTE, "index": index}
            found = await self._store.query(
                "SELECT DISTINCT origin_id FROM origins WHERE tenant = {tenant:String}"
                " AND resource[{name:String}] = {index:String}",
                asked,
            )
            before = max(0, self._now_ns() - int(seconds * NANOSECONDS))
            old = {"tenant": self._tenant, "ids": f"[{','.join(map(str, found['origin_id'].to_pylist()))}]"}
            where = (
                "tenant = {tenant:String} AND origin_id IN {ids:Array(UInt64)}"
                " AND ts < fromUnixTimestamp64Nano({before:Int64}, 'UTC')"
            )
            there = await self._store.query(
                f"SELECT 1 FROM log_records WHERE {where} LIMIT 1",
                {**old, "before": before},
            )
            if there.num_rows:
                await self._store.command(f"DELETE FROM log_records WHERE {where}", {**old, "before": before})
