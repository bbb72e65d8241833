"""Parses LogQL: recursive descent for what is called, climbing of precedences for what is between."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from firstlight.errors import Span
from firstlight.model.regex import BadRegex
from firstlight.model.regex import check as check_regex
from firstlight.query.logql.arithmetic import folded
from firstlight.query.logql.ast import (
    Binary,
    Expr,
    LabelReplace,
    LogQuery,
    MetricExpr,
    NumberLiteral,
    Variants,
    Vector,
    VectorAggregate,
    VectorOp,
)
from firstlight.query.logql.check import check
from firstlight.query.logql.grammar_binary import BINARY_OPERATORS, Operator, operator
from firstlight.query.logql.grammar_labels import grouping, selector
from firstlight.query.logql.grammar_ranges import log_range, range_aggregate
from firstlight.query.logql.grammar_stages import stages
from firstlight.query.logql.literals import number, whole
from firstlight.query.logql.parser_cursor import MOST_OPERATIONS, Cursor, refusal
from firstlight.query.logql.tokens import END, NUMBER, RANGE_KINDS, STRING, VECTOR_KINDS, Token

LONGEST: Final = 131_071
"""How many bytes a query may have."""

_LEG_TYPES: Final = {LogQuery: "MatchersExpr", Variants: "MultiVariantExpr"}
_WITH_PARAM: Final = frozenset([VectorOp.TOPK, VectorOp.BOTTOMK, VectorOp.APPROX_TOPK])


def parse(text: str, *, checked: bool = True) -> Expr:
    """Return the tree of a query; raise QueryError if it is none.

    Without `checked`, what is well written passes even if Loki would refuse to run it, such as `{}`.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST:
        raise refusal(f"input size too long ({size} > {LONGEST + 1})", text, Span(0, len(text)))
    cursor = Cursor(text)
    expr = _expr(cursor)
    if cursor.kind != END:
        cursor.unexpected()
    if checked:
        check(expr, text, cursor.faults)
    return expr


def _expr(cursor: Cursor, tightness: int = 0) -> Expr:
    """Read operands and the operators between them that bind at least so tight."""
    left = _operand(cursor)
    while cursor.kind in BINARY_OPERATORS and BINARY_OPERATORS[cursor.kind].tightness >= tightness:
        found = operator(cursor)
        bound = BINARY_OPERATORS[found.op]
        cursor.enter()
        right = _expr(cursor, bound.tightness + (0 if bound.from_right else 1))
        cursor.leave()
        left = _binary(cursor, found, left, right)
        cursor.operations += 1
        if cursor.operations > MOST_OPERATIONS:
            cursor.refuse(f"query too deep: more than {MOST_OPERATIONS} operations", left.span)
    return left


def _binary(cursor: Cursor, found: Operator, left: Expr, right: Expr) -> MetricExpr:
    span = Span(left.span.start, right.span.end)
    fault = _leg_fault(found.op, left, "left") or _leg_fault(found.op, right, "right")
    if not fault and found.op in ("and", "or", "unless"):
        fault = _set_fault(found.op, left, "left") or _set_fault(found.op, right, "right")
    if fault or isinstance(left, LogQuery | Variants) or isinstance(right, LogQuery | Variants):
        cursor.faults.setdefault(span, fault)
        return Vector(value=math.nan, span=span)
    if isinstance(left, NumberLiteral) and isinstance(right, NumberLiteral):
        for leg in (right, left):
            if leg.span in cursor.faults:
                cursor.faults[span] = cursor.faults[leg.span]
        return NumberLiteral(value=folded(found.op, left.value, right.value), span=span)
    return Binary(
        op=found.op,
        left=left,
        right=right,
        matching=found.matching,
        returns_bool=found.returns_bool,
        span=span,
    )


def _leg_fault(op: str, leg: Expr, side: str) -> str:
    kind = _LEG_TYPES.get(type(leg))
    if kind is None:
        return ""
    if isinstance(leg, LogQuery) and leg.stages:
        kind = "PipelineExpr"
    return f"unexpected type for {side} leg of binary operation ({op}): *syntax.{kind}"


def _set_fault(op: str, leg: Expr, side: str) -> str:
    if not isinstance(leg, NumberLiteral):
        return ""
    return f"unexpected literal for {side} leg of logical/set binary operation ({op}): {leg.value:f}"


def _operand(cursor: Cursor) -> Expr:
    if cursor.kind in RANGE_KINDS:
        return range_aggregate(cursor)
    if cursor.kind in VECTOR_KINDS:
        return _vector_aggregate(cursor)
    if cursor.kind not in _OPERANDS:
        cursor.unexpected()
    return _OPERANDS[cursor.kind](cursor)


