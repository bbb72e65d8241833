"""A query over several lines, exactly as `/api/v1/format_query` and `promtool promql format` write it.

What is longer than 100 bytes is broken at its outermost operator, call or parentheses, and indented.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from firstlight.query.promql.ast import Aggregate, Binary, Call, Expr, Paren, Subquery, Unary
from firstlight.query.promql.printer import aggregation, operator, subquery_suffix, to_text

WIDTH: Final = 100
INDENT: Final = "  "


def format_query(expr: Expr) -> str:
    """Return `expr` in lines."""
    return _lines(expr, 0)


def _lines(expr: Expr, level: int) -> str:
    if isinstance(expr, Unary):
        return f"{INDENT * level}{expr.op}{_lines(expr.expr, level).strip()}"
    indent, text = INDENT * level, to_text(expr)
    fits = len(text.encode()) <= WIDTH
    if isinstance(expr, Subquery):
        # One that fits is not indented, as there.
        return text if fits else f"{_lines(expr.expr, level)}{subquery_suffix(expr)}"
    if fits:
        return indent + text
    match expr:
        case Binary():
            left, right = _lines(expr.left, level + 1), _lines(expr.right, level + 1)
            return f"{left}\n{indent}{operator(expr)}\n{right}"
        case Aggregate():
            within = (expr.expr,) if expr.param is None else (expr.param, expr.expr)
            return f"{indent}{aggregation(expr)}(\n{_listed(within, level + 1)}\n{indent})"
        case Call():
            return f"{indent}{expr.function}(\n{_listed(expr.args, level + 1)}\n{indent})"
        case Paren():
            return f"{indent}(\n{_lines(expr.expr, level + 1)}\n{indent})"
        case _:
            return indent + text


def _listed(args: Iterable[Expr], level: int) -> str:
    return ",\n".join(_lines(arg, level) for arg in args)
