"""Aggregations, computed: one statement for each aggregation of buckets, with the metrics right inside of it.

What is nested deeper is asked for once, for all buckets of its parents together, and put into them here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from firstlight.query.elastic.aggs_read import BUCKETS, METRICS, PIPELINES, SIBLINGS, Aggregation
from firstlight.query.elastic.bucket_sql import grouped, named, statement
from firstlight.query.elastic.calendar import Calendar, calendar_of
from firstlight.query.elastic.composite import composite_answer
from firstlight.query.elastic.condition_keys import filter_keys, range_keys
from firstlight.query.elastic.date_keys import date_keys
from firstlight.query.elastic.faults import SearchFault, illegal
from firstlight.query.elastic.fill import filled, keyed
from firstlight.query.elastic.keys import MAX_BUCKETS, Keys
from firstlight.query.elastic.lower import condition
from firstlight.query.elastic.metrics import Metric
from firstlight.query.elastic.pipeline import apply_parents, sibling
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.value_keys import number_keys, terms_keys
from firstlight.query.elastic.values import present

Ask = Callable[[str], Awaitable[pa.Table]]
"""Returns the answer to a statement, bound to what the scope has collected."""

Key = tuple[Any, ...]
Answers = dict[str, Any]

TopHits = Callable[[Aggregation, Sequence[str], str], Awaitable[Mapping[Key, Any]]]
"""Returns the hits of each group: of an aggregation, the columns of groups, and a condition."""

SINGLE: Final = frozenset({"filter", "missing", "global"})


@dataclass(frozen=True, slots=True)
class Aggregator:
    """Computes the aggregations of one search."""

    scope: Scope
    ask: Ask
    top_hits: TopHits

    async def run(self, aggregations: Sequence[Aggregation], where: str) -> Answers:
        """Return the answers of aggregations over the records for which `where` holds."""
        found = await self._level(aggregations, [], where)
        answers = found.get((), None) or self._nothing(aggregations)
        return _with_meta(aggregations, answers)

    async def _level(self, aggregations: Sequence[Aggregation], outer: Sequence[str], where: str) -> dict[Key, Answers]:
        """Return the answers for each group of the columns `outer`."""
        found: dict[Key, Answers] = {}

        def put(name: str, answers: Mapping[Key, Any]) -> None:
            for key, answer in answers.items():
                found.setdefault(key, {})[name] = answer

        metrics = [Metric(self.scope, one) for one in aggregations if one.kind in METRICS and one.kind != "top_hits"]
        if metrics:
            for key, _, answers in await self._metrics(metrics, outer, where):
                found.setdefault(key, {}).update(answers)
        for one in aggregations:
            if one.kind == "top_hits":
                put(one.name, await self.top_hits(one, outer, where))
            elif one.kind in SINGLE:
                put(one.name, await self._single(one, outer, where))
            elif one.kind == "composite":
                if outer:
                    raise illegal("[composite] aggregation cannot be used with a parent aggregation")
                put(one.name, {(): await composite_answer(self.scope, self.ask, one, where, self._level)})
            elif one.kind in BUCKETS:
                put(one.name, await self._buckets(one, outer, where))
        if not outer:
            found.setdefault((), {})
        for answers in found.values():
            for name, nothing in self._nothing(aggregations).items():
                answers.setdefault(name, nothing)
            for one in aggregations:
                if one.kind in SIBLINGS:
                    answers[one.name] = sibling(one, answers)
        return found

    async def _metrics(
        self, metrics: Sequence[Metric], outer: Sequence[str], where: str
    ) -> list[tuple[Key, int, Answers]]:
        """Return the groups, their counts and their metrics."""
        columns = [f"{sql} AS o{number}" for number, sql in enumerate(outer)]
        columns += ["count() AS n", *named(metrics)]
        groups = [f"o{number}" for number in range(len(outer))]
        table = await self.ask(f"SELECT {', '.join(columns)} FROM log_records WHERE {where}{grouped(groups)}")
        return [
            (tuple(row[name] for name in groups), row["n"], _metric_answers(metrics, row)) for row in table.to_pylist()
        ]

    async def _single(self, one: Aggregation, outer: Sequence[str], where: str) -> Mapping[Key, Any]:
        """Return the answers of an aggregation of one bucket."""
        scope = self.scope
        if one.kind == "global":
            if outer:
                raise illegal("Aggregation [global] cannot be nested in another one")
            where = scope.condition()
        elif one.kind == "filter":
            where = f"({where}) AND ({condition(scope, one.queries[''])})"
        else:
            where = f"({where}) AND NOT ({present(scope, scope.field(one.field))})"
        metrics = [Metric(scope, inner) for inner in one.inner if inner.kind in METRICS and inner.kind != "top_hits"]
        groups = await self._metrics(metrics, outer, where)
        rest = [inner for inner in one.inner if inner.kind not in METRICS or inner.kind == "top_hits"]
        below = await self._level(rest, outer, where) if rest else {}
        return {
            key: {"doc_count": count, **answers, **below.get(key, self._nothing(rest))}
            for key, count, answers in groups
        }

    async def _buckets(self, one: Aggregation, outer: Sequence[str], where: str) -> Mapping[Key, Any]:
        steps = await self._steps(one, where)
        keys = self._keys(one, steps)
        metrics = [
            Metric(self.scope, inner) for inner in one.inner if inner.kind in METRICS and inner.kind != "top_hits"
        ]
        rows = (await self.ask(statement(self.scope, one, keys, metrics, outer, where))).to_pylist()
        if len(rows) > MAX_BUCKETS:
            raise SearchFault(
                "too_many_buckets_exception",
                f"Trying to create too many buckets. Must be less than or equal to: [{MAX_BUCKETS}] but was more.",
                max_buckets=MAX_BUCKETS,
            )
        rest = [
            inner for inner in one.inner if inner.kind in BUCKETS or inner.kind in SIBLINGS or inner.kind == "top_hits"
        ]
        below: dict[Key, Answers] = {}
        if rest and rows:
            allowed = ""
            if one.kind == "terms":
                found = sorted({row["k"] for row in rows})
                allowed = self.scope.binder(found, f"Array({keys.kind})")
            below = await self._level(rest, [*outer, keys.column(allowed)], where)
        groups: dict[Key, list[dict[str, Any]]] = {}
        totals: dict[Key, int] = {}
        for row in rows:
            key = tuple(row[f"o{number}"] for number in range(len(outer)))
            totals[key] = row["total"]
            inside = below.get((*key, row["k"])) or self._nothing(rest)
            bucket = {**keys.show(row["k"]), "doc_count": row["n"], **_metric_answers(metrics, row), **inside}
            groups.setdefault(key, []).append({"_k": row["k"], **bucket})
        if not outer:
            groups.setdefault((), [])
        return {key: self._answer(one, keys, steps, buckets, totals.get(key, 0)) for key, buckets in groups.items()}

    def _answer(
        self, one: Aggregation, keys: Keys, steps: Calendar | None, buckets: list[dict[str, Any]], total: int
    ) -> Answers:
        nothing = self._nothing(one.inner)
        buckets = filled(self.scope, one, keys, steps, buckets, nothing)
        for bucket in buckets:
            bucket.pop("_k", None)
        buckets = apply_parents([inner for inner in one.inner if inner.kind in PIPELINES], buckets)
        for bucket in buckets:
            _with_meta(one.inner, bucket)
        if one.kind == "terms":
            counted = sum(bucket["doc_count"] for bucket in buckets)
            return {
                "doc_count_error_upper_bound": 0, "sum_other_doc_count": max(0, total - counted), "buckets": buckets
            }  # fmt: skip
        answer: Answers = {"buckets": keyed(one, buckets)}
        if one.kind == "auto_date_histogram" and steps is not None:
            answer["interval"] = steps.unit[:1] if steps.unit else f"{steps.length_ms // 1000}s"
        return answer

    def _keys(self, one: Aggregation, steps: Calendar | None) -> Keys:
        match one.kind:
            case "terms":
                return terms_keys(self.scope, one)
            case "histogram":
                return number_keys(self.scope, one)
            case "range" | "date_range":
                return range_keys(self.scope, one)
            case "filters":
                return filter_keys(self.scope, one)
        assert steps is not None, "a histogram of dates has steps"
        return date_keys(self.scope, one, steps)

    async def _steps(self, one: Aggregation, where: str) -> Calendar | None:
        if one.kind == "date_histogram":
            return calendar_of(one)
        if one.kind != "auto_date_histogram":
            return None
        metrics = [Metric(self.scope, Aggregation(kind, kind, {"field": one.field})) for kind in ("min", "max")]
        ((_, _, found),) = await self._metrics(metrics, [], where)
        low, high = found["min"]["value"] or 0, found["max"]["value"] or 0
        wanted = int(one.said.get("buckets") or 10)
        fits = (pair for pair in _LENGTHS if (high - low) / pair[0] < wanted)
        length, unit = next(fits, _LENGTHS[-1])
        said = {**one.said, **({"calendar_interval": unit} if unit else {"fixed_interval": f"{length}ms"})}
        return calendar_of(Aggregation(one.name, "date_histogram", said))

    def _nothing(self, aggregations: Sequence[Aggregation]) -> Answers:
        """Return the answers of aggregations over no records."""
        found: Answers = {}
        for one in aggregations:
            if one.kind == "top_hits":
                found[one.name] = {"hits": {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}}
            elif one.kind in METRICS:
                found[one.name] = Metric(self.scope, one).answer(None)
            elif one.kind in SINGLE:
                found[one.name] = {"doc_count": 0, **self._nothing(one.inner)}
            elif one.kind == "composite":
                found[one.name] = {"buckets": []}
            elif one.kind in BUCKETS:
                steps = calendar_of(one) if one.kind == "date_histogram" else None
                if one.kind == "auto_date_histogram":
                    found[one.name] = {"buckets": [], "interval": "1s"}
                else:
                    found[one.name] = self._answer(one, self._keys(one, steps), steps, [], 0)
        return found


_LENGTHS: Final = (
    *((seconds * 1000, "") for seconds in (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 43_200)),
    (86_400_000, "day"), (604_800_000, "week"), (2_592_000_000, "month"), (7_776_000_000, "quarter"),
    (31_536_000_000, "year"),
)  # fmt: skip


def _metric_answers(metrics: Sequence[Metric], row: Mapping[str, Any]) -> Answers:
    return {
        metric.name: metric.answer([row[f"m{place}_{number}"] for number in range(len(metric.columns))])
        for place, metric in enumerate(metrics)
    }


def _with_meta(aggregations: Sequence[Aggregation], answers: Answers) -> Answers:
    for one in aggregations:
        if one.meta is not None and one.name in answers:
            answers[one.name] = {"meta": one.meta, **answers[one.name]}
    return answers
