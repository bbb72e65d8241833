"""Keys of buckets that are each of a condition: ranges and filters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.ast import Range
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.keys import Keys, number_of
from firstlight.query.elastic.lower import condition
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.times import shown, when, zone


def range_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the buckets of ranges of numbers or times."""
    said, dated = aggregation.said, aggregation.kind == "date_range"
    listed = said.get("ranges")
    if not isinstance(listed, list) or not listed:
        raise illegal(f"No [ranges] specified for the [{aggregation.name}] aggregation")
    form, tz = str(said.get("format") or ""), str(said.get("time_zone") or "")
    conditions, told = [], []
    for one in sorted(listed, key=lambda one: _order(scope, one, form, tz, dated=dated)):
        low, high = one.get("from"), one.get("to")
        query = Range(aggregation.field, low, high, high_open=True, format=form, time_zone=tz)
        conditions.append(condition(scope, query) if low is not None or high is not None else "1")
        told.append(_told_range(scope, one, form, tz, dated=dated))
    return numbered(conditions, told)


def _order(scope: Scope, one: Mapping[str, Any], form: str, tz: str, *, dated: bool) -> tuple[float, float]:
    def value(name: str, default: float) -> float:
        found = one.get(name)
        if found is None:
            return default
        return when(found, scope.now_ms, form=form, tz=tz) if dated else number_of(found, name)

    return value("from", -math.inf), value("to", math.inf)


def _told_range(scope: Scope, one: Mapping[str, Any], form: str, tz: str, *, dated: bool) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    texts = {"from": "*", "to": "*"}
    for name in ("from", "to"):
        if one.get(name) is None:
            continue
        value = float(when(one[name], scope.now_ms, form=form, tz=tz) if dated else number_of(one[name], name))
        bounds[name] = value
        texts[name] = str(value)
        if dated:
            texts[name] = bounds[f"{name}_as_string"] = shown(int(value), form, zone(tz))
    return {"key": str(one.get("key") or f"{texts['from']}-{texts['to']}"), **bounds}


def filter_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the buckets of named filters, and the one of everything else if it is wanted."""
    said = aggregation.said
    conditions = [condition(scope, query) for query in aggregation.queries.values()]
    names = list(aggregation.queries)
    if said.get("other_bucket") or said.get("other_bucket_key"):
        names.append(str(said.get("other_bucket_key") or "_other_"))
        conditions.append(" AND ".join(f"NOT ({one})" for one in conditions) or "1")
    return numbered(conditions, [{"key": name} for name in names])


def numbered(conditions: Sequence[str], told: Sequence[dict[str, Any]]) -> Keys:
    """Return buckets that are each of a condition."""
    listed = ", ".join(f"if({one}, toInt16({number}), toInt16(-1))" for number, one in enumerate(conditions))
    sql = f"arrayFilter(y -> y >= 0, [{listed}])" if conditions else "emptyArrayInt16()"
    return Keys(sql, "Int16", lambda key: dict(told[key]), many=True, numbered=told)
