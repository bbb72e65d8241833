"""Which rows of `samples`, `histograms` and `exemplars` are meant: those of some series, between two times."""

from __future__ import annotations

import numpy as np

from firstlight.query.metrics.conditions import Condition, storable
from firstlight.query.metrics.series import METRIC_SHIFT, Found, Ids
from firstlight.query.promql.values import Mask, Times

MANY = 5_000
"""How many ids a condition lists; of more series, if they are whole metrics, it says where the metrics lie."""


def of_series(tenant: str, found: Found, start_ms: int, end_ms: int, *, many: int = MANY) -> Condition:
    """Return the condition that rows are of `found`, from `start_ms` to `end_ms`.

    It may let rows of other series through: see `rows_of`.
    """
    parameters: dict[str, object] = {"tenant": tenant, "start": storable(start_ms), "end": storable(end_ms)}
    if found.whole and len(found) > many:
        metrics = np.unique(found.ids >> METRIC_SHIFT)
        parameters["metrics"] = listed(metrics)
        parameters["first_id"], parameters["last_id"] = int(found.ids[0]), int(found.ids[-1])
        series = (
            "series_id BETWEEN {first_id:UInt64} AND {last_id:UInt64}"
            " AND bitShiftRight(series_id, 48) IN {metrics:Array(UInt64)}"
        )
    else:
        parameters["ids"] = listed(found.ids)
        series = "series_id IN {ids:Array(UInt64)}"
    return Condition(
        "tenant = {tenant:String} AND ts >= fromUnixTimestamp64Milli({start:Int64}, 'UTC')"
        f" AND ts <= fromUnixTimestamp64Milli({{end:Int64}}, 'UTC') AND {series}",
        parameters,
    )


def rows_of(ids: Ids, found: Found) -> tuple[Times, Mask]:
    """Return for each of `ids` its row in `found`, and whether it is there at all."""
    rows: Times = np.minimum(np.searchsorted(found.ids, ids), max(len(found) - 1, 0))
    return rows, found.ids[rows] == ids if len(found) else np.zeros(len(ids), np.bool_)


def listed(ids: Ids | Times) -> str:
    """Return numbers as the text of an array, to be bound to a parameter."""
    # As text: the client library takes several microseconds for each number of a list.
    return f"[{','.join(map(str, ids.tolist()))}]"
