"""Series as requests name them: `match[]`, and the selectors within a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from firstlight.api.prometheus.asked import Asked
from firstlight.api.prometheus.faults import told
from firstlight.errors import QueryError
from firstlight.http.errors import RequestError
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matcher,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.matchers import matches
from firstlight.query.promql.parser import parse_selector

MATCH: Final = "match[]"

Selectors = Sequence[tuple[Matcher, ...]]


class BadSelector(RequestError):
    """What should be a selector, and is none, or none that may be used here."""


def selectors(asked: Asked) -> Selectors:
    """Return what `match[]` selects, which may be nothing but not everything; raise BadSelector."""
    found = [selector(text) for text in asked.texts(MATCH)]
    for matchers in found:
        if all(matches(matcher, "") for matcher in matchers):
            raise BadSelector("match[] must contain at least one non-empty matcher")
    return found


def selector(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of one selector; raise BadSelector."""
    try:
        return parse_selector(text)
    except QueryError as error:
        raise BadSelector(told(error)) from None


def selectors_of(expr: Expr) -> list[tuple[Matcher, ...]]:
    """Return the matchers of all selectors in a query, each once."""
    return list(dict.fromkeys(one.matchers for one in _selectors(expr)))


def _selectors(expr: Expr) -> Iterator[VectorSelector]:
    match expr:
        case VectorSelector():
            yield expr
        case MatrixSelector():
            yield expr.selector
        case Subquery() | Paren() | Unary():
            yield from _selectors(expr.expr)
        case Call():
            for arg in expr.args:
                yield from _selectors(arg)
        case Aggregate():
            if expr.param is not None:
                yield from _selectors(expr.param)
            yield from _selectors(expr.expr)
        case Binary():
            yield from _selectors(expr.left)
            yield from _selectors(expr.right)
        case _:
            return
