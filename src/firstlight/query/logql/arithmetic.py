"""Arithmetic of numbers that stand in a query, which is done when the query is parsed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Final

import numpy as np


def folded(op: str, left: float, right: float) -> float:
    """Return what an operation of two numbers gives. Division by zero gives NaN, as everywhere in LogQL.

    >>> folded("+", 1.0, 2.0), folded(">", 1.0, 2.0), folded("/", 1.0, 0.0)
    (3.0, 0.0, nan)
    """
    return float(_OPERATIONS[op](left, right))


def _quotient(left: float, right: float) -> float:
    return left / right if right else math.nan


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right and not math.isinf(left) else math.nan


def _power(left: float, right: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.power(np.float64(left), np.float64(right)))


_OPERATIONS: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": _remainder,
    "^": _power,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
