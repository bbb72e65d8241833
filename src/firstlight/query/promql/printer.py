"""A query as one line of text, exactly as Prometheus writes it: in rules, in logs, in the answers of its API.

`parser.parse` reads it again as the same query. The form over several lines is in `pretty`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, assert_never

from firstlight.query.promql import gotext
from firstlight.query.promql.ast import (
    Aggregate,
    At,
    Binary,
    Call,
    Duration,
    DurationCall,
    DurationExpr,
    Expr,
    Matcher,
    Matching,
    MatchOp,
    MatrixSelector,
    NumberDuration,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.go_numbers import brief_text

NAME: Final = "__name__"

_PLAIN_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DURATION_CALLS: Final = {"step": "step", "range": "range", "min": "min_of", "max": "max_of"}


def to_text(expr: Expr) -> str:
    """Return `expr` as a line of PromQL."""
    match expr:
        case VectorSelector():
            return f"{_selected(expr)}{_at(expr.at)}{_edges(expr)}{_offset(expr.offset)}"
        case MatrixSelector(selector=selector):
            behind = f"{_edges(selector)}{_at(selector.at)}{_offset(selector.offset)}"
            return f"{_selected(selector)}[{_duration(expr.range)}]{behind}"
        case Call():
            return f"{expr.function}({', '.join(map(to_text, expr.args))})"
        case Aggregate():
            param = f"{to_text(expr.param)}, " if expr.param is not None else ""
            return f"{aggregation(expr)}({param}{to_text(expr.expr)})"
        case Binary():
            return f"{to_text(expr.left)} {operator(expr)} {to_text(expr.right)}"
        case Paren():
            return f"({to_text(expr.expr)})"
        case Unary():
            return f"{expr.op}{to_text(expr.expr)}"
        case NumberLiteral():
            return _number(expr.value, is_duration=expr.is_duration)
        case StringLiteral():
            return gotext.quote(expr.value)
        case Subquery():
            return f"{to_text(expr.expr)}{subquery_suffix(expr)}"
        case _:
            assert_never(expr)


def selector_text(matchers: Iterable[Matcher]) -> str:
    """Return matchers in braces, sorted."""
    return f"{{{','.join(sorted(map(_matcher, matchers)))}}}"


def aggregation(expr: Aggregate) -> str:
    """Return what stands before the parentheses of an aggregation."""
    if expr.without:
        return f"{expr.op} without ({_labels(expr.grouping)}) "
    return f"{expr.op} by ({_labels(expr.grouping)}) " if expr.grouping else expr.op


def operator(expr: Binary) -> str:
    """Return what stands between the sides of a binary operation."""
    return f"{expr.op}{' bool' if expr.returns_bool else ''}{_matching(expr.matching)}"


def subquery_suffix(expr: Subquery) -> str:
    """Return what stands behind the expression of a subquery."""
    step = "" if expr.step is None else _duration(expr.step)
    return f"[{_duration(expr.range)}:{step}]{_at(expr.at)}{_offset(expr.offset)}"


def _selected(expr: VectorSelector) -> str:
    shown = [one for one in expr.matchers if not _is_name(one, expr.name)]
    return f"{expr.name}{selector_text(shown) if shown or not expr.name else ''}"


def _is_name(matcher: Matcher, name: str) -> bool:
    return bool(name) and matcher.label == NAME and matcher.op is MatchOp.EQUAL and matcher.value == name


def _matcher(matcher: Matcher) -> str:
    return f"{_label(matcher.label)}{matcher.op}{gotext.quote(matcher.value)}"


def _label(name: str) -> str:
    return name if _PLAIN_LABEL.match(name) else gotext.quote(name)


def _labels(names: Iterable[str]) -> str:
    return ", ".join(map(_label, names))


def _matching(matching: Matching | None) -> str:
    if matching is None:
        return ""
    text = ""
    if matching.labels or matching.on or matching.group:
        text = f" {'on' if matching.on else 'ignoring'} ({_labels(matching.labels)})"
    if matching.group:
        text += f" group_{matching.group} ({_labels(matching.include)})"
    left, right = matching.fill_left, matching.fill_right
    if left is not None and left == right:
        return f"{text} fill ({brief_text(left)})"
    if left is not None:
        text += f" fill_left ({brief_text(left)})"
    if right is not None:
        text += f" fill_right ({brief_text(right)})"
    return text


def _at(at: At | None) -> str:
    if at is None:
        return ""
    return f" @ {at}()" if isinstance(at, str) else f" @ {at / 1000:.3f}"


def _edges(expr: VectorSelector) -> str:
    return f" {expr.edges}" if expr.edges else ""


def _offset(offset: Duration) -> str:
    return f" offset {_duration(offset)}" if offset != 0 else ""


def _duration(duration: Duration) -> str:
    return gotext.duration(duration) if isinstance(duration, int) else _computed(duration)


def _computed(duration: DurationExpr) -> str:
    if isinstance(duration, NumberDuration):
        return _number(duration.seconds, is_duration=duration.is_duration)
    if isinstance(duration, DurationCall):
        return f"{_DURATION_CALLS[duration.name]}({', '.join(map(_computed, duration.args))})"
    right = _computed(duration.right)
    if duration.left is not None:
        text = f"{_computed(duration.left)} {duration.op} {right}"
    else:
        text = right if duration.op == "+" else f"-{right}"
    return f"({text})" if duration.wrapped else text


def _number(value: float, *, is_duration: bool) -> str:
    # Nanoseconds are cut, then milliseconds, as there.
    return gotext.duration(int(int(value * 1e9) / 1_000_000)) if is_duration else gotext.number(value)
