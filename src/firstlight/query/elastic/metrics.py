"""Metrics of aggregations: what the engine computes for each, and how it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from firstlight.model.elastic.fields import Field, Kind
from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.faults import illegal, unsupported
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.sort import comparable, read_sort
from firstlight.query.elastic.times import iso, when
from firstlight.query.elastic.values import elements

PERCENTS: Final = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
NUMERIC: Final = frozenset({"Int64", "Float64"})


class Metric:
    """One metric: the columns it needs of the engine, and its answer from their values."""

    def __init__(self, scope: Scope, aggregation: Aggregation) -> None:
        self.aggregation = aggregation
        self.name = aggregation.name
        self._kind = aggregation.kind
        self._dated = False
        self._percents: list[float] = []
        self._shown: list[str] = []
        self.columns = self._columns(scope)
        """Aggregates of the engine."""

    def _columns(self, scope: Scope) -> list[str]:
        if self._kind == "top_metrics":
            return self._top(scope)
        if self._kind == "weighted_avg":
            return self._weighted(scope)
        found = scope.field(self.aggregation.field)
        self._dated = found.kind.dated
        if self._kind in ("cardinality", "value_count"):
            return self._counting(scope, found)
        value, many = self._numbers(scope, found)
        suffix = "Array" if many else ""
        count = f"sum(length({value}))" if many else f"count({value})"
        basic = {name: f"{name}{suffix}OrNull({value})" for name in ("avg", "sum", "min", "max")}
        if self._kind in basic:
            return [basic[self._kind]]
        if self._kind in ("stats", "extended_stats"):
            squares = f"arrayMap(y -> y * y, {value})" if many else f"{value} * {value}"
            return [count, *(basic[name] for name in ("min", "max", "sum")), f"sum{suffix}({squares})"]
        if self._kind == "percentiles":
            given = self.aggregation.said.get("percents") or PERCENTS
            self._percents = [float(one) for one in given]
            if not all(0 <= one <= 100 for one in self._percents) or len(self._percents) > 100:
                raise illegal("percent must be in [0,100], and at most 100 of them")
            levels = ", ".join(repr(one / 100) for one in self._percents)
            return [f"quantilesTDigest{suffix}({levels})({value})", count]
        if self._kind == "percentile_ranks":
            self._percents = [float(one) for one in self.aggregation.said.get("values") or ()]
            bounds = [scope.binder(one, "Float64") for one in self._percents]
            if many:
                below = [f"sum(length(arrayFilter(y -> y <= {bound}, {value})))" for bound in bounds]
            else:
                below = [f"countIf({value} <= {bound})" for bound in bounds]
            return [count, *below]
        listed = f"groupArray{'Array' if many else ''}({value})"
        return [f"arrayReduce('median', arrayMap(y -> abs(y - arrayReduce('median', {listed})), {listed}))"]

    def _numbers(self, scope: Scope, found: Field) -> tuple[str, bool]:
        """Return the numbers of a field, or an array of them."""
        make, kind = comparable(found)
        if kind not in NUMERIC:
            if found.kind is Kind.TEXT and found.known:
                raise illegal(
                    f"Field [{self.aggregation.field}] of type [{found.kind}] is not supported for aggregation"
                    f" [{self._kind}]"
                )
            make = lambda text: f"toFloat64OrNull({text})"  # noqa: E731 - of a kind not known
        text = scope.text(found)
        missing = self.aggregation.said.get("missing")
        default = None
        if missing is not None:
            given = when(missing, scope.now_ms) if found.kind.dated else float(missing)
            default = scope.binder(given, "Float64")
        if found.many:
            listed = f"arrayFilter(y -> y IS NOT NULL, arrayMap(x -> toFloat64({make('x')}), {elements(text)}))"
            listed = f"arrayMap(y -> assumeNotNull(y), {listed})"
            return (f"if(empty({listed}), [{default}], {listed})" if default else listed), True
        value = f"toFloat64({make(text)})"
        return (f"ifNull({value}, {default})" if default else value), False

    def _counting(self, scope: Scope, found: Field) -> list[str]:
        make, _ = comparable(found)
        text = scope.text(found)
        if found.many:
            value = f"arrayFilter(y -> y IS NOT NULL, arrayMap(x -> {make('x')}, {elements(text)}))"
            return [f"uniqArray({value})" if self._kind == "cardinality" else f"sum(length({value}))"]
        return [f"uniq({make(text)})" if self._kind == "cardinality" else f"count({make(text)})"]

    def _top(self, scope: Scope) -> list[str]:
        said = self.aggregation.said
        if int(said.get("size") or 1) != 1:
            raise unsupported("top_metrics of a size", "size", "1")
        keys = read_sort(scope, said.get("sort") or [])
        given = said.get("metrics") or ()
        listed = [given] if isinstance(given, Mapping) else given
        if len(keys) != 1 or not listed:
            raise illegal("[top_metrics] needs one [sort] and [metrics]")
        function = "argMax" if keys[0].descending else "argMin"
        self._shown = [str(one.get("field")) for one in listed]
        columns = [f"{'max' if keys[0].descending else 'min'}OrNull({keys[0].sql})"]
        for name in self._shown:
            found = scope.field(name)
            make, _ = comparable(found)
            columns.append(f"{function}OrNull({make(scope.text(found))}, {keys[0].sql})")
        return columns

    def _weighted(self, scope: Scope) -> list[str]:
        parts = []
        for name in ("value", "weight"):
            said = self.aggregation.said.get(name)
            if not isinstance(said, Mapping) or not isinstance(said.get("field"), str):
                raise illegal(f"[weighted_avg] needs [{name}] with a [field]")
            found = scope.field(said["field"])
            value = f"toFloat64OrNull({scope.text(found)})"
            if said.get("missing") is not None:
                value = f"ifNull({value}, {scope.binder(float(said['missing']), 'Float64')})"
            parts.append(value)
        return [f"sum({parts[0]} * {parts[1]}) / nullIf(sumIf({parts[1]}, {parts[0]} IS NOT NULL), 0)"]

    def answer(self, values: Sequence[Any] | None) -> dict[str, Any]:
        """Return the answer for the values of the columns, or for no documents if there are none."""
        values = values or [None] * len(self.columns)
        match self._kind:
            case "cardinality" | "value_count":
                return {"value": values[0] or 0}
            case "stats" | "extended_stats":
                return _stats(values, self.aggregation.said, extended=self._kind == "extended_stats", dated=self._dated)
            case "percentiles":
                found = values[0] if values[1] else None
                pairs = [(one, _number(found[at] if found else None)) for at, one in enumerate(self._percents)]
                return {"values": _keyed(pairs, self.aggregation.said)}
            case "percentile_ranks":
                total = values[0] or 0
                pairs = [
                    (one, 100.0 * (values[at + 1] or 0) / total if total else None)
                    for at, one in enumerate(self._percents)
                ]
                return {"values": _keyed(pairs, self.aggregation.said)}
            case "top_metrics":
                if values[0] is None:
                    return {"top": []}
                shown = dict(zip(self._shown, map(_number, values[1:]), strict=True))
                return {"top": [{"sort": [values[0]], "metrics": shown}]}
        value = _number(values[0])
        if self._kind == "sum":
            return {"value": value or 0.0}
        if self._dated and value is not None:
            return {"value": value, "value_as_string": iso(int(value))}
        return {"value": value}

    def ordered(self, path: str) -> int:
        """Return which of the columns a path such as `avg` or `95` names, for an order."""
        if self._kind in ("stats", "extended_stats"):
            return {"count": 0, "min": 1, "max": 2, "sum": 3}.get(path, 3)
        return 0

    def order_sql(self, path: str, columns: Sequence[str]) -> str:
        """Return what buckets are ordered by, of the names of the columns."""
        if self._kind in ("stats", "extended_stats") and path == "avg":
            return f"{columns[3]} / nullIf({columns[0]}, 0)"
        if self._kind == "percentiles":
            given = float(path) if path else self._percents[0]
            place = self._percents.index(given) + 1 if given in self._percents else 1
            return f"{columns[0]}[{place}]"
        return columns[self.ordered(path)]


def value_at(answer: Mapping[str, Any], path: str) -> float | None:
    """Return the number that a path means in the answer of a metric."""
    if not path:
        found = answer.get("value")
        if found is None and "values" in answer:
            values = answer["values"]
            found = next(iter(values.values()), None) if isinstance(values, Mapping) else None
    elif "values" in answer:
        values = answer["values"]
        listed = values if isinstance(values, Mapping) else {str(one["key"]): one["value"] for one in values}
        found = listed.get(path, listed.get(f"{path}.0"))
    elif "top" in answer:
        found = answer["top"][0]["metrics"].get(path) if answer["top"] else None
    else:
        found = answer.get(path)
    return float(found) if isinstance(found, int | float) else None


def _stats(values: Sequence[Any], said: Mapping[str, Any], *, extended: bool, dated: bool) -> dict[str, Any]:
    count, low, high, total, squares = (values[0] or 0), values[1], values[2], values[3] or 0.0, values[4] or 0.0
    mean = total / count if count else None
    found: dict[str, Any] = {
        "count": count, "min": _number(low), "max": _number(high), "avg": _number(mean), "sum": _number(total),
    }  # fmt: skip
    if dated and count:
        found |= {f"{name}_as_string": iso(int(found[name])) for name in ("min", "max", "avg")}
    if not extended:
        return found
    variance = max(0.0, squares / count - mean * mean) if count and mean is not None else None
    sampled = variance * count / (count - 1) if variance is not None and count > 1 else None
    sigma = float(said.get("sigma", 2.0))
    deviation = None if variance is None else math.sqrt(variance)
    sample_deviation = None if sampled is None else math.sqrt(sampled)

    def bound(sign: int, width: float | None) -> float | None:
        return None if mean is None or width is None else mean + sign * sigma * width

    return {
        **found,
        "sum_of_squares": _number(squares) if count else None,
        "variance": variance,
        "variance_population": variance,
        "variance_sampling": sampled,
        "std_deviation": deviation,
        "std_deviation_population": deviation,
        "std_deviation_sampling": sample_deviation,
        "std_deviation_bounds": {
            "upper": bound(1, deviation),
            "lower": bound(-1, deviation),
            "upper_population": bound(1, deviation),
            "lower_population": bound(-1, deviation),
            "upper_sampling": bound(1, sample_deviation),
            "lower_sampling": bound(-1, sample_deviation),
        },
    }


def _keyed(pairs: Sequence[tuple[float, Any]], said: Mapping[str, Any]) -> Any:
    if said.get("keyed", True) is False:
        return [{"key": key, "value": value} for key, value in pairs]
    return {str(key): value for key, value in pairs}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
