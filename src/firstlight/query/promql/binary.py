"""Binary operators and the sign, over all kinds of values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstlight.query.promql import histogram_ops
from firstlight.query.promql.ast import Matching
from firstlight.query.promql.context import Context
from firstlight.query.promql.labels import drop_name, joined
from firstlight.query.promql.matching import grouped, matched
from firstlight.query.promql.operators import ARITHMETIC, COMPARISONS, Side, apply, numbers
from firstlight.query.promql.values import Floats, Scalar, Value, Vector
from firstlight.query.promql.vectors import any_of_group, has_histogram, stacked


def binary(
    op: str, left: Value, right: Value, matching: Matching | None, returns_bool: bool, context: Context
) -> Value:
    """Return what an operator makes of two values that the parser has found to go with it."""
    match left, right:
        case Scalar(), Scalar():
            return Scalar(numbers(op, left.values, right.values))
        case Vector(), Scalar():
            return _with_scalar(op, left, right.values, False, returns_bool, context)
        case Scalar(), Vector():
            return _with_scalar(op, right, left.values, True, returns_bool, context)
        case Vector(), Vector():
            matching = matching or Matching()
            if op in {"and", "or", "unless"}:
                return _set(op, left, right, matching)
            return matched(op, left, right, matching, returns_bool, context)
    raise TypeError(f"{op} between {type(left).__name__} and {type(right).__name__} passed the parser")


def negated(value: Value, context: Context) -> Value:
    """Return what a minus before a scalar or a vector makes of it."""
    if isinstance(value, Scalar):
        return Scalar(-value.values)
    assert isinstance(value, Vector)
    histograms, odd = value.histograms, has_histogram(value)
    if histograms is not None and odd is not None:
        histograms = histograms.copy()
        for row, step in np.argwhere(odd).tolist():
            histograms[row, step] = histogram_ops.neg(histograms[row, step])
    return drop_name(replace(value, floats=-value.floats, histograms=histograms), context)


def _with_scalar(
    op: str, vector: Vector, scalar: Floats, scalar_first: bool, returns_bool: bool, context: Context
) -> Vector:
    sides = Side(vector.floats, vector.histograms), Side(scalar[np.newaxis, :])
    left, right = reversed(sides) if scalar_first else sides
    outcome = apply(op, left, right, vector.present, context)
    if returns_bool:
        return drop_name(
            Vector(vector.labels, outcome.kept.astype(np.float64), outcome.possible, nameless=vector.nameless), context
        )
    # A comparison keeps what the vector has, on whichever side of it that stands.
    floats = vector.floats if op in COMPARISONS else outcome.floats
    result = replace(vector, floats=floats, present=outcome.kept, histograms=outcome.histograms)
    return drop_name(result, context) if op in ARITHMETIC else result


def _set(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    left_groups, right_groups, signatures = grouped(left, right, matching)
    if op == "or":
        there = any_of_group(left.present, left_groups, len(signatures))
        return joined(stacked(left, replace(right, present=right.present & ~there[right_groups])))
    there = any_of_group(right.present, right_groups, len(signatures))[left_groups]
    return replace(left, present=left.present & (there if op == "and" else ~there))
