"""Aggregations of the answers of others: derivatives, running sums and means, scripts over buckets."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from itertools import pairwise
from typing import Any, Final

from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.faults import illegal, unsupported
from firstlight.query.elastic.metrics import value_at
from firstlight.query.elastic.script import Script
from firstlight.query.elastic.times import fixed

Bucket = MutableMapping[str, Any]
MAX_WINDOW: Final = 10_000


def apply_parents(aggregations: Sequence[Aggregation], buckets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to buckets what pipelines inside of their aggregation make of them; return those that are left."""
    for one in _in_order(aggregations):
        match one.kind:
            case "bucket_script":
                _script(one, buckets)
            case "bucket_selector":
                script, paths = Script(one.said.get("script")), _paths(one)
                buckets = [bucket for bucket in buckets if _selected(script, paths, bucket)]
            case "bucket_sort":
                buckets = _sorted(one, buckets)
            case _:
                _series(one, buckets)
    return buckets


def _in_order(aggregations: Sequence[Aggregation]) -> list[Aggregation]:
    """Return pipelines, each behind those that it refers to."""
    left, done = {one.name: one for one in aggregations}, []
    while left:
        ready = [one for one in left.values() if not any(path.split(".")[0] in left for path in _refers(one))]
        if not ready:
            raise illegal(f"Cyclical dependency found with pipeline aggregations [{', '.join(left)}]")
        done += ready
        for one in ready:
            del left[one.name]
    return done


def _refers(one: Aggregation) -> list[str]:
    found = one.said.get("buckets_path")
    return [str(path) for path in found.values()] if isinstance(found, Mapping) else [str(found)] if found else []


def value_of(bucket: Mapping[str, Any], path: str) -> float | None:
    """Return the number that a path means in a bucket."""
    if path == "_count":
        return float(bucket["doc_count"])
    if path == "_key":
        key = bucket.get("key")
        return float(key) if isinstance(key, int | float) else None
    first, _, rest = path.partition(">")
    if rest:
        inner = bucket.get(first)
        return value_of(inner, rest) if isinstance(inner, Mapping) else None
    if path in bucket:
        return value_at(bucket[path], "")
    name, _, metric = path.partition(".")
    if found := re.fullmatch(r"(.+)\[(.+)\]", path):
        name, metric = found[1], found[2]
    if name not in bucket:
        raise illegal(f"No aggregation found for path [{path[:100]}]")
    return value_at(bucket[name], metric)


def _path(one: Aggregation) -> str:
    found = one.said.get("buckets_path")
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, str):
        raise illegal(f"Required [buckets_path] of [{one.name}]")
    return found


def _paths(one: Aggregation) -> Mapping[str, str]:
    found = one.said.get("buckets_path")
    if isinstance(found, str):
        return {"_value": found}
    if not isinstance(found, Mapping):
        raise illegal(f"Required [buckets_path] of [{one.name}]")
    return {str(name): str(path) for name, path in found.items()}


def _script(one: Aggregation, buckets: Sequence[Bucket]) -> None:
    script, paths = Script(one.said.get("script")), _paths(one)
    zeros = one.said.get("gap_policy") == "insert_zeros"
    for bucket in buckets:
        values = {name: value_of(bucket, path) for name, path in paths.items()}
        known = {name: 0.0 if value is None else value for name, value in values.items() if zeros or value is not None}
        if len(known) == len(values):
            found = script(known)
            if found is not None:
                bucket[one.name] = {"value": found}


def _selected(script: Script, paths: Mapping[str, str], bucket: Bucket) -> bool:
    values = {name: value_of(bucket, path) for name, path in paths.items()}
    known = {name: value for name, value in values.items() if value is not None}
    return len(known) == len(values) and bool(script(known))


