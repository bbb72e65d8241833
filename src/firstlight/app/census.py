"""The count of series, which knows what was stored before the server started."""

from __future__ import annotations

import logging
from typing import Final

import numpy as np
import pyarrow.compute as pc

from firstlight.store.faults import QueryFailed
from firstlight.store.open import Store
from firstlight.wire.census import Census, Limits

_log = logging.getLogger(__name__)

_DAY_MS: Final = 86_400_000
_SINCE: Final = "FROM series WHERE day >= toDate32({day:Int32})"
_IDS: Final = f"SELECT tenant, toInt32(day) AS on, series_id {_SINCE}"
_COUNTS: Final = f"SELECT tenant, toInt32(day) AS on, metric, uniqExact(series_id) AS count {_SINCE} GROUP BY ALL"


async def open_census(store: Store, limits: Limits, now_ms: int) -> Census:
    """Return what counts series, with those counted that are stored for the day that it is, and for later ones."""
    census = Census(limits)
    store.retention.forgotten.append(census.forget)
    day = {"day": now_ms // _DAY_MS}
    try:
        ids, counts = await store.readers.query(_IDS, day), await store.readers.query(_COUNTS, day)
    except QueryFailed as error:
        _log.warning("cannot count the series that are stored: %s; they are counted as samples of them come", error)
        return census
    metrics: dict[tuple[str, int], dict[str, int]] = {}
    for row in counts.to_pylist():
        metrics.setdefault((row["tenant"], row["on"]), {})[row["metric"]] = row["count"]
    for (tenant, on), of_metric in metrics.items():
        chosen = ids.filter(pc.and_(pc.equal(ids["tenant"], tenant), pc.equal(ids["on"], on)))
        census.seed(tenant, on, chosen["series_id"].to_numpy().astype(np.uint64), of_metric)
    return census
