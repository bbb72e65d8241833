"""What Loki refuses of queries that are well written, found in the order in which Loki would say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firstlight.errors import Span
from firstlight.model.regex import compiled
from firstlight.query.logql.ast import (
    Binary,
    Expr,
    LabelReplace,
    LogQuery,
    Matcher,
    MatchOp,
    NumberLiteral,
    RangeAggregate,
    Variants,
    Vector,
    VectorAggregate,
    VectorOp,
)
from firstlight.query.logql.parser_cursor import refusal

NO_MATCHER: Final = (
    "queries require at least one regexp or equality matcher that does not have an empty-compatible value. "
    'For instance, app=~".*" does not meet this requirement, but app=~".+" will'
)
_SORTED: Final = frozenset([VectorOp.SORT, VectorOp.SORT_DESC])


def check(expr: Expr, text: str, faults: Mapping[Span, str]) -> None:
    """Raise QueryError if Loki would not run `expr`; `faults` are those that the parser has seen, by expression."""
    if words := faults.get(expr.span):
        raise refusal(words, text, expr.span)
    match expr:
        case LogQuery():
            _check_selector(expr, text)
        case Binary():
            check(expr.left, text, faults)
            check(expr.right, text, faults)
        case VectorAggregate():
            if expr.op in _SORTED and expr.grouping is not None and expr.grouping.labels:
                raise refusal("sort and sort_desc doesn't allow grouping by ", text, expr.grouping.span)
            check(expr.expr, text, faults)
        case LabelReplace():
            check(expr.expr, text, faults)
        case RangeAggregate():
            _check_selector(expr.range.query, text)
        case Variants():
            _check_selector(expr.of.query, text)
            for variant in expr.variants:
                check(variant, text, faults)
        case NumberLiteral() | Vector():
            pass


def _check_selector(query: LogQuery, text: str) -> None:
    if all(matches_empty(one) for one in query.selector.matchers):
        raise refusal(NO_MATCHER, text, query.selector.span)


def matches_empty(one: Matcher) -> bool:
    """Return whether streams that have not the label at all match, so that it selects none by itself."""
    if one.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (one.value == "") == (one.op is MatchOp.EQUAL)
    return compiled(one.value).matches("") == (one.op is MatchOp.REGEX)