def _sorted(one: Aggregation, buckets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for key in reversed(one.said.get("sort") or []):
        said = {key: {}} if isinstance(key, str) else key
        ((path, how),) = said.items()
        order = how if isinstance(how, str) else (how or {}).get("order", "asc")
        valued = [(value, bucket) for bucket in buckets if (value := value_of(bucket, path)) is not None]
        valued.sort(key=lambda pair: pair[0], reverse=str(order) == "desc")
        buckets = [bucket for _, bucket in valued]
    start, size = int(one.said.get("from") or 0), one.said.get("size")
    return buckets[start : None if size is None else start + int(size)]


def _series(one: Aggregation, buckets: Sequence[Bucket]) -> None:
    path = _path(one)
    zeros = one.said.get("gap_policy") == "insert_zeros"
    values = [value_of(bucket, path) for bucket in buckets]
    values = [0.0 if value is None and zeros else value for value in values]
    found = _KINDS[one.kind](one, values)
    for bucket, value in zip(buckets, found, strict=True):
        if value is not None:
            bucket[one.name] = {"value": value}
    if one.kind == "derivative" and one.said.get("unit"):
        unit = fixed(one.said["unit"], "unit")
        for before, bucket in pairwise(buckets):
            if one.name in bucket and bucket["key"] != before["key"]:
                span = (bucket["key"] - before["key"]) / unit
                bucket[one.name]["normalized_value"] = bucket[one.name]["value"] / span


def _derivative(one: Aggregation, values: Sequence[float | None]) -> list[float | None]:
    found: list[float | None] = []
    last: float | None = None
    for value in values:
        found.append(None if value is None or last is None else value - last)
        last = last if value is None else value
    return found


def _running_sum(one: Aggregation, values: Sequence[float | None]) -> list[float | None]:
    found: list[float | None] = []
    total = 0.0
    for value in values:
        total += 0.0 if value is None else value
        found.append(total)
    return found


def _difference(one: Aggregation, values: Sequence[float | None]) -> list[float | None]:
    lag = int(one.said.get("lag") or 1)
    if lag <= 0:
        raise illegal("[lag] must be a positive, non-zero integer")
    found: list[float | None] = []
    for place, value in enumerate(values):
        before = values[place - lag] if place >= lag else None
        found.append(None if value is None or before is None else value - before)
    return found


def _moving(one: Aggregation, values: Sequence[float | None]) -> list[float | None]:
    window, shift = int(one.said.get("window") or 5), int(one.said.get("shift") or 0)
    if not 0 < window <= MAX_WINDOW:
        raise illegal(f"[window] must be a positive integer, at most {MAX_WINDOW}")
    function = _function(one)
    if one.kind == "moving_avg":
        shift += 1  # which counts the bucket itself, as moving_fn does not
    found: list[float | None] = []
    for place, value in enumerate(values):
        here = values[max(0, place - window + shift) : max(0, place + shift)]
        known = [one_value for one_value in here if one_value is not None]
        found.append(None if value is None or not known else function(known))
    return found


def _function(one: Aggregation) -> Callable[[Sequence[float]], float | None]:
    if one.kind == "moving_avg":
        model = str(one.said.get("model") or "simple")
        settings = one.said.get("settings") or {}
        if model == "ewma":
            return lambda values: _ewma(values, float(settings.get("alpha", 0.3)))
        found = {"simple": _mean, "linear": _linear}.get(model)
        if found is None:
            raise unsupported("model of moving_avg", model, "simple, linear or ewma")
        return found
    script = one.said.get("script")
    source = str(script.get("source") if isinstance(script, Mapping) else script)
    called = re.fullmatch(r"\s*(?:return\s+)?MovingFunctions\.(\w+)\(\s*values\s*(?:,\s*(.*?))?\)\s*;?\s*", source)
    name = called[1] if called else source[:100]
    if name == "ewma" and called:
        return lambda values: _ewma(values, float(called[2] or 0.3))
    if name not in _FUNCTIONS:
        known = ", ".join([*_FUNCTIONS, "ewma"])
        raise unsupported("function of moving_fn", name, f"MovingFunctions.…(values) of {known}")
    return _FUNCTIONS[name]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _linear(values: Sequence[float]) -> float:
    weights = range(1, len(values) + 1)
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _ewma(values: Sequence[float], alpha: float) -> float:
    found = values[0]
    for value in values[1:]:
        found = alpha * value + (1 - alpha) * found
    return found


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(_mean([(value - mean) ** 2 for value in values]))


_FUNCTIONS: Final[Mapping[str, Callable[[Sequence[float]], float | None]]] = {
    "max": max,
    "min": min,
    "sum": math.fsum,
    "stdDev": _deviation,
    "unweightedAvg": _mean,
    "linearWeightedAvg": _linear,
}

_KINDS: Final[Mapping[str, Callable[[Aggregation, Sequence[float | None]], list[float | None]]]] = {
    "derivative": _derivative,
    "cumulative_sum": _running_sum,
    "serial_diff": _difference,
    "moving_avg": _moving,
    "moving_fn": _moving,
}


def sibling(one: Aggregation, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pipeline makes of the buckets of an aggregation beside it."""
    first, _, rest = _path(one).partition(">")
    if first not in answers or "buckets" not in answers[first]:
        raise illegal(f"No aggregation found for path [{first[:100]}]")
    buckets = answers[first]["buckets"]
    listed = list(buckets.values()) if isinstance(buckets, Mapping) else buckets
    pairs = [(value_of(bucket, rest or "_count"), bucket.get("key_as_string", bucket.get("key"))) for bucket in listed]
    known = [(value, str(key)) for value, key in pairs if value is not None]
    values = [value for value, _ in known]
    match one.kind:
        case "sum_bucket":
            return {"value": math.fsum(values)}
        case "avg_bucket":
            return {"value": _mean(values) if values else None}
        case "min_bucket" | "max_bucket":
            best = (min if one.kind == "min_bucket" else max)(values, default=None)
            return {"value": best, "keys": [key for value, key in known if value == best]}
    total = math.fsum(values)
    return {
        "count": len(values), "min": min(values, default=None), "max": max(values, default=None),
        "avg": total / len(values) if values else None, "sum": total,
    }  # fmt: skip
