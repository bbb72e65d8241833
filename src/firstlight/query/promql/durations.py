"""Puts milliseconds where a query has durations that are computed: `[step() * 4]`, `offset -min_of(step(), 1m)`."""

from __future__ import annotations

from dataclasses import replace
from math import floor, fmod, inf, isnan
from typing import Final, NoReturn, TypeVar, assert_never

from firstlight.errors import Span
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Duration,
    DurationCall,
    DurationExpr,
    DurationOp,
    Expr,
    MatrixSelector,
    NumberDuration,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.refusals import refusal
from firstlight.query.promql.values import Steps

_LONGEST: Final = 2.0**63 / 1e9

Selected = TypeVar("Selected", VectorSelector, Subquery)


def resolve(expr: Expr, steps: Steps, text: str = "") -> Expr:
    """Return `expr` with numbers for all its durations; raise QueryError if one of them is impossible.

    `step()` and `range()` are those of the whole query, within a subquery too. `text` is what `expr` was read from.
    """
    return _Resolver(steps, text).expr(expr)


class _Resolver:
    """Computes the durations of one query."""

    def __init__(self, steps: Steps, text: str) -> None:
        self.step = steps.step / 1000
        self.range = (steps.asked_end - steps.start) / 1000
        self.text = text

    def expr(self, expr: Expr) -> Expr:
        """Return `expr` with numbers; the same object if nothing is to be computed."""
        match expr:
            case NumberLiteral() | StringLiteral():
                return expr
            case VectorSelector():
                return self.offset(expr)
            case MatrixSelector():
                span_range, selector = self.positive(expr.range), self.offset(expr.selector)
                if span_range is expr.range and selector is expr.selector:
                    return expr
                return replace(expr, range=span_range, selector=selector)
            case Subquery():
                return self.subquery(expr)
            case Call():
                args = tuple(map(self.expr, expr.args))
                same = all(new is old for new, old in zip(args, expr.args, strict=True))
                return expr if same else replace(expr, args=args)
            case Aggregate():
                inner, param = self.expr(expr.expr), expr.param and self.expr(expr.param)
                return expr if inner is expr.expr and param is expr.param else replace(expr, expr=inner, param=param)
            case Binary():
                left, right = self.expr(expr.left), self.expr(expr.right)
                return expr if left is expr.left and right is expr.right else replace(expr, left=left, right=right)
            case Unary() | Paren():
                inner = self.expr(expr.expr)
                return expr if inner is expr.expr else replace(expr, expr=inner)
            case _:
                assert_never(expr)

    def subquery(self, expr: Subquery) -> Subquery:
        """Return a subquery with numbers."""
        inner, span_range = self.expr(expr.expr), self.positive(expr.range)
        step = None if expr.step is None else self.positive(expr.step)
        moved = self.offset(expr)
        if inner is expr.expr and span_range is expr.range and step is expr.step:
            return moved
        return replace(moved, expr=inner, range=span_range, step=step)

    def offset(self, expr: Selected) -> Selected:
        """Return `expr` with a number for its offset, which may be negative."""
        if isinstance(expr.offset, int):
            return expr
        return replace(expr, offset=self.milliseconds(expr.offset, self.seconds(expr.offset)))

    def positive(self, duration: Duration) -> int:
        """Return what must be more than nothing."""
        if isinstance(duration, int):
            return duration
        seconds = self.seconds(duration)
        if seconds <= 0:
            self.refuse("duration must be greater than 0", duration.span)
        return self.milliseconds(duration, seconds)

    def milliseconds(self, duration: DurationExpr, seconds: float) -> int:
        """Return seconds as milliseconds, halves away from zero."""
        if isnan(seconds) or not -_LONGEST <= seconds < _LONGEST:
            self.refuse("duration is out of range", duration.span)
        size = floor(abs(seconds) * 1000 + 0.5)
        return -size if seconds < 0 else size

    def seconds(self, duration: DurationExpr) -> float:
        """Return what `duration` comes to."""
        if isinstance(duration, NumberDuration):
            return duration.seconds
        if isinstance(duration, DurationCall):
            if not duration.args:
                return self.step if duration.name == "step" else self.range
            one, other = map(self.seconds, duration.args)
            return min(one, other) if duration.name == "min" else max(one, other)
        right = self.seconds(duration.right)
        if duration.left is None:
            return -right if duration.op == "-" else right
        return self.operation(duration, self.seconds(duration.left), right)

    def operation(self, duration: DurationOp, left: float, right: float) -> float:
        """Return what an operator makes of its sides."""
        match duration.op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                if right == 0:
                    self.refuse("division by zero", duration.span)
                return left / right
            case "%":
                if right == 0:
                    self.refuse("modulo by zero", duration.span)
                return fmod(left, right)
            case "^":
                return _power(left, right)
            case _:
                assert_never(duration.op)

    def refuse(self, complaint: str, span: Span) -> NoReturn:
        """Raise that a duration is impossible."""
        raise refusal(complaint, self.text, span)


def _power(base: float, exponent: float) -> float:
    """Return a power as in Go, where it is infinite if it is too large, and no number if there is none."""
    try:
        value = base**exponent
    except OverflowError:
        return -inf if base < 0 and exponent % 2 == 1 else inf
    except ZeroDivisionError:
        return inf
    return value if isinstance(value, float) else float("nan")
