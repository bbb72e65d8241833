"""Durations within brackets and behind `offset`, with arithmetic between them."""

from __future__ import annotations

from typing import Final, Literal, cast

from firstlight.errors import Span
from firstlight.query.promql import literals
from firstlight.query.promql.ast import Duration, DurationCall, DurationExpr, DurationOp, NumberDuration
from firstlight.query.promql.cursor import Cursor
from firstlight.query.promql.tokens import DURATION, NUMBER, Token

Operator = Literal["+", "-", "*", "/", "%", "^"]

WANTED: Final = "number, duration, step(), or range()"

_PRECEDENCE: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_CALLS: Final[dict[str, Literal["step", "range", "min", "max"]]] = {
    "step": "step",
    "range": "range",
    "min_of": "min",
    "max_of": "max",
}
_LONGEST: Final = 2**63 / 1e9
_DEEPEST: Final = 50

_Context = tuple[str, str]


def seconds(cursor: Cursor, token: Token) -> float:
    """Return what a number or a duration says, a duration in seconds."""
    try:
        if token.kind != DURATION:
            return literals.number(token.text)
        whole, rest = divmod(literals.duration(token.text), 1000)
        # Not in one division: the last bit would differ from Go's.
        return whole + rest / 1000
    except ValueError as error:
        words = str(error) if token.kind == DURATION else f"error parsing number: {error}"
        return cursor.refuse(words, Span(token.start, token.end))


def positive(cursor: Cursor, context: str) -> Duration:
    """Read a duration within brackets."""
    found = _arithmetic(cursor, (context, WANTED), 1, 0)
    if isinstance(found, NumberDuration) and not found.seconds > 0:
        cursor.refuse("duration must be greater than 0", found.span)
    return milliseconds(found)


def offset(cursor: Cursor) -> Duration:
    """Read the duration behind `offset`. It ends with the first operand: `a offset 5 * 2` is twice `a offset 5`."""
    context = ("offset", WANTED)
    if cursor.kind not in ("+", "-"):
        return milliseconds(_operand(cursor, context, 0))
    sign = cursor.take()
    operand = _operand(cursor, context, 0)
    return milliseconds(_signed(cursor, sign, operand))


def milliseconds(found: DurationExpr) -> Duration:
    """Return a duration that is a plain number in milliseconds, any other as it is."""
    return int(round(found.seconds * 1e9) / 1e6) if isinstance(found, NumberDuration) else found


def _arithmetic(cursor: Cursor, context: _Context, weakest: int, depth: int) -> DurationExpr:
    if depth > _DEEPEST:
        cursor.refuse(f"a duration is nested more than {_DEEPEST} levels deep", _span(cursor))
    if cursor.kind in ("+", "-"):
        sign = cursor.take()
        left = _signed(cursor, sign, _arithmetic(cursor, context, 3, depth + 1))
    else:
        left = _operand(cursor, context, depth)
    chain = 0
    while (precedence := _PRECEDENCE.get(cursor.kind, 0)) >= weakest and precedence:
        sign = cursor.take()
        chain += 1
        if chain + depth > _DEEPEST:
            cursor.refuse(f"a duration is made of more than {_DEEPEST} parts", _span(cursor))
        right = _arithmetic(cursor, context, precedence + (sign.kind != "^"), depth + 1)
        if isinstance(right, NumberDuration) and right.seconds == 0 and sign.kind in "/%":
            words = "division by zero" if sign.kind == "/" else "modulo by zero"
            cursor.refuse(words, Span(sign.start, sign.end))
        span = Span(left.span.start, right.span.end)
        left = DurationOp(op=cast(Operator, sign.kind), left=left, right=right, span=span)
    return left


def _operand(cursor: Cursor, context: _Context, depth: int) -> DurationExpr:
    kind = cursor.kind
    if kind in (NUMBER, DURATION):
        token = cursor.take()
        span = Span(token.start, token.end)
        found = NumberDuration(seconds=seconds(cursor, token), is_duration=kind == DURATION, span=span)
        return _in_range(cursor, found, span)
    if kind in _CALLS:
        return _call(cursor, context, depth)
    if kind != "(":
        cursor.unexpected(*context)
    start = cursor.take().start
    inner = _arithmetic(cursor, context, 1, depth + 1)
    end = cursor.expect(")", *context).end
    if isinstance(inner, DurationOp) and not inner.wrapped:
        return DurationOp(op=inner.op, left=inner.left, right=inner.right, wrapped=True, span=inner.span)
    if isinstance(inner, DurationOp):
        return inner
    return DurationOp(op="+", left=None, right=inner, wrapped=True, span=Span(start, end))


def _call(cursor: Cursor, context: _Context, depth: int) -> DurationCall:
    token = cursor.take()
    cursor.expect("(", *context)
    args: tuple[DurationExpr, ...] = ()
    if token.kind in ("min_of", "max_of"):
        first = _arithmetic(cursor, context, 1, depth + 1)
        cursor.expect(",", *context)
        args = (first, _arithmetic(cursor, context, 1, depth + 1))
    end = cursor.expect(")", *context).end
    return DurationCall(name=_CALLS[token.kind], args=args, span=Span(token.start, end))


def _signed(cursor: Cursor, sign: Token, operand: DurationExpr) -> DurationExpr:
    if isinstance(operand, NumberDuration):
        value = -operand.seconds if sign.kind == "-" else operand.seconds
        span = Span(sign.start, operand.span.end)
        found = NumberDuration(seconds=value, is_duration=operand.is_duration, span=span)
        return _in_range(cursor, found, Span(sign.start, sign.end))
    if sign.kind == "+":
        return operand
    return DurationOp(op="-", left=None, right=operand, span=Span(sign.start, operand.span.end))


def _in_range(cursor: Cursor, found: NumberDuration, span: Span) -> NumberDuration:
    if not abs(found.seconds) <= _LONGEST:
        cursor.refuse("duration out of range", span)
    return found


def _span(cursor: Cursor) -> Span:
    return Span(cursor.token.start, cursor.token.end)
