"""The functions over histograms: counts, sums and spread of native ones; quantiles and fractions of both kinds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql import classic
from firstlight.query.promql.arguments import scalar_at, text_at, vector_at
from firstlight.query.promql.classic import Columns
from firstlight.query.promql.context import Context
from firstlight.query.promql.distributions import Distributions
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.forced import Forced
from firstlight.query.promql.go_numbers import brief_text, label_text
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops import fraction, quantile, variance
from firstlight.query.promql.histogram_ops.statistics import NaNs
from firstlight.query.promql.labels import drop_name, is_label_name, joined, with_label
from firstlight.query.promql.values import Floats, Value, Vector
from firstlight.query.promql.vectors import empty, has_histogram, stacked

_QUANTILE_NANS: Final = MappingProxyType(
    {
        NaNs.DECIDE: "input to histogram_quantile has NaN observations, result is NaN",
        NaNs.SKEW: "input to histogram_quantile has NaN observations, result is skewed higher",
    }
)
_FRACTION_NANS: Final = MappingProxyType(
    {NaNs.SKEW: "input to histogram_fraction has NaN observations, which are excluded from all fractions"}
)


def _average(h: Histogram) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(h.sum) / h.count)


def _deviation(h: Histogram) -> float:
    spread = variance(h)
    return math.sqrt(spread) if spread >= 0 else math.nan


def _of_each(number: Callable[[Histogram], float]) -> Callable[[Sequence[Value], Context], Value]:
    """Return the function that takes a number from each native histogram, and leaves out what is none."""

    def function(args: Sequence[Value], context: Context) -> Value:
        vector = vector_at(args, 0)
        present = has_histogram(vector)
        if present is None or vector.histograms is None:
            return empty(context.steps.count)
        # A sample is the same object at all steps that see it.
        known = {id(h): number(h) for h in vector.histograms[present].tolist()}
        floats = np.full(present.shape, np.nan)
        floats[present] = [known[id(h)] for h in vector.histograms[present].tolist()]
        kept = np.flatnonzero(present.any(axis=1))
        labels = [vector.labels[row] for row in kept.tolist()]
        return drop_name(Vector(labels, floats[kept], present[kept]), context)

    return function


def _quantiles(found: Distributions, q: Floats, forced: Forced) -> Vector:
    """Return the quantile `q[t]` at each step t."""
    known: dict[tuple[int, float], tuple[float, NaNs]] = {}

    def native(h: Histogram, step: int) -> tuple[float, NaNs]:
        key = id(h), float(q[step])
        if key not in known:
            known[key] = quantile(h, key[1])
        return known[key]

    def of_buckets(part: Columns) -> Floats:
        values, repair = classic.quantiles(part.bounds, part.counts, q[part.steps])
        forced.note(found.families, part, repair)
        return values

    return found.estimate(native, of_buckets, _QUANTILE_NANS)


def _check(q: Floats, context: Context, at: Span) -> None:
    """Tell of quantiles that are none."""
    for text in dict.fromkeys(brief_text(one) for one in q[~((q >= 0) & (q <= 1))].tolist()):
        context.annotations.warn(f"quantile value should be between 0 and 1, got {text}", at)


def histogram_quantile(args: Sequence[Value], context: Context) -> Value:
    """Return below which value a share of the observations of each histogram lies."""
    q, at = scalar_at(args, 0), context.arg_spans[1]
    _check(q, context, context.arg_spans[0])
    forced = Forced(context)
    result = _quantiles(Distributions.of(vector_at(args, 1), context, at), q, forced)
    forced.tell(at)
    return drop_name(result, context)


def histogram_quantiles(args: Sequence[Value], context: Context) -> Value:
    """Return several quantiles of each histogram, each with the label that says which."""
    label, at = text_at(args, 1), context.arg_spans[0]
    if not is_label_name(label):
        raise EvaluationFailed(f"invalid label name {quote(label)}")
    wanted = [scalar_at(args, place) for place in range(2, len(args))]
    for q, span in zip(wanted, context.arg_spans[2:], strict=True):
        _check(q, context, span)
    found, forced = Distributions.of(vector_at(args, 0), context, at), Forced(context)
    result = empty(context.steps.count)
    for q in wanted:
        several = _quantiles(found, q, forced)
        texts = np.array([label_text(one) for one in q.tolist()])
        for text in dict.fromkeys(texts.tolist()):
            labels = [with_label(each, label, text) for each in several.labels]
            result = stacked(result, Vector(labels, several.floats, several.present & (texts == text)))
    forced.tell(at)
    return drop_name(joined(result), context)


def histogram_fraction(args: Sequence[Value], context: Context) -> Value:
    """Return which share of the observations of each histogram lies between two values."""
    lower, upper = scalar_at(args, 0), scalar_at(args, 1)
    found = Distributions.of(vector_at(args, 2), context, context.arg_spans[2])
    known: dict[tuple[int, float, float], tuple[float, NaNs]] = {}

    def native(h: Histogram, step: int) -> tuple[float, NaNs]:
        key = id(h), float(lower[step]), float(upper[step])
        if key not in known:
            known[key] = fraction(h, key[1], key[2])
        return known[key]

    def of_buckets(part: Columns) -> Floats:
        return classic.fractions(part.bounds, part.counts, lower[part.steps], upper[part.steps])

    return drop_name(found.estimate(native, of_buckets, _FRACTION_NANS), context)


FUNCTIONS: Final[Mapping[str, Callable[[Sequence[Value], Context], Value]]] = MappingProxyType(
    {
        "histogram_avg": _of_each(_average),
        "histogram_count": _of_each(lambda h: h.count),
        "histogram_fraction": histogram_fraction,
        "histogram_quantile": histogram_quantile,
        "histogram_quantiles": histogram_quantiles,
        "histogram_stddev": _of_each(_deviation),
        "histogram_stdvar": _of_each(variance),
        "histogram_sum": _of_each(lambda h: h.sum),
    }
)
"""All of them by name."""
