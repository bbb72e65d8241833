"""The grammar of label filters.

How `and`, `or`, commas and mere sequence bind is as Loki's yacc resolves it: `and` binds tighter than `or` and both go
from left to right, but a comma or a mere sequence takes all that follows it as its right side.
"""

from __future__ import annotations

from typing import Final

from firstlight.errors import Span
from firstlight.query.logql.ast import (
    AndFilter,
    BytesFilter,
    CompareOp,
    DurationFilter,
    IpFilter,
    LabelFilter,
    MatchOp,
    NumberFilter,
    OrFilter,
    StringFilter,
)
from firstlight.query.logql.grammar_labels import matcher_of
from firstlight.query.logql.literals import number
from firstlight.query.logql.parser_cursor import MOST_FILTERS, Cursor
from firstlight.query.logql.tokens import BYTES, DURATION, IDENTIFIER, NUMBER, STRING, Token

_COMPARISONS: Final = ("=", "!=", "==", ">", ">=", "<", "<=")
_TIGHTNESS: Final = {"or": 1, "and": 2}
_BEGINNINGS: Final = (IDENTIFIER, "(")


def label_filter(cursor: Cursor) -> LabelFilter:
    """Read a label filter and all that is joined to it."""
    cursor.joined = 0
    return _joined(cursor)


def _joined(cursor: Cursor) -> LabelFilter:
    operands = [_one(cursor)]
    joins: list[str] = []
    while (join := _join(cursor)) is not None:
        while joins and _reduces(joins[-1], join):
            _reduce(operands, joins)
        joins.append(join)
        cursor.joined += 1
        if cursor.joined > MOST_FILTERS:
            cursor.refuse(f"more than {MOST_FILTERS} label filters in one stage", operands[0].span)
        operands.append(_one(cursor))
    while joins:
        _reduce(operands, joins)
    return operands[0]


def _join(cursor: Cursor) -> str | None:
    if cursor.kind in ("and", "or", ","):
        return cursor.take().kind
    return "" if cursor.kind in _BEGINNINGS else None


def _reduces(before: str, after: str) -> bool:
    return before in _TIGHTNESS and after in _TIGHTNESS and _TIGHTNESS[before] >= _TIGHTNESS[after]


def _reduce(operands: list[LabelFilter], joins: list[str]) -> None:
    right, left = operands.pop(), operands.pop()
    node = OrFilter if joins.pop() == "or" else AndFilter
    operands.append(node(left=left, right=right, span=Span(left.span.start, right.span.end)))


def _one(cursor: Cursor) -> LabelFilter:
    if cursor.kind == "(":
        cursor.enter()
        cursor.take()
        inner = _joined(cursor)
        if cursor.kind != ")":
            cursor.unexpected()
        cursor.take()
        cursor.leave()
        return inner
    label = cursor.expect(*_BEGINNINGS)
    op = cursor.kind
    if op in ("=~", "!~"):
        cursor.take()
        matcher = matcher_of(cursor, label, MatchOp(op), cursor.expect(STRING))
        return StringFilter(matcher=matcher, span=cursor.span(label.start))
    if op not in _COMPARISONS:
        cursor.unexpected()
    cursor.take()
    return _compared(cursor, label, op)


def _compared(cursor: Cursor, label: Token, op: str) -> LabelFilter:
    name = label.text
    comparison = CompareOp("==" if op == "=" else op)
    if op in ("=", "!=") and cursor.kind == STRING:
        matcher = matcher_of(cursor, label, MatchOp(op), cursor.take())
        return StringFilter(matcher=matcher, span=cursor.span(label.start))
    if op in ("=", "!=") and cursor.kind == "ip":
        pattern = ip_pattern(cursor)
        return IpFilter(label=name, op=comparison, pattern=pattern, span=cursor.span(label.start))
    if cursor.kind == DURATION:
        nanoseconds = int(cursor.take().value)
        return DurationFilter(label=name, op=comparison, nanoseconds=nanoseconds, span=cursor.span(label.start))
    if cursor.kind == BYTES:
        size = int(cursor.take().value)
        return BytesFilter(label=name, op=comparison, size=size, span=cursor.span(label.start))
    sign = cursor.take().kind if cursor.kind in ("+", "-") else ""
    if cursor.kind != NUMBER:
        cursor.unexpected(*([NUMBER] if sign else []))
    value = _value(cursor, cursor.take(), sign)
    return NumberFilter(label=name, op=comparison, value=value, span=cursor.span(label.start))


def _value(cursor: Cursor, token: Token, sign: str) -> float:
    # Loki takes a number that no float can hold, such as 0x10, as 0; an error is what its author would want.
    try:
        value = number(token.text)
    except ValueError as error:
        cursor.refuse(f"unable to parse literal as a float: {error}", Span(token.start, token.end))
    return -value if sign == "-" else value


def ip_pattern(cursor: Cursor) -> str:
    """Read `ip("…")`."""
    cursor.expect("ip")
    cursor.expect("(")
    text = str(cursor.expect(STRING).value)
    cursor.expect(")")
    return text
