"""LogQL's functions of numbers, which take texts and numbers alike (those of Sprig)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import reduce
from typing import Any, Final

from firstlight.model.gotemplate import ANY, Fault, Function, Int64
from firstlight.model.gotemplate.floats import float_text
from firstlight.model.gotemplate.numbers import integer_of
from firstlight.query.logql.units import Unreadable, float_of

_SIMPLE: Final = re.compile(r"([-+]?[0-9]*)(?:\.[0-9]*)?\Z")
_DIVIDE_BY_ZERO: Final = "runtime error: integer divide by zero"


def to_int(value: Any) -> int:
    """Return a value as an integer of 64 bits: what is none is 0, and of a fraction the whole part counts."""
    if isinstance(value, str):
        simple = _SIMPLE.match(value)
        found = integer_of((simple[1] or "0") if simple else value)
        return found if found is not None and -(1 << 63) <= found < 1 << 63 else 0
    if isinstance(value, float):
        # What is too large has the value that amd64 gives it.
        return int(value) if abs(value) < 1 << 63 else -(1 << 63)
    return int(value) if isinstance(value, int) else 0


def to_float(value: Any) -> float:
    """Return a value as a floating number: what is none is 0."""
    if isinstance(value, str):
        try:
            return float_of(value)
        except Unreadable:
            return 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def _wrapped(value: int) -> int:
    """Return what is left of `value` in 64 bits."""
    return ((value + (1 << 63)) % (1 << 64)) - (1 << 63)


def _of_integers(combine: Callable[[int, int], int]) -> Callable[..., Int64]:
    return lambda first, *rest: Int64(
        reduce(lambda left, right: _wrapped(combine(left, to_int(right))), rest, to_int(first))
    )


def _divided(left: int, right: int) -> int:
    if not right:
        raise Fault(_DIVIDE_BY_ZERO)
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - right * _divided(left, right)


def _of_decimals(combine: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    def compute(first: Any, *rest: Any) -> float:
        try:
            with localcontext() as context:
                context.prec = 40
                total = reduce(combine, [_decimal(value) for value in rest], _decimal(first))
        except DivisionByZero:
            raise Fault("decimal division by 0") from None
        except InvalidOperation:
            return math.nan
        return float(total)

    return compute


def _decimal(value: Any) -> Decimal:
    number = to_float(value)
    if not math.isfinite(number):
        raise Fault(f"Cannot create a Decimal from {float_text(number)}")
    return Decimal(float_text(number, "f"))


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise Fault("decimal division by 0")
    return (left / right).quantize(Decimal(1).scaleb(-16))


def rounded(value: Any, places: int, *edges: float) -> float:
    """Return a number with so many places, rounded up from a half on, or from the first of `edges`."""
    edge = edges[0] if edges else 0.5
    power = 10.0**places
    digit = power * to_float(value)
    part = math.fmod(digit, 1.0) if math.isfinite(digit) else 0.0
    return (math.ceil(digit) if part >= edge else math.floor(digit)) / power


def _added(*values: Any) -> Int64:
    return Int64(reduce(lambda left, right: _wrapped(left + to_int(right)), values, 0))


FUNCTIONS: Final = {
    "int": Function(to_int, (ANY,)),
    "float64": Function(to_float, (ANY,)),
    "add": Function(_added, (), ANY),
    "sub": Function(_of_integers(lambda left, right: left - right), (ANY, ANY)),
    "mul": Function(_of_integers(lambda left, right: left * right), (ANY,), ANY),
    "div": Function(_of_integers(_divided), (ANY, ANY)),
    "mod": Function(_of_integers(_remainder), (ANY, ANY)),
    "addf": Function(lambda *values: _of_decimals(lambda left, right: left + right)(0, *values), (), ANY),
    "subf": Function(_of_decimals(lambda left, right: left - right), (ANY,), ANY),
    "mulf": Function(_of_decimals(lambda left, right: left * right), (ANY,), ANY),
    "divf": Function(_of_decimals(_quotient), (ANY,), ANY),
    "max": Function(lambda *values: Int64(max(map(to_int, values))), (ANY,), ANY),
    "min": Function(lambda *values: Int64(min(map(to_int, values))), (ANY,), ANY),
    "maxf": Function(lambda *values: max(map(to_float, values)), (ANY,), ANY),
    "minf": Function(lambda *values: min(map(to_float, values)), (ANY,), ANY),
    "ceil": Function(lambda value: float(math.ceil(to_float(value))), (ANY,)),
    "floor": Function(lambda value: float(math.floor(to_float(value))), (ANY,)),
    "round": Function(rounded, (ANY, "int"), "float64"),
}
