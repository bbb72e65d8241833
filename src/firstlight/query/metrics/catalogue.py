"""What there is: names and values of labels, series, metadata of metrics.

Answers may be limited; one more is asked for than is given, so that what was cut off is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from firstlight.query.engine import Sessions
from firstlight.query.metrics.conditions import Condition, Days, of_days, of_selectors
from firstlight.query.metrics.series import COLUMNS, labels_of
from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.labels import NAME
from firstlight.query.promql.values import Labels

T = TypeVar("T")

Selectors = Sequence[Sequence[Matcher]]

EVERYTHING: Final = 2**62

SEEN: Final = (
    "NOT (origin_id != 0 AND type IN ('histogram', 'summary') AND concat(metric, '_count') IN"
    " (SELECT DISTINCT metric FROM series WHERE tenant = {tenant:String}"
    " AND day BETWEEN toDate32({first_day:Int32}) AND toDate32({last_day:Int32})))"
)
"""Not the rows of whole histograms and summaries whose classic series PromQL sees in their place."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """Some of what there is, and whether there is more."""

    items: Sequence[T]
    cut: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is told of a metric."""

    type: str
    help: str
    unit: str


class Catalogue:
    """Says what there is, of what was stored for the days between two times; no limit is a limit of 0."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def label_names(
        self, tenant: str, selectors: Selectors, start_ms: int, end_ms: int, *, limit: int = 0
    ) -> Listed[str]:
        """Return the names of the labels that the series have, sorted. Raise QueryFailed or BadRegex."""
        condition = of_selectors(tenant, selectors, Days.of(start_ms, end_ms))
        sql = (
            "SELECT DISTINCT arrayJoin(arrayConcat(arrayFilter((name, text) -> text != '', mapKeys(labels),"
            f" mapValues(labels)), if(metric != '', ['{NAME}'], []))) AS found"
            f" FROM series WHERE {condition.sql} AND {SEEN} ORDER BY found LIMIT {{most:UInt64}}"
        )
        return await self._texts(sql, condition, limit)

    async def label_values(
        self, tenant: str, label: str, selectors: Selectors, start_ms: int, end_ms: int, *, limit: int = 0
    ) -> Listed[str]:
        """Return the values of a label, sorted."""
        condition = of_selectors(tenant, selectors, Days.of(start_ms, end_ms))
        value = "metric" if label == NAME else "labels[{label:String}]"
        sql = (
            f"SELECT DISTINCT {value} AS found FROM series WHERE {condition.sql} AND {SEEN} AND found != ''"
            " ORDER BY found LIMIT {most:UInt64}"
        )
        bound = Condition(sql, {**condition.parameters, "label": label})
        return await self._texts(sql, bound, limit)

    async def series(
        self, tenant: str, selectors: Selectors, start_ms: int, end_ms: int, *, limit: int = 0
    ) -> Listed[Labels]:
        """Return the labels of the series that match one of the selectors, sorted."""
        condition = of_selectors(tenant, selectors, Days.of(start_ms, end_ms))
        sql = (
            f"SELECT {COLUMNS} FROM series WHERE {condition.sql} AND {SEEN} LIMIT 1 BY series_id LIMIT {{most:UInt64}}"
        )
        rows = await self._sessions.query(sql, {**condition.parameters, "most": _one_more(limit)})
        return _listed(sorted(labels_of(rows.combine_chunks())), limit)

    async def metadata(
        self, tenant: str, start_ms: int, end_ms: int, *, metric: str = "", limit: int = 0, per_metric: int = 0
    ) -> Mapping[str, Sequence[Meaning]]:
        """Return what is told of each metric, or of one; at most `limit` metrics, `per_metric` meanings of each."""
        condition = of_days(tenant, Days.of(start_ms, end_ms))
        rows = f"{condition.sql} AND ({{metric:String}} = '' OR metric = {{metric:String}})"
        sql = (
            f"SELECT metric, type, help, unit FROM metadata WHERE {rows} AND metric IN"
            f" (SELECT DISTINCT metric FROM metadata WHERE {rows} ORDER BY metric LIMIT {{limit:UInt64}})"
            " GROUP BY metric, type, help, unit"
            " ORDER BY metric, max(day) DESC, type, help, unit LIMIT {each:UInt64} BY metric"
        )
        bound = {
            **condition.parameters,
            "metric": metric,
            "limit": limit or EVERYTHING,
            "each": per_metric or EVERYTHING,
        }
        found: dict[str, list[Meaning]] = {}
        for row in (await self._sessions.query(sql, bound)).to_pylist():
            found.setdefault(row["metric"], []).append(Meaning(row["type"], row["help"], row["unit"]))
        return found

    async def _texts(self, sql: str, condition: Condition, limit: int) -> Listed[str]:
        rows = await self._sessions.query(sql, {**condition.parameters, "most": _one_more(limit)})
        return _listed(rows.column("found").to_pylist(), limit)


def _one_more(limit: int) -> int:
    return limit + 1 if limit else EVERYTHING


def _listed(items: Sequence[T], limit: int) -> Listed[T]:
    return Listed(items[:limit], cut=True) if limit and len(items) > limit else Listed(items, cut=False)
