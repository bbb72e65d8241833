"""What stands behind a selector or subquery: a range, `offset`, `@`, `anchored` and `smoothed`."""

from __future__ import annotations

from dataclasses import replace
from math import floor, isfinite
from typing import Final, Literal

from firstlight.errors import Span
from firstlight.query.promql import grammar_durations
from firstlight.query.promql.ast import At, Duration, Expr, MatrixSelector, Subquery, VectorSelector
from firstlight.query.promql.cursor import Cursor
from firstlight.query.promql.tokens import DURATION, NUMBER

MODIFIERS: Final = frozenset(("[", "offset", "@", "anchored", "smoothed"))

_MUST_FOLLOW: Final = "must be preceded by an instant vector selector or range vector selector or a subquery"


def modified(cursor: Cursor, expr: Expr) -> Expr:
    """Read the modifier that stands here; return `expr` with it."""
    kind = cursor.take().kind
    if kind == "offset":
        duration = grammar_durations.offset(cursor)
        return _with_offset(cursor, expr, duration)
    if kind == "@":
        return _at(cursor, expr)
    if kind == "anchored":
        return _with_edges(cursor, expr, "anchored")
    return _with_edges(cursor, expr, "smoothed")


def ranged(cursor: Cursor, expr: Expr) -> MatrixSelector | Subquery:
    """Read brackets: a range, or with a colon a subquery."""
    opening = cursor.take().start
    span_range = grammar_durations.positive(cursor, "subquery or range selector")
    if cursor.takes(":"):
        return _subquery(cursor, expr, span_range)
    if cursor.kind != "]":
        cursor.unexpected("subquery or range", '":" or "]"')
    end = cursor.take().end
    if not isinstance(expr, VectorSelector):
        cursor.refuse("ranges only allowed for vector selectors", Span(opening, end))
    if expr.offset != 0:
        cursor.refuse("no offset modifiers allowed before range", Span(opening, end))
    if expr.at is not None:
        cursor.refuse("no @ modifiers allowed before range", Span(opening, end))
    return MatrixSelector(selector=expr, range=span_range, span=Span(expr.span.start, end))


def _subquery(cursor: Cursor, expr: Expr, span_range: Duration) -> Subquery:
    step: Duration | None = None
    if cursor.kind != "]":
        if cursor.kind not in (NUMBER, DURATION, *"+-(", "step", "range", "min_of", "max_of"):
            cursor.unexpected("subquery selector", f'{grammar_durations.WANTED.replace(", or", ",")}, or "]"')
        step = grammar_durations.positive(cursor, "subquery or range selector")
        if cursor.kind != "]":
            cursor.unexpected("subquery selector", '"]"')
    end = cursor.take().end
    return Subquery(expr=expr, range=span_range, step=step, span=Span(expr.span.start, end))


def _with_offset(cursor: Cursor, expr: Expr, duration: Duration) -> Expr:
    if not isinstance(expr, VectorSelector | MatrixSelector | Subquery):
        cursor.refuse(f"offset modifier {_MUST_FOLLOW}", expr.span)
    held = expr.selector if isinstance(expr, MatrixSelector) else expr
    if held.offset != 0:
        cursor.refuse("offset may not be set multiple times", expr.span)
    span = Span(expr.span.start, cursor.end)
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=replace(expr.selector, offset=duration), span=span)
    return replace(expr, offset=duration, span=span)


def _at(cursor: Cursor, expr: Expr) -> Expr:
    at = _time(cursor, expr)
    if not isinstance(expr, VectorSelector | MatrixSelector | Subquery):
        cursor.refuse(f"@ modifier {_MUST_FOLLOW}", expr.span)
    held = expr.selector if isinstance(expr, MatrixSelector) else expr
    if held.at is not None:
        cursor.refuse("@ <timestamp> may not be set multiple times", expr.span)
    span = Span(expr.span.start, cursor.end)
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=replace(expr.selector, at=at), span=span)
    return replace(expr, at=at, span=span)


def _time(cursor: Cursor, expr: Expr) -> At:
    wanted = ("@", "timestamp")
    if cursor.kind in ("start", "end"):
        word = cursor.take().kind
        cursor.expect("(", *wanted)
        cursor.expect(")", *wanted)
        return "start" if word == "start" else "end"
    sign = -1.0 if cursor.kind == "-" else 1.0
    if cursor.kind in ("+", "-"):
        cursor.take()
    if cursor.kind not in (NUMBER, DURATION):
        cursor.unexpected(*wanted)
    seconds = sign * grammar_durations.seconds(cursor, cursor.take())
    if not isfinite(seconds) or abs(seconds) >= 2**63:
        shown = f"{seconds:f}" if isfinite(seconds) else {"inf": "+Inf", "-inf": "-Inf"}.get(str(seconds), "NaN")
        cursor.refuse(f"timestamp out of bounds for @ modifier: {shown}", expr.span)
    # Halves go away from zero, as in Go.
    return int(sign) * floor(abs(seconds) * 1000 + 0.5) if seconds else 0


def _with_edges(cursor: Cursor, expr: Expr, edges: Literal["anchored", "smoothed"]) -> Expr:
    cursor.need_experimental(f"{edges} modifier is experimental and not enabled", expr.span)
    if isinstance(expr, Subquery):
        cursor.refuse(f"{edges} modifier is not supported for subqueries", expr.span)
    if not isinstance(expr, VectorSelector | MatrixSelector):
        cursor.refuse(f"{edges} modifier not implemented", expr.span)
    held = expr.selector if isinstance(expr, MatrixSelector) else expr
    if held.edges not in ("", edges):
        cursor.refuse("anchored and smoothed modifiers cannot be used together", expr.span)
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=replace(expr.selector, edges=edges))
    return replace(expr, edges=edges)
