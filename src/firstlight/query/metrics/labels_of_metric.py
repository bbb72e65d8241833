"""How many series each metric has, and which of its labels makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from firstlight.query.engine import Sessions
from firstlight.query.metrics.cardinality import Counted
from firstlight.query.metrics.conditions import Condition, Days, of_days


@dataclass(frozen=True, slots=True)
class LabelShare:
    """A label of a metric: how many values it has, on how many series, and which values most have."""

    label: str
    values: int
    series: int
    left: int
    """How many series there would be at most without the label."""
    top: Sequence[Counted]


@dataclass(frozen=True, slots=True)
class MetricLabels:
    """What makes the series of a metric; the label with the most values first."""

    series: int
    labels: Sequence[LabelShare]


_SERIES: Final = "SELECT series_id, metric, labels FROM series WHERE {where} LIMIT 1 BY series_id"

_BY_METRIC: Final = (
    "SELECT metric, uniqExact(series_id) AS series FROM series WHERE {where} GROUP BY metric"
    " ORDER BY series DESC, metric"
)

_COUNT: Final = "SELECT uniqExact(series_id) AS series FROM series WHERE {where}"

_BY_LABEL: Final = (
    "SELECT label, count() AS amount, sum(series) AS total,"
    " groupArraySorted({limit:UInt64})((-toInt64(series), text)) AS most"
    " FROM (SELECT pair.1 AS label, pair.2 AS text, count() AS series"
    f" FROM (SELECT arrayJoin(arrayZip(mapKeys(labels), mapValues(labels))) AS pair FROM ({_SERIES}))"
    " WHERE text != '' GROUP BY label, text)"
    " GROUP BY label ORDER BY amount DESC, label"
)

_LEFT: Final = (
    "SELECT label, uniqExact(cityHash64(mapFilter((name, text) -> name != label, labels))) AS others"
    f" FROM (SELECT labels, arrayJoin(mapKeys(labels)) AS label FROM ({_SERIES})) GROUP BY label"
)


async def read_metrics(sessions: Sessions, tenant: str, start_ms: int, end_ms: int) -> list[Counted]:
    """Return how many series each metric has on the days between two times, the most first. Raise QueryFailed."""
    condition = of_days(tenant, Days.of(start_ms, end_ms))
    answer = await sessions.query(_BY_METRIC.replace("{where}", condition.sql), condition.parameters)
    return [Counted(row["metric"], row["series"]) for row in answer.to_pylist()]


async def read_metric_labels(
    sessions: Sessions, tenant: str, metric: str, start_ms: int, end_ms: int, *, limit: int = 10
) -> MetricLabels:
    """Return what makes the series of a metric on the days between two times. Raise QueryFailed."""
    days = of_days(tenant, Days.of(start_ms, end_ms))
    condition = Condition(
        f"{days.sql} AND metric = {{metric:String}}", {**days.parameters, "metric": metric, "limit": max(limit, 1)}
    )

    async def ask(sql: str) -> list[dict[str, Any]]:
        answer = await sessions.query(sql.replace("{where}", condition.sql), condition.parameters)
        rows: list[dict[str, Any]] = answer.to_pylist()
        return rows

    [[counted], by_label, left] = [await ask(sql) for sql in (_COUNT, _BY_LABEL, _LEFT)]
    others = {row["label"]: row["others"] for row in left}
    labels = [
        LabelShare(
            label=row["label"],
            values=row["amount"],
            series=row["total"],
            left=counted["series"] - row["total"] + others[row["label"]],
            top=[Counted(text, -negative) for negative, text in map(dict.values, row["most"])],
        )
        for row in by_label
    ]
    return MetricLabels(counted["series"], labels)
