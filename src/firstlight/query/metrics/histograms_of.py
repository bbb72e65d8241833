"""Which metrics have histograms: most have none, and then nobody need look for any."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.engine import Sessions
from firstlight.query.metrics.extent import listed
from firstlight.query.metrics.series import METRIC_SHIFT
from firstlight.query.promql.values import Times

MOST: Final = 200_000
"""Of how many metrics it is remembered."""

FEW: Final = 1_000_000
"""How many histograms there may be to ask for their metrics all at once."""

_COUNT: Final = "SELECT count() AS count FROM histograms"
_ALL: Final = "SELECT DISTINCT tenant, bitShiftRight(series_id, 48) AS found FROM histograms"
_SOME: Final = f"{_ALL} WHERE tenant = {{tenant:String}} AND bitShiftRight(series_id, 48) IN {{metrics:Array(UInt64)}}"


class HistogramsOf:
    """Remembers which metrics have ever had a histogram, by the first bits of the ids of their series."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._there: set[tuple[str, int]] = set()
        self._not_there: set[tuple[str, int]] = set()
        self._is_begun = False
        self._is_all = False
        """Whether all are known that have some."""

    async def any_of(self, tenant: str, metrics: Collection[int]) -> bool:
        """Return whether one of `metrics` has histograms. Raise QueryFailed."""
        if not self._is_begun:
            await self._begin()
        keys = {(tenant, metric) for metric in metrics}
        unknown = set() if self._is_all else keys - self._there - self._not_there
        if unknown:
            asked = {"tenant": tenant, "metrics": listed(np.array([metric for _, metric in unknown], np.int64))}
            await self._ask(_SOME, asked)
            if len(self._not_there) + len(unknown) > MOST:
                self._not_there.clear()
            self._not_there |= unknown
        return not keys.isdisjoint(self._there)

    async def _begin(self) -> None:
        counted = await self._sessions.query(_COUNT, {})
        if counted.column("count").to_pylist()[0] <= FEW:
            await self._ask(_ALL, {})
            self._is_all = True
        self._is_begun = True

    async def _ask(self, sql: str, parameters: Mapping[str, object]) -> None:
        answer = await self._sessions.query(sql, parameters)
        self._there |= set(zip(answer.column("tenant").to_pylist(), answer.column("found").to_pylist(), strict=True))

    def learn(self, stored: pa.Table) -> None:
        """Take note of histograms that were stored."""
        metrics = (stored.column("series_id").to_numpy() >> METRIC_SHIFT).astype(np.int64)
        for tenant in dict.fromkeys(stored.column("tenant").to_pylist()):
            self._there |= {(tenant, metric) for metric in np.unique(metrics).tolist()}


def metrics_of(ids: Times | np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> list[int]:
    """Return the metrics that series with these ids, which ascend, are of."""
    if not len(ids):
        return []
    firsts = ids >> METRIC_SHIFT
    if firsts[0] == firsts[-1]:
        return [int(firsts[0])]
    return [int(one) for one in np.unique(firsts).tolist()]
