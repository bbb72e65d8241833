"""Which metrics and labels make the most series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from firstlight.query.engine import Sessions
from firstlight.query.metrics.conditions import Days, of_days
from firstlight.query.promql.labels import NAME


@dataclass(frozen=True, slots=True)
class Counted:
    """How much there is of something that has this name."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Cardinality:
    """How many series there are, and what they are made by; the most first."""

    series: int
    label_pairs: int
    labels: int
    series_by_metric: Sequence[Counted]
    values_by_label: Sequence[Counted]
    bytes_by_label: Sequence[Counted]
    """Of all different values of a label, as text."""
    series_by_pair: Sequence[Counted]
    """By `label=value`."""


_SQL: Final = (
    "SELECT label, count() AS amount, sum(length(text)) AS bytes, sum(series) AS total,"
    " groupArraySorted({limit:UInt64})((-toInt64(series), text)) AS most"
    " FROM (SELECT pair.1 AS label, pair.2 AS text, count() AS series FROM (SELECT arrayJoin(arrayPushBack("
    f"arrayZip(mapKeys(labels), mapValues(labels)), ('{NAME}', metric))) AS pair FROM"
    " (SELECT metric, labels FROM series WHERE {where} LIMIT 1 BY series_id)) WHERE text != '' GROUP BY label, text)"
    " GROUP BY label"
)


async def read_cardinality(
    sessions: Sessions, tenant: str, start_ms: int, end_ms: int, *, limit: int = 10
) -> Cardinality:
    """Return what the series of the days between two times are made by, `limit` of each kind. Raise QueryFailed."""
    condition = of_days(tenant, Days.of(start_ms, end_ms))
    answer = await sessions.query(
        _SQL.replace("{where}", condition.sql), {**condition.parameters, "limit": max(limit, 1)}
    )
    rows = answer.to_pylist()
    most = [(row["label"], *pair.values()) for row in rows for pair in row["most"]]
    return Cardinality(
        series=sum(row["total"] for row in rows if row["label"] == NAME),
        label_pairs=sum(row["amount"] for row in rows),
        labels=len(rows),
        series_by_metric=_top((Counted(text, -negative) for label, negative, text in most if label == NAME), limit),
        values_by_label=_top((Counted(row["label"], row["amount"]) for row in rows), limit),
        bytes_by_label=_top((Counted(row["label"], row["bytes"]) for row in rows), limit),
        series_by_pair=_top((Counted(f"{label}={text}", -negative) for label, negative, text in most), limit),
    )


def _top(counted: Iterable[Counted], limit: int) -> list[Counted]:
    return sorted(counted, key=lambda one: (-one.count, one.name))[:limit]
