"""Aggregations over the series of a time: Prometheus' own, and what LogQL has besides."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from firstlight.query.logql.ast import Grouping, VectorAggregate, VectorOp
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.promql.aggregate import aggregate
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.context import Context, Switches
from firstlight.query.promql.values import Labels, Scalar, Steps, Vector
from firstlight.query.promql.vectors import empty, taken

_RANKED: Final = frozenset({VectorOp.TOPK, VectorOp.BOTTOMK, VectorOp.APPROX_TOPK})

INSTANT_ONLY: Final = "count min sketches are only supported on instant queries"


def vector_aggregate(node: VectorAggregate, value: Vector, steps: Steps) -> Vector:
    """Return what an aggregation makes of a vector. Raise LogqlFailed."""
    context = Context(steps, Annotations(), Switches(), node.span)
    names, without = ((), False) if node.grouping is None else (node.grouping.labels, node.grouping.without)
    if node.op in _RANKED:
        if node.op is VectorOp.APPROX_TOPK and steps.step:
            raise LogqlFailed(INSTANT_ONLY)
        most = 0 if node.param is None else node.param
        if most < 1:
            return empty(steps.count)
        op = VectorOp.BOTTOMK if node.op is VectorOp.BOTTOMK else VectorOp.TOPK
        limits = Scalar(np.full(steps.count, float(most)))
        # Of equal ones the first are taken: by labels, so that they are the same each time.
        value = taken(value, np.array(sorted(range(len(value)), key=lambda row: value.labels[row]), np.int64))
        return aggregate(op.value, value, limits, names, without, context)
    if node.op in (VectorOp.SORT, VectorOp.SORT_DESC):
        return value if steps.step else _sorted(value, descending=node.op is VectorOp.SORT_DESC)
    result = aggregate(node.op.value, value, None, names, without, context)
    if node.op in (VectorOp.STDDEV, VectorOp.STDVAR):
        result = _settled(result, value, node, context)
    return _kept(result, node.grouping)


def _settled(result: Vector, value: Vector, node: VectorAggregate, context: Context) -> Vector:
    """Return deviations, 0 where there is but one value: to Loki, not even NaN deviates from itself."""
    names, without = ((), False) if node.grouping is None else (node.grouping.labels, node.grouping.without)
    counts = aggregate(VectorOp.COUNT.value, value, None, names, without, context)
    return replace(result, floats=np.where(counts.floats == 1, 0.0, result.floats))


def _kept(vector: Vector, grouping: Grouping | None) -> Vector:
    """Return the vector without labels that are empty, which Loki drops where it takes labels away."""
    if grouping is None or not grouping.without:
        return vector
    return Vector([_filled(labels) for labels in vector.labels], vector.floats, vector.present)


def _filled(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[1])


def _sorted(value: Vector, *, descending: bool) -> Vector:
    rows = np.flatnonzero(value.present[:, 0])
    by_labels = sorted(rows.tolist(), key=lambda row: value.labels[row])
    keys = value.floats[by_labels, 0]
    # NaN is the last in either direction.
    order = np.argsort(-keys if descending else keys, kind="stable")
    return taken(value, np.array(by_labels, np.int64)[order])
