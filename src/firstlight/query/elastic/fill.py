"""Buckets that no record fell into: between others, to the bounds that are asked for, and the order of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.calendar import Calendar
from firstlight.query.elastic.faults import SearchFault
from firstlight.query.elastic.keys import MAX_BUCKETS, Keys, order_of
from firstlight.query.elastic.pipeline import value_of
from firstlight.query.elastic.scope import Scope, as_mapping
from firstlight.query.elastic.times import when


def filled(
    scope: Scope,
    one: Aggregation,
    keys: Keys,
    steps: Calendar | None,
    buckets: Sequence[dict[str, Any]],
    nothing: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return buckets, with their raw key as `_k`, and between them those of no records."""
    if one.kind == "terms":
        return list(buckets)
    there = {bucket["_k"]: bucket for bucket in buckets}

    def at(key: Any) -> dict[str, Any]:
        return there.get(key) or {"_k": key, **keys.show(key), "doc_count": 0, **nothing}

    if keys.numbered is not None:
        return [at(number) for number in range(len(keys.numbered))]
    least = int(one.said.get("min_doc_count", 0) or 0)
    found = [bucket for bucket in buckets if bucket["doc_count"] >= least]
    if least == 0:
        listed = _steps(scope, one, steps, sorted(there))
        found = [at(key) for key in listed]
    for path, descending in reversed(order_of(one.said)):
        found.sort(key=lambda bucket, path=path: _order(bucket, path), reverse=descending)  # type: ignore[misc] # mypy cannot tell the type of a lambda with a default
    return found


def _order(bucket: Mapping[str, Any], path: str) -> float:
    return float(bucket["_k"]) if path in ("_key", "_time") else value_of(bucket, path) or 0.0


def _steps(scope: Scope, one: Aggregation, steps: Calendar | None, there: Sequence[Any]) -> list[Any]:
    """Return the keys from the first to the last, and to the bounds that are asked for."""
    bounds = as_mapping(one.said.get("extended_bounds"))
    if steps is None:
        return _number_steps(one, bounds, there)
    form = str(one.said.get("format") or "")
    low, high = (
        steps.floor(when(bounds[name], scope.now_ms, form=form)) if bounds.get(name) is not None else None
        for name in ("min", "max")
    )
    edges = [*(there[:1]), *(there[-1:]), *(edge for edge in (low, high) if edge is not None)]
    if not there and (low is None or high is None):
        return []
    found = [min(edges)]
    while found[-1] < max(edges):
        found.append(steps.next(found[-1]))
        _check(len(found))
    # What lies off the steps, for a change of the clock, is shown all the same.
    return sorted({*found, *there})


def _number_steps(one: Aggregation, bounds: Mapping[str, Any], there: Sequence[Any]) -> list[Any]:
    interval, offset = float(one.said["interval"]), float(one.said.get("offset") or 0)
    edges = [*there[:1], *there[-1:], *(float(bounds[name]) for name in ("min", "max") if bounds.get(name) is not None)]
    if not there and len(edges) < 2:
        return []
    first, last = ((edge - offset) // interval for edge in (min(edges), max(edges)))
    _check(int(last - first))
    return sorted({*(number * interval + offset for number in range(int(first), int(last) + 1)), *there})


def _check(count: int) -> None:
    if count > MAX_BUCKETS:
        raise SearchFault(
            "too_many_buckets_exception",
            f"Trying to create too many buckets. Must be less than or equal to: [{MAX_BUCKETS}] but was [{count}].",
            max_buckets=MAX_BUCKETS,
        )


def keyed(one: Aggregation, buckets: list[dict[str, Any]]) -> Any:
    """Return buckets as a list, or by their keys if that is asked for or the filters have names."""
    by_default = one.kind == "filters" and isinstance(one.said.get("filters"), Mapping)
    if one.kind == "filters" and not by_default:
        for number, bucket in enumerate(buckets):
            if bucket.get("key") == str(number) or "key" in bucket:
                del bucket["key"]
    if not one.said.get("keyed", by_default):
        return buckets
    found = {}
    for bucket in buckets:
        name = str(bucket.get("key_as_string", bucket.get("key")))
        if one.kind in ("filters", "range", "date_range"):
            bucket.pop("key", None)
        found[name] = bucket
    return found
