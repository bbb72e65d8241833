"""Aggregations: one series for each group of a vector's series, or some series of each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.context import Context
from firstlight.query.promql.count_values import count_values
from firstlight.query.promql.group_quantiles import group_quantiles
from firstlight.query.promql.group_sums import Groups, compensated
from firstlight.query.promql.histogram_sums import with_histograms
from firstlight.query.promql.labels import NAME, numbered, only, without
from firstlight.query.promql.ranking import limit_ratio, limitk, ranked
from firstlight.query.promql.values import Floats, Labels, Mask, Scalar, Text, Value, Vector
from firstlight.query.promql.vectors import any_of_group, floats_only, has_histogram

_Reduce: TypeAlias = Callable[[Vector, Groups], Floats]


def aggregate(
    op: str, value: Vector, param: Value | None, grouping: Sequence[str], without: bool, context: Context
) -> Vector:
    """Return what an aggregation makes of a vector. `param` is what stands before the vector in topk and its like.

    The spans of the context's arguments are that of the vector and, if there is one, that of the parameter.
    """
    if op == "count_values":
        assert isinstance(param, Text)
        return count_values(value, param.value, grouping, without)
    numbers, labels = numbered(group_labels(each, grouping, without) for each in value.labels)
    groups = Groups(numbers, len(labels))
    match op, param:
        case (("topk" | "bottomk"), Scalar()):
            return ranked(op, value, param.values, groups, context)
        case "limitk", Scalar():
            return limitk(value, param.values, groups)
        case "limit_ratio", Scalar():
            return limit_ratio(value, param.values, _span(context, 1), context)
        case "quantile", Scalar():
            floats = _floats(op, value, context)
            result = group_quantiles(floats, param.values, groups, _span(context, 1), context)
            return _grouped(value, floats.present, result, groups, labels)
    return _reduced(op, value, groups, labels, context)


def group_labels(labels: Labels, grouping: Sequence[str], is_without: bool) -> Labels:
    """Return the labels of the group to which a series belongs."""
    return without(labels, (*grouping, NAME)) if is_without else only(labels, grouping)


def _span(context: Context, place: int) -> Span:
    return context.arg_spans[place] if place < len(context.arg_spans) else context.span


def _reduced(op: str, value: Vector, groups: Groups, labels: list[Labels], context: Context) -> Vector:
    if op in {"count", "group"}:
        return _grouped(value, value.present, _SAMPLES[op](value, groups), groups, labels)
    odd = has_histogram(value)
    if odd is None or op not in {"sum", "avg"}:
        floats = _floats(op, value, context)
        return _grouped(value, floats.present, _FLOATS[op](floats, groups), groups, labels)
    floats = floats_only(value)
    result = _grouped(value, floats.present, _FLOATS[op](floats, groups), groups, labels)
    return with_histograms(op, result, value, odd, groups, _span(context, 0), context)


def _floats(op: str, value: Vector, context: Context) -> Vector:
    if has_histogram(value) is not None:
        context.annotations.info(f"ignored histogram in {op} aggregation", _span(context, 0))
    return floats_only(value)


def _grouped(value: Vector, present: Mask, floats: Floats, groups: Groups, labels: list[Labels]) -> Vector:
    there = any_of_group(present, groups.numbers, groups.count)
    nameless: Mask | None = None
    if value.nameless is not None:
        nameless = np.zeros(groups.count, dtype=bool)
        np.logical_or.at(nameless, groups.numbers, value.nameless)
    return Vector(labels, floats, there, nameless=nameless)


def _count(value: Vector, groups: Groups) -> Floats:
    return groups.counts(value.present).astype(np.float64)


def _group(value: Vector, groups: Groups) -> Floats:
    return np.ones((groups.count, value.present.shape[1]))


def _sum(value: Vector, groups: Groups) -> Floats:
    sums, lost = compensated(value.floats, value.present, groups)
    with np.errstate(all="ignore"):
        sums += lost
    return sums


def _avg(value: Vector, groups: Groups) -> Floats:
    counts = groups.counts(value.present)
    with np.errstate(all="ignore"):
        sums, lost = compensated(value.floats, value.present, groups)
        means = sums / counts + lost / counts
        if bool((~np.isfinite(sums) & (counts > 0)).any()):
            # The sum may be too large for a float where the mean is not: each is divided before it is added.
            sums, lost = compensated(value.floats / counts[groups.numbers], value.present, groups)
            means = np.where(np.isfinite(means), means, sums + lost)
    return means


def _stdvar(value: Vector, groups: Groups) -> Floats:
    if not len(value):
        return np.zeros((0, value.present.shape[1]))
    # Against the first of each group, so that equal values differ by nothing at all.
    order, starts = groups.order()
    if bool(value.present.all()):
        first = value.floats[order[starts]]
    else:
        places = np.where(value.present[order], np.arange(len(order))[:, np.newaxis], len(order))
        firsts = np.minimum(np.minimum.reduceat(places, starts, axis=0), len(order) - 1)
        first = np.take_along_axis(value.floats[order], firsts, axis=0)
    with np.errstate(all="ignore"):
        shifted = replace(value, floats=value.floats - first[groups.numbers])
        away = shifted.floats - _avg(shifted, groups)[groups.numbers]
        return _avg(replace(value, floats=away * away), groups)


def _stddev(value: Vector, groups: Groups) -> Floats:
    with np.errstate(all="ignore"):
        return np.sqrt(_stdvar(value, groups))


def _extreme(reduce: np.ufunc) -> _Reduce:
    def of(value: Vector, groups: Groups) -> Floats:
        order, starts = groups.order()
        if not len(order):
            return np.zeros((0, value.present.shape[1]))
        values = np.where(value.present, value.floats, np.nan)[order]
        found: Floats = reduce.reduceat(values, starts, axis=0)
        return found

    return of


_FLOATS: Final[Mapping[str, _Reduce]] = MappingProxyType(
    {
        "sum": _sum,
        "avg": _avg,
        "min": _extreme(np.fmin),
        "max": _extreme(np.fmax),
        "stddev": _stddev,
        "stdvar": _stdvar,
    }
)
_SAMPLES: Final[Mapping[str, _Reduce]] = MappingProxyType({"count": _count, "group": _group})
