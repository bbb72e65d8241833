"""The syntax tree as `/api/v1/parse_query` answers it, for clients that draw it."""

from __future__ import annotations

from typing import Any, Final, TypeAlias, assert_never

from firstlight.query.promql import gotext
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Duration,
    Expr,
    Matching,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from firstlight.query.promql.grammar_binary import SETS
from firstlight.query.promql.signatures import FUNCTIONS

Json: TypeAlias = dict[str, Any]

_TYPES: Final = {
    ValueType.SCALAR: "scalar",
    ValueType.STRING: "string",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
}
_CARDS: Final = {"": "one-to-one", "left": "many-to-one", "right": "one-to-many"}


def to_json(expr: Expr) -> Json:
    """Return `expr` as JSON has it."""
    match expr:
        case VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case MatrixSelector():
            return {"type": "matrixSelector", "range": _milliseconds(expr.range), **_selector(expr.selector)}
        case Subquery():
            return {
                "type": "subquery",
                "expr": to_json(expr.expr),
                "range": _milliseconds(expr.range),
                "step": _milliseconds(expr.step or 0),
                **_times(expr),
            }
        case Call():
            return {"type": "call", "func": _function(expr.function), "args": [to_json(arg) for arg in expr.args]}
        case Aggregate():
            return {
                "type": "aggregation",
                "op": expr.op,
                "expr": to_json(expr.expr),
                "param": None if expr.param is None else to_json(expr.param),
                "grouping": list(expr.grouping),
                "without": expr.without,
            }
        case Binary():
            return {
                "type": "binaryExpr",
                "op": expr.op,
                "lhs": to_json(expr.left),
                "rhs": to_json(expr.right),
                "matching": _matching(expr.op, expr.matching),
                "bool": expr.returns_bool,
            }
        case Unary():
            return {"type": "unaryExpr", "op": expr.op, "expr": to_json(expr.expr)}
        case Paren():
            return {"type": "parenExpr", "expr": to_json(expr.expr)}
        case NumberLiteral():
            return {"type": "numberLiteral", "val": gotext.number(expr.value)}
        case StringLiteral():
            return {"type": "stringLiteral", "val": expr.value}
        case _:
            assert_never(expr)


def _selector(expr: VectorSelector) -> Json:
    return {
        "name": expr.name,
        "matchers": [{"name": one.label, "value": one.value, "type": str(one.op)} for one in expr.matchers],
        "anchored": expr.edges == "anchored",
        "smoothed": expr.edges == "smoothed",
        **_times(expr),
    }


def _times(expr: VectorSelector | Subquery) -> Json:
    named = isinstance(expr.at, str)
    return {
        "offset": _milliseconds(expr.offset),
        "timestamp": None if named else expr.at,
        "startOrEnd": expr.at if named else None,
    }


def _milliseconds(duration: Duration) -> int:
    """Return a duration; one that is computed when the query runs is 0, as there."""
    return duration if isinstance(duration, int) else 0


def _function(name: str) -> Json:
    signature = FUNCTIONS[name]
    return {
        "name": name,
        "argTypes": [_TYPES[one] for one in signature.args],
        "variadic": signature.variadic,
        "returnType": _TYPES[signature.returns],
    }


def _matching(op: str, matching: Matching | None) -> Json | None:
    if matching is None:
        return None
    return {
        "card": "many-to-many" if op in SETS else _CARDS[matching.group],
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }
