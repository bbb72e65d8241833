"""`scalar` and `absent`: what there is of a vector at a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.query.promql.arguments import vector_at
from firstlight.query.promql.ast import Expr, MatchOp, MatrixSelector, VectorSelector
from firstlight.query.promql.context import Context
from firstlight.query.promql.labels import NAME
from firstlight.query.promql.math import Function
from firstlight.query.promql.values import Labels, Mask, Scalar, Value, Vector
from firstlight.query.promql.vectors import floats_only


def absent(vector: Vector, labels: Labels) -> Vector:
    """Return 1 at the steps where the vector has nothing, with the labels that the selector asked for."""
    missing: Mask = np.logical_not(vector.present.any(axis=0))
    return Vector([labels], np.ones((1, len(missing))), missing[np.newaxis, :])


def absent_labels(selector: Expr) -> Labels:
    """Return the labels that series would have which are absent: those that a selector wants to be equal to something.

    One that is asked for twice is not among them, and an expression other than a selector has none.
    """
    match selector:
        case VectorSelector():
            matchers = selector.matchers
        case MatrixSelector():
            matchers = selector.selector.matchers
        case _:
            return ()
    wanted: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in matchers:
        if matcher.op is MatchOp.EQUAL and matcher.label not in seen:
            seen.add(matcher.label)
            wanted[matcher.label] = matcher.value
        else:
            wanted.pop(matcher.label, None)
    return tuple(sorted((label, value) for label, value in wanted.items() if value and label != NAME))


def _scalar(args: Sequence[Value], context: Context) -> Value:
    vector = floats_only(vector_at(args, 0))
    if not len(vector):
        return Scalar(np.full(context.steps.count, np.nan))
    only = vector.present.sum(axis=0) == 1
    found = np.take_along_axis(vector.floats, vector.present.argmax(axis=0)[np.newaxis], axis=0)[0]
    return Scalar(np.where(only, found, np.nan))


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({"scalar": _scalar})
"""By name. `absent` is not among them: its labels are in the expression, not in its value."""
