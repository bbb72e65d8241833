"""Aggregations that keep some series of each group: `topk`, `bottomk`, `limitk`, `limit_ratio`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.go_numbers import brief_text
from firstlight.query.promql.group_sums import Groups
from firstlight.query.promql.label_hash import label_hash
from firstlight.query.promql.values import Floats, Mask, Times, Vector
from firstlight.query.promql.vectors import floats_only, has_histogram, taken

_LARGEST_HASH = float(2**64 - 1)


def ranked(op: str, value: Vector, limits: Floats, groups: Groups, context: Context) -> Vector:
    """Return the `limits` series of each group with the largest, or with `bottomk` the smallest, floats.

    At a single step the series of a group stand in the order of their values.
    """
    kept = _limits(limits, len(value))
    odd = has_histogram(value)
    if odd is not None and bool(odd[:, kept > 0].any()):
        context.annotations.info(f"ignored histogram in {op} aggregation", context.span)
    value = floats_only(value)
    # NaN is the last in either direction.
    keys = np.where(value.present, -value.floats if op == "topk" else value.floats, np.nan)
    chosen = np.zeros_like(value.present)
    for rows in groups.rows():
        chosen[rows] = _least(keys[rows], value.present[rows], kept)
    result = replace(value, present=chosen)
    if context.steps.count != 1:
        return _shown(result)
    rows = np.flatnonzero(chosen[:, 0])
    return taken(result, rows[np.lexsort((keys[rows, 0], groups.numbers[rows]))])


def limitk(value: Vector, limits: Floats, groups: Groups) -> Vector:
    """Return the first `limits` series of each group."""
    kept = _limits(limits, len(value))
    chosen = np.zeros_like(value.present)
    for rows in groups.rows():
        there = value.present[rows]
        chosen[rows] = there & (np.cumsum(there, axis=0) <= kept)
    return _shown(replace(value, present=chosen))


def limit_ratio(value: Vector, ratios: Floats, span: Span, context: Context) -> Vector:
    """Return a share of the series, chosen by their labels; a negative share is what the others leave over."""
    if bool(np.isnan(ratios).any()):
        raise EvaluationFailed("Ratio value is NaN")
    for bad, bound in ((ratios.max(), 1.0), (ratios.min(), -1.0)):
        if bad * bound > 1:
            text = f"got {brief_text(float(bad))}, capping to {brief_text(bound)}"
            context.annotations.warn(f"ratio value should be between -1 and 1, {text}", span)
    capped = np.clip(ratios, -1.0, 1.0)
    hashes = np.array([float(label_hash(labels)) / _LARGEST_HASH for labels in value.labels])[:, np.newaxis]
    if not len(value):
        return value
    chosen = np.where(capped >= 0, hashes < capped, hashes >= 1.0 + capped) & (ratios != 0)
    return _shown(replace(value, present=value.present & chosen))


def _limits(limits: Floats, series: int) -> Times:
    if limits.max() < 1:
        return np.zeros(len(limits), dtype=np.int64)
    if bool(np.isnan(limits).any()):
        raise EvaluationFailed("Parameter value is NaN")
    if limits.min() <= -(2.0**63):
        raise EvaluationFailed(f"Scalar value {brief_text(float(limits.min()))} underflows int64")
    if limits.max() >= 2.0**63:
        raise EvaluationFailed(f"Scalar value {brief_text(float(limits.max()))} overflows int64")
    kept: Times = np.clip(np.trunc(limits), 0, series).astype(np.int64)
    return kept


def _least(keys: Floats, present: Mask, kept: Times) -> Mask:
    """Return where the least `kept` keys of each column are; of equal ones the first, NaN after all others."""
    chosen = np.zeros_like(present)
    for count in np.unique(kept).tolist():
        columns = np.flatnonzero(kept == count)
        if count > 0:
            chosen[:, columns] = _least_of(keys[:, columns], present[:, columns], min(count, len(keys)))
    return chosen


def _least_of(keys: Floats, present: Mask, count: int) -> Mask:
    if count == len(keys):
        return present
    bound = np.partition(keys, count - 1, axis=0)[count - 1]
    with np.errstate(invalid="ignore"):
        below, equal = keys < bound, keys == bound
    real = ~np.isnan(keys)
    all_of = np.isnan(bound)
    below = np.where(all_of, real, below)
    equal = np.where(all_of, present & ~real, equal)
    left = count - below.sum(axis=0)
    chosen: Mask = below | (equal & (np.cumsum(equal, axis=0) <= left))
    return chosen


def _shown(value: Vector) -> Vector:
    """Return the series that are left somewhere."""
    rows = np.flatnonzero(value.present.any(axis=1))
    return value if len(rows) == len(value) else taken(value, rows)