def _log_query(cursor: Cursor) -> LogQuery:
    streams = selector(cursor)
    steps = stages(cursor)
    if cursor.kind == "|":
        # Only `| unwrap` is left by `stages`, and it has no place outside a range.
        cursor.take()
        cursor.unexpected()
    return LogQuery(selector=streams, stages=steps, span=cursor.span(streams.span.start))


def _in_parentheses(cursor: Cursor) -> Expr:
    cursor.enter()
    cursor.take()
    inner = _expr(cursor)
    if cursor.kind != ")" or isinstance(inner, Variants):
        cursor.unexpected()
    cursor.take()
    cursor.leave()
    return inner


def _metric(cursor: Cursor) -> MetricExpr:
    """Read an expression that must be of metrics; what is wrong is the token after it, as Loki's parser sees it."""
    inner = _expr(cursor)
    if isinstance(inner, LogQuery | Variants):
        cursor.unexpected()
    return inner


def _literal(cursor: Cursor) -> NumberLiteral:
    start = cursor.token.start
    sign = cursor.take().kind if cursor.kind in ("+", "-") else ""
    token = cursor.expect(NUMBER)
    value = _float(cursor, token, cursor.span(start), "literal")
    return NumberLiteral(value=-value if sign == "-" else value, span=cursor.span(start))


def _float(cursor: Cursor, token: Token, span: Span, what: str) -> float:
    try:
        return number(token.text)
    except ValueError as error:
        cursor.faults[span] = f"unable to parse {what} as a float: {error}"
        return math.nan


def _vector(cursor: Cursor) -> Vector:
    start = cursor.take().start
    cursor.expect("(")
    token = cursor.expect(NUMBER)
    cursor.expect(")")
    span = cursor.span(start)
    return Vector(value=_float(cursor, token, span, "vectorExpr"), span=span)


def _vector_aggregate(cursor: Cursor) -> VectorAggregate:
    word = cursor.take()
    op = VectorOp(VECTOR_KINDS[word.kind])
    groups = grouping(cursor)
    if groups is None:
        cursor.expect("(", "by", "without")
    else:
        cursor.expect("(")
    cursor.enter()
    written = ""
    if cursor.kind == NUMBER and cursor.peek() == ",":
        written = cursor.take().text
        cursor.take()
    inner = _metric(cursor)
    if cursor.kind != ")":
        cursor.unexpected()
    cursor.take()
    cursor.leave()
    if groups is None:
        groups = grouping(cursor)
    span = cursor.span(word.start)
    fault, param = _vector_param(op, written, grouped=groups is not None)
    if fault:
        cursor.faults[span] = fault
    return VectorAggregate(op=op, expr=inner, param=param, grouping=groups, span=span)


def _vector_param(op: VectorOp, written: str, *, grouped: bool) -> tuple[str, int | None]:
    if op not in _WITH_PARAM:
        return (f"unsupported parameter for operation {op}({written}," if written else ""), None
    if not written:
        return f"parameter required for operation {op}", None
    try:
        param = whole(written)
    except ValueError:
        return f"invalid parameter {op}({written},", None
    if param <= 0:
        return f"invalid parameter (must be greater than 0) {op}({written}", None
    if grouped and op is VectorOp.APPROX_TOPK:
        return f"grouping not allowed for {op} aggregation", None
    return "", param


def _label_replace(cursor: Cursor) -> LabelReplace:
    start = cursor.take().start
    cursor.expect("(")
    cursor.enter()
    inner = _metric(cursor)
    if cursor.kind != ",":
        cursor.unexpected()
    texts = []
    for _ in range(4):
        cursor.expect(",")
        texts.append(str(cursor.expect(STRING).value))
    cursor.expect(")")
    cursor.leave()
    destination, replacement, source, regex = texts
    span = cursor.span(start)
    try:
        check_regex(f"^(?:{regex})$")
    except BadRegex as error:
        cursor.faults[span] = f"invalid regex in label_replace: {error}"
    return LabelReplace(
        expr=inner, destination=destination, replacement=replacement, source=source, regex=regex, span=span
    )


def _variants(cursor: Cursor) -> Variants:
    start = cursor.take().start
    cursor.expect("(")
    cursor.enter()
    found = [_metric(cursor)]
    while cursor.takes(","):
        found.append(_metric(cursor))
    if cursor.kind != ")":
        cursor.unexpected()
    cursor.take()
    cursor.leave()
    cursor.expect("of")
    cursor.expect("(")
    lines = log_range(cursor, "{", "(")
    cursor.expect(")")
    return Variants(variants=tuple(found), of=lines, span=cursor.span(start))


_OPERANDS: Final[dict[str, Callable[[Cursor], Expr]]] = {
    "{": _log_query,
    "(": _in_parentheses,
    NUMBER: _literal,
    "+": _literal,
    "-": _literal,
    "VECTOR": _vector,
    "label_replace": _label_replace,
    "variants": _variants,
}
"""What an operand begins with, and who reads it; beside these there are the aggregations."""
