"""Selectors of which a query wants no more than the counts and sums of histograms.

Prometheus then reads no buckets, and finds out by comparing each sample with the one before it what a sample with
buckets may leave open: whether there was a reset. What is known of resets can be seen in annotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from firstlight.errors import Span
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.histogram_ops import stats_hints
from firstlight.query.promql.places import filled
from firstlight.query.promql.values import Samples

_COUNTS: Final = frozenset({"histogram_avg", "histogram_count", "histogram_sum"})
_BUCKETS: Final = frozenset({"histogram_fraction", "histogram_quantile", "histogram_quantiles"})
_TRIMS: Final = frozenset({"</", ">/"})


def counts_only(expr: Expr) -> frozenset[Span]:
    """Return where in a query selectors stand of which only counts and sums are wanted."""
    return frozenset(_found(expr, False))


def _found(expr: Expr, wanted: bool) -> Iterator[Span]:
    """Yield such selectors; `wanted` says that only counts are wanted of `expr`."""
    match expr:
        case VectorSelector():
            if wanted:
                yield expr.span
        case MatrixSelector():
            yield from _found(expr.selector, wanted)
        case Subquery():
            yield from _found(expr.expr, False)
        case Call():
            wanted = (wanted or expr.function in _COUNTS) and expr.function not in _BUCKETS
            for arg in expr.args:
                yield from _found(arg, wanted)
        case Aggregate():
            yield from _found(expr.expr, wanted)
            if expr.param is not None:
                yield from _found(expr.param, wanted)
        case Binary():
            wanted = wanted and expr.op not in _TRIMS
            yield from _found(expr.left, wanted)
            yield from _found(expr.right, wanted)
        case Unary() | Paren():
            yield from _found(expr.expr, wanted)
        case _:
            return


def hinted(samples: Samples) -> Samples:
    """Return the samples with what comparing them tells of resets."""
    if samples.histograms is None:
        return samples
    histograms = samples.histograms.copy()
    bounds = samples.offsets.tolist()
    for start, end in pairwise(bounds):
        if bool(filled(histograms[start:end]).any()):
            for place, h in enumerate(stats_hints(histograms[start:end].tolist()), start):
                histograms[place] = h
    return Samples(samples.labels, samples.offsets, samples.ts, samples.floats, histograms, samples.starts)
