"""Which samples a query needs: selectors, and over which times."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

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
from firstlight.query.promql.labels import NAME
from firstlight.query.promql.values import Steps, Times


@dataclass(frozen=True, slots=True)
class Fetch:
    """The samples of all series that match, from `start` to `end`, both included, in milliseconds."""

    matchers: tuple[Matcher, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a query leaves open, in milliseconds."""

    lookback: int = 300_000
    """How old a sample may be that an instant selector finds."""
    subquery_step: int = 60_000
    """The step of subqueries that name none."""


def plan(expr: Expr, steps: Steps, defaults: Defaults, given: Collection[Expr] = ()) -> tuple[Fetch, ...]:
    """Return what is needed to evaluate `expr`, of which the durations are resolved, without repetitions.

    Of the parts that are `given`, the values are known.
    """
    return tuple(dict.fromkeys(_fetches(expr, steps, steps, defaults, given)))


def _fetches(expr: Expr, steps: Steps, query: Steps, defaults: Defaults, given: Collection[Expr]) -> Iterator[Fetch]:
    if steps.count < 1 or expr in given:
        return
    if steps.count > 1 and invariant(expr):
        steps = first_step(steps)
    match expr:
        case NumberLiteral() | StringLiteral():
            return
        case VectorSelector():
            yield fetch_of(expr, steps, query, defaults)
        case MatrixSelector(selector=selector, range=int(span)):
            yield fetch_of(selector, steps, query, defaults, span)
        case Subquery():
            yield from _fetches(expr.expr, inner_steps(expr, steps, query, defaults), query, defaults, given)
        case Call(function="info"):
            yield from _fetches(expr.args[0], steps, query, defaults, given)
            yield info_fetch(expr, steps, query, defaults)
        case Call():
            for arg in expr.args:
                yield from _fetches(arg, steps, query, defaults, given)
        case Aggregate():
            yield from _fetches(expr.expr, steps, query, defaults, given)
            if expr.param is not None:
                yield from _fetches(expr.param, steps, query, defaults, given)
        case Binary():
            yield from _fetches(expr.left, steps, query, defaults, given)
            yield from _fetches(expr.right, steps, query, defaults, given)
        case Unary() | Paren():
            yield from _fetches(expr.expr, steps, query, defaults, given)
        case _:
            raise unresolved(expr)


def unresolved(expr: Expr) -> TypeError:
    """Return that `durations.resolve` was not called: a fault of ours."""
    return TypeError(f"a duration was not resolved: {expr!r}")


def first_step(steps: Steps) -> Steps:
    """Return the first step alone, at which all is evaluated that is the same at each."""
    return Steps(steps.start, steps.step, 1)


def data_times(expr: VectorSelector | Subquery, steps: Steps, query: Steps) -> Times:
    """Return at which times a selector looks for each step: moved by its offset, or fixed by its `@`."""
    if not isinstance(expr.offset, int):
        raise unresolved(expr)
    match expr.at:
        case None:
            return steps.times - expr.offset
        case "start":
            fixed = query.start
        case "end":
            fixed = query.asked_end
        case fixed:
            pass
    return np.full(steps.count, fixed - expr.offset, dtype=np.int64)


def fetch_of(
    selector: VectorSelector, steps: Steps, query: Steps, defaults: Defaults, span: int | None = None
) -> Fetch:
    """Return what a selector needs: an instant one, or one over a range of `span`."""
    times = data_times(selector, steps, query)
    start, end = int(times[0]), int(times[-1])
    if span is None:
        start -= defaults.lookback
    else:
        start -= span + (defaults.lookback if selector.edges else 0)
    if selector.edges == "smoothed":
        end += defaults.lookback
    # Windows are open on the left.
    return Fetch(selector.matchers, start + 1, end)


def inner_steps(subquery: Subquery, steps: Steps, query: Steps, defaults: Defaults) -> Steps:
    """Return the steps at which a subquery is evaluated: the multiples of its step within all of its windows."""
    step = defaults.subquery_step if subquery.step is None else subquery.step
    if not isinstance(step, int) or not isinstance(subquery.range, int):
        raise unresolved(subquery)
    times = data_times(subquery, steps, query)
    start = ((int(times[0]) - subquery.range) // step + 1) * step
    return Steps(start, step, max(0, (int(times[-1]) - start) // step + 1))


def info_matchers(call: Call) -> tuple[Matcher, ...]:
    """Return which series `info` takes labels from: `target_info`, unless the call says something else."""
    asked = call.args[1].matchers if len(call.args) > 1 and isinstance(call.args[1], VectorSelector) else ()
    names = [each for each in asked if each.label == NAME]
    if not names:
        return (*asked, Matcher(NAME, MatchOp.EQUAL, "target_info"))
    if not any(each.op in (MatchOp.EQUAL, MatchOp.REGEX) for each in names):
        return (*asked, Matcher(NAME, MatchOp.REGEX, ".+_info"))
    return asked


def info_fetch(call: Call, steps: Steps, query: Steps, defaults: Defaults) -> Fetch:
    """Return what `info` needs besides its argument: the info series, up to the times of its first selector."""
    selector = _first_selector(call.args[0])
    times = steps.times if selector is None else data_times(selector, steps, query)
    return Fetch(info_matchers(call), int(times[0]) - defaults.lookback + 1, int(times[-1]))


def info_times(call: Call, steps: Steps, query: Steps) -> Times:
    """Return at which times `info` looks for info series: at its steps, unless its first selector has an `@`."""
    selector = _first_selector(call.args[0])
    if selector is None or selector.at is None:
        return steps.times
    return data_times(replace(selector, offset=0), steps, query)


def _first_selector(expr: Expr) -> VectorSelector | None:
    match expr:
        case VectorSelector():
            return expr
        case MatrixSelector():
            return expr.selector
        case Call():
            return next((found for arg in expr.args if (found := _first_selector(arg)) is not None), None)
        case Binary():
            return _first_selector(expr.left) or _first_selector(expr.right)
        case Aggregate() | Unary() | Paren() | Subquery():
            return _first_selector(expr.expr)
        case _:
            return None
