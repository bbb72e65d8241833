"""The value of a metric query, given those of its range aggregations: a number or a vector for each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from firstlight.model.regex import compiled
from firstlight.query.logql.aggregations import vector_aggregate
from firstlight.query.logql.ast import (
    Binary,
    LabelReplace,
    MetricExpr,
    NumberLiteral,
    RangeAggregate,
    Variants,
    VectorAggregate,
)
from firstlight.query.logql.ast import Vector as VectorLiteral
from firstlight.query.logql.evaluate_binary import binary
from firstlight.query.logql.samples_plan import VARIANT
from firstlight.query.promql.labels import value_of, with_label
from firstlight.query.promql.values import Scalar, Steps, Vector
from firstlight.query.promql.vectors import empty, stacked

Given = Mapping[RangeAggregate, Vector]


def evaluate(expr: MetricExpr | Variants, steps: Steps, given: Given) -> Vector | Scalar:
    """Return what `expr` is at `steps`. Raise LogqlFailed."""
    match expr:
        case RangeAggregate():
            return given[expr]
        case NumberLiteral():
            return Scalar(np.full(steps.count, expr.value))
        case VectorLiteral():
            return Vector([()], np.full((1, steps.count), expr.value), np.ones((1, steps.count), bool))
        case VectorAggregate():
            return vector_aggregate(expr, _vector(expr.expr, steps, given), steps)
        case LabelReplace():
            return _relabelled(expr, _vector(expr.expr, steps, given))
        case Binary():
            left, right = evaluate(expr.left, steps, given), evaluate(expr.right, steps, given)
            return binary(expr.op, left, right, expr.matching, expr.returns_bool)
        case Variants():
            return _variants(expr, steps, given)


def _vector(expr: MetricExpr, steps: Steps, given: Given) -> Vector:
    """Return the value of an expression as a vector: a number is one without labels."""
    value = evaluate(expr, steps, given)
    if isinstance(value, Vector):
        return value
    return Vector([()], value.values[np.newaxis], np.ones((1, steps.count), bool))


def _relabelled(node: LabelReplace, vector: Vector) -> Vector:
    regex = compiled(node.regex)
    values = [value_of(labels, node.source) for labels in vector.labels]
    expanded = {value: regex.expand(value, node.replacement) for value in set(values)}
    labels = [
        each if (text := expanded[value]) is None else with_label(each, node.destination, text)
        for each, value in zip(vector.labels, values, strict=True)
    ]
    return replace(vector, labels=labels)


def _variants(node: Variants, steps: Steps, given: Given) -> Vector:
    result = empty(steps.count)
    for number, variant in enumerate(node.variants):
        vector = _vector(variant, steps, given)
        labels = [with_label(each, VARIANT, str(number)) for each in vector.labels]
        result = stacked(result, replace(vector, labels=labels))
    return result
