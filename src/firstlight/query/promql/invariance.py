"""Which parts of a query are the same at every step, and are evaluated but once."""

from __future__ import annotations

from typing import Final

from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)

QUERY_FUNCTIONS: Final = frozenset({"start", "end", "range", "step"})
"""Functions of the query as a whole, the same at each of its steps and within subqueries."""

_OF_TIME: Final = frozenset(
    "days_in_month day_of_month day_of_week day_of_year hour minute month year predict_linear time timestamp".split()
)


def invariant(expr: Expr) -> bool:
    """Return whether `expr` is the same at every step, because it looks at fixed times, or at none.

    The parameter of an aggregation does not count, as it does not in Prometheus.
    """
    match expr:
        case VectorSelector() | Subquery():
            return expr.at is not None
        case MatrixSelector():
            return expr.selector.at is not None
        case NumberLiteral() | StringLiteral():
            return True
        case Aggregate() | Paren() | Unary():
            return invariant(expr.expr)
        case Binary():
            return invariant(expr.left) and invariant(expr.right)
        case Call(function="timestamp"):
            arg = bare(expr.args[0])
            return isinstance(arg, VectorSelector) and arg.at is not None
        case Call():
            if expr.function in QUERY_FUNCTIONS:
                return True
            return expr.function not in _OF_TIME and all(map(invariant, expr.args))


def bare(expr: Expr) -> Expr:
    """Return an expression without the parentheses around it."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
