"""What the value of a query at a step depends on, if that is nothing but the step: then it may be remembered.

Such a query says the same of a time whatever range it is asked over, until samples change that the time depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matcher,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.invariance import invariant
from firstlight.query.promql.labels import METADATA, NAME
from firstlight.query.promql.signatures import EXPERIMENTAL_AGGREGATIONS, FUNCTIONS

NEVER: Final = -(2**62)
"""How far ahead one looks who does not look at samples."""

_RENAMING: Final = frozenset({"label_replace", "label_join"})


@dataclass(frozen=True, slots=True)
class Reach:
    """Which samples a value depends on."""

    ahead: int
    """How many milliseconds after a step the latest of them may be; less than 0 if they are all before."""
    selectors: tuple[tuple[Matcher, ...], ...]
    metrics: frozenset[str]


_NOTHING: Final = Reach(NEVER, (), frozenset())


def reach_of(expr: Expr) -> Reach | None:
    """Return what `expr`, of which no duration is resolved, depends on at a step; None if it is more than the step.

    Selectors without the name of a metric are such: whether names that are dropped make two series one shows over all
    steps only.
    """
    found = _reach(expr, within=False)
    return found if found is not None and found.selectors else None


def _reach(expr: Expr, *, within: bool) -> Reach | None:
    """Return the same of a part; `within` says whether it is in a subquery."""
    match expr:
        case NumberLiteral() | StringLiteral():
            return _NOTHING
        case VectorSelector():
            return _selected(expr)
        case MatrixSelector():
            return _selected(expr.selector) if isinstance(expr.range, int) else None
        case Paren() | Unary():
            return _reach(expr.expr, within=within)
        case Subquery():
            return _of_subquery(expr)
        case Binary():
            fills = expr.matching is not None and (expr.matching.fill_left, expr.matching.fill_right) != (None, None)
            # Series of two metrics may become one over a range.
            return None if fills or (within and expr.op == "or") else _all((expr.left, expr.right), within=within)
        case Aggregate():
            if expr.op in EXPERIMENTAL_AGGREGATIONS:
                return None
            # Over what is the same at each step, a parameter is looked at but once.
            if expr.param is not None and invariant(expr.expr) and not invariant(expr.param):
                return None
            return _all((expr.expr,) if expr.param is None else (expr.expr, expr.param), within=within)
        case Call():
            known = FUNCTIONS.get(expr.function)
            if known is None or known.experimental:
                return None
            if expr.function in _RENAMING and not _keeps_name(expr):
                return None
            return _all(expr.args, within=within)


def _selected(selector: VectorSelector) -> Reach | None:
    name = next((one.value for one in selector.matchers if one.label == NAME and one.op is MatchOp.EQUAL), "")
    if selector.at is not None or selector.edges or not isinstance(selector.offset, int) or not name:
        return None
    return Reach(-selector.offset, (selector.matchers,), frozenset({name}))


def _of_subquery(expr: Subquery) -> Reach | None:
    if expr.at is not None or not isinstance(expr.offset, int) or not isinstance(expr.range, int):
        return None
    if expr.step is not None and not isinstance(expr.step, int):
        return None
    inner = _reach(expr.expr, within=True)
    return None if inner is None else Reach(inner.ahead - expr.offset, inner.selectors, inner.metrics)


def _all(parts: Sequence[Expr], *, within: bool) -> Reach | None:
    both = _NOTHING
    for part in parts:
        found = _reach(part, within=within)
        if found is None:
            return None
        both = Reach(max(both.ahead, found.ahead), (*both.selectors, *found.selectors), both.metrics | found.metrics)
    return both


def _keeps_name(call: Call) -> bool:
    into = call.args[1]
    return isinstance(into, StringLiteral) and into.value not in METADATA
