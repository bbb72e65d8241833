"""Functions that map each float of a vector to another. Histograms have no part in them and fall out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from firstlight.query.promql.arguments import scalar_at, vector_at
from firstlight.query.promql.context import Context
from firstlight.query.promql.labels import drop_name
from firstlight.query.promql.values import Floats, Mask, Scalar, Value, Vector
from firstlight.query.promql.vectors import floats_only

Function: TypeAlias = Callable[[Sequence[Value], Context], Value]


def larger(a: Floats, b: Floats) -> Floats:
    """Return the larger numbers as Go does: infinity beats NaN, NaN beats all else, 0 beats -0."""
    with np.errstate(all="ignore"):
        most = np.where((a == 0) & (b == 0), a + b, np.maximum(a, b))
    return np.where(np.isposinf(a) | np.isposinf(b), np.inf, most)


def smaller(a: Floats, b: Floats) -> Floats:
    """Return the smaller numbers as Go does: -infinity beats NaN, NaN beats all else, -0 beats 0."""
    return -larger(-a, -b)


def changed(vector: Vector, floats: Floats, context: Context, where: Mask | None = None) -> Vector:
    """Return the vector with other floats, where there are some, and without its name."""
    kept = floats_only(vector)
    present = kept.present if where is None else kept.present & where
    return drop_name(replace(kept, floats=floats, present=present), context)


def _each(function: Callable[[Floats], Floats]) -> Function:
    def apply(args: Sequence[Value], context: Context) -> Value:
        vector = vector_at(args, 0)
        with np.errstate(all="ignore"):
            floats = function(vector.floats)
        return changed(vector, floats, context)

    return apply


def _sign(values: Floats) -> Floats:
    return np.where(values < 0, -1.0, np.where(values > 0, 1.0, values))


def _round(args: Sequence[Value], context: Context) -> Value:
    vector = vector_at(args, 0)
    with np.errstate(all="ignore"):
        per_unit = 1.0 / scalar_at(args, 1) if len(args) > 1 else np.float64(1.0)
        floats = np.floor(vector.floats * per_unit + 0.5) / per_unit
    return changed(vector, floats, context)


def _between(vector: Vector, least: Floats, most: Floats, context: Context) -> Vector:
    return changed(vector, larger(least, smaller(most, vector.floats)), context, where=~(most < least))


def _clamp(args: Sequence[Value], context: Context) -> Value:
    return _between(vector_at(args, 0), scalar_at(args, 1), scalar_at(args, 2), context)


def _clamp_min(args: Sequence[Value], context: Context) -> Value:
    least = scalar_at(args, 1)
    return _between(vector_at(args, 0), least, np.full_like(least, np.inf), context)


def _clamp_max(args: Sequence[Value], context: Context) -> Value:
    most = scalar_at(args, 1)
    return _between(vector_at(args, 0), np.full_like(most, -np.inf), most, context)


def _pi(args: Sequence[Value], context: Context) -> Value:
    return Scalar(np.full(context.steps.count, np.pi))


def _max_of(args: Sequence[Value], context: Context) -> Value:
    return Scalar(larger(scalar_at(args, 0), scalar_at(args, 1)))


def _min_of(args: Sequence[Value], context: Context) -> Value:
    return Scalar(smaller(scalar_at(args, 0), scalar_at(args, 1)))


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "abs": _each(np.abs),
        "ceil": _each(np.ceil),
        "exp": _each(np.exp),
        "floor": _each(np.floor),
        "ln": _each(np.log),
        "log10": _each(np.log10),
        "log2": _each(np.log2),
        "sgn": _each(_sign),
        "sqrt": _each(np.sqrt),
        "round": _round,
        "clamp": _clamp,
        "clamp_max": _clamp_max,
        "clamp_min": _clamp_min,
        "acos": _each(np.arccos),
        "acosh": _each(np.arccosh),
        "asin": _each(np.arcsin),
        "asinh": _each(np.arcsinh),
        "atan": _each(np.arctan),
        "atanh": _each(np.arctanh),
        "cos": _each(np.cos),
        "cosh": _each(np.cosh),
        "sin": _each(np.sin),
        "sinh": _each(np.sinh),
        "tan": _each(np.tan),
        "tanh": _each(np.tanh),
        "deg": _each(lambda values: values * 180 / np.pi),
        "rad": _each(lambda values: values * np.pi / 180),
        "pi": _pi,
        "max_of": _max_of,
        "min_of": _min_of,
    }
)
"""By name."""
