"""Runs one `eval` of a language test, and compares what is found with what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.histogram_ops import compact
from firstlight.query.promql.histogram_text import notation
from firstlight.query.promql.parser import parse
from firstlight.query.promql.printer import to_text
from firstlight.query.promql.values import Labels
from tools.conformance.promqltest import Eval, Grid, Item, Line, close

Points = dict[int, float | Histogram]
"""Values by time, in milliseconds."""


class Failed(Exception):
    """A query that was refused or could not be evaluated, with what its sender is told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a query answered: series with points, a text or a number."""

    series: Sequence[tuple[Labels, Points]] = ()
    text: str | None = None
    number: float | None = None
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()


Execute = Callable[[str, Grid], Outcome]
"""Runs a query, at an instant or over a range; raises `Failed`."""

_OF_TIME = frozenset(
    "days_in_month day_of_month day_of_week day_of_year end hour minute month predict_linear range start step time"
    " timestamp year".split()
)
_OF_QUERY = re.compile(r"\b(?:start|end|range|step)\s*\(")


def check(command: Eval, execute: Execute) -> None:
    """Raise AssertionError, with what was found, unless the query answers what is expected."""
    try:
        outcome = execute(command.query, command.grid)
    except Failed as error:
        wanted = command.expected("fail")
        if wanted and all(told.is_met_by(str(error)) for told in wanted):
            return
        raise AssertionError(f"{command.query}: failed: {error}; want {wanted or 'a result'}") from None
    if command.expected("fail"):
        raise AssertionError(f"{command.query}: found {outcome}; want a failure")
    _check_told(command, outcome)
    _check_result(command, outcome)
    if command.grid.step == 0:
        _check_otherwise(command, execute)


def _check_told(command: Eval, outcome: Outcome) -> None:
    for kind, found in (("warn", outcome.warnings), ("info", outcome.infos)):
        wanted = command.expected(kind)
        if command.expected(f"no_{kind}") and found:
            raise AssertionError(f"{command.query}: found {list(found)}; want none of kind {kind}")
        missing = [told for told in wanted if not any(map(told.is_met_by, found))]
        needless = [text for text in found if wanted and not any(told.is_met_by(text) for told in wanted)]
        if missing or needless:
            raise AssertionError(f"{command.query}: found {list(found)}; want {wanted}")


def _check_result(command: Eval, outcome: Outcome) -> None:
    if command.text is not None:
        _same(command, outcome.text == command.text, outcome.text, command.text)
    elif command.number is not None:
        fits = outcome.number is not None and close(outcome.number, command.number)
        _same(command, fits, outcome.number, command.number)
    else:
        grid = command.range_vector or command.grid
        wanted = [(line.labels, _points(line.items, grid)) for line in command.series]
        found = list(outcome.series)
        if outcome.number is not None:
            found = [((), {command.grid.start: outcome.number})]
        ordered = command.ordered
        if command.grid.step or command.range_vector:
            found, wanted = [each for each in found if each[1]], [each for each in wanted if each[1]]
            labels = [each for each, _ in found]
            _same(command, labels == sorted(labels), labels, "series in the order of their labels")
        _check_series(command, found, wanted, ordered=ordered)


def _check_series(
    command: Eval, found: list[tuple[Labels, Points]], wanted: list[tuple[Labels, Points]], *, ordered: bool
) -> None:
    if not ordered:
        found, wanted = sorted(found, key=lambda each: each[0]), sorted(wanted, key=lambda each: each[0])
    fits = [each for each, _ in found] == [each for each, _ in wanted] and all(
        same_points(ours, theirs) for (_, ours), (_, theirs) in zip(found, wanted, strict=True)
    )
    _same(command, fits, _shown(found), _shown(wanted))


def _same(command: Eval, fits: bool, found: object, wanted: object) -> None:
    if not fits:
        raise AssertionError(f"{command.query}: found {found}; want {wanted}")


def _points(items: Sequence[Item], grid: Grid) -> Points:
    points = {grid.start + k * grid.step: item for k, item in enumerate(items)}
    return {time: item for time, item in points.items() if isinstance(item, float | Histogram)}


def same_points(found: Points, wanted: Points) -> bool:
    """Return whether there are the same values at the same times."""
    return found.keys() == wanted.keys() and all(_equal(found[time], wanted[time]) for time in wanted)


def _equal(found: float | Histogram, wanted: float | Histogram) -> bool:
    if isinstance(found, Histogram) and isinstance(wanted, Histogram):
        return _equal_histograms(compact(found), compact(wanted))
    if isinstance(found, Histogram) or isinstance(wanted, Histogram):
        return False
    return close(found, wanted)


def _equal_histograms(found: Histogram, wanted: Histogram) -> bool:
    layout = (found.schema, found.zero_threshold, found.custom_bounds)
    if layout != (wanted.schema, wanted.zero_threshold, wanted.custom_bounds):
        return False
    numbers = ((found.count, wanted.count), (found.sum, wanted.sum), (found.zero_count, wanted.zero_count))
    if wanted.hint and found.hint != wanted.hint:
        return False
    sides = ((found.positive, wanted.positive), (found.negative, wanted.negative))
    return all(close(*pair) for pair in numbers) and all(_equal_buckets(*pair) for pair in sides)


def _equal_buckets(found: Buckets, wanted: Buckets) -> bool:
    start, end = min(found.offset, wanted.offset), max(found.end, wanted.end)
    pairs = zip(found.over(start, end).tolist(), wanted.over(start, end).tolist(), strict=True)
    return all(close(*pair) for pair in pairs)


def _shown(series: Sequence[tuple[Labels, Points]]) -> str:
    return "; ".join(f"{dict(labels)} {_shown_points(points)}" for labels, points in series) or "nothing"


def _shown_points(points: Mapping[int, float | Histogram]) -> str:
    return " ".join(
        f"{time}:{notation(value) if isinstance(value, Histogram) else value}" for time, value in points.items()
    )


def _check_otherwise(command: Eval, execute: Execute) -> None:
    """Ask for the same in other ways: at other times with the time fixed by `@`, and as the middle of a range."""
    expr = parse(command.query, experimental=True)
    called = set(_calls(expr))
    time = command.grid.start
    if not called & _OF_TIME and command.range_vector is None:
        query = to_text(_fixed(expr, time))
        for other in dict.fromkeys((-10 * time, 0, time // 5, time, 10 * time)):
            outcome = _again(execute, query, Grid(other, other))
            moved = [(labels, dict(zip((time,), points.values(), strict=True))) for labels, points in outcome.series]
            _check_result(replace(command, query=f"{query} at {other}"), replace(outcome, series=moved))
    if command.range_vector or command.text is not None or command.ordered or _OF_QUERY.search(command.query):
        return
    outcome = _again(execute, command.query, Grid(time - 60_000, time + 60_000, 60_000))
    middle = [(labels, {time: points[time]}) for labels, points in outcome.series if time in points]
    again = replace(command, query=f"{command.query} over a range", number=None)
    if command.number is not None:
        again.series = [Line((), [command.number])]
    _check_result(again, Outcome(middle))


def _again(execute: Execute, query: str, grid: Grid) -> Outcome:
    try:
        return execute(query, grid)
    except Failed as error:
        raise AssertionError(f"{query}, {grid}: failed: {error}") from None


def _calls(expr: Expr) -> Iterator[str]:
    if isinstance(expr, Call):
        yield expr.function
    for inner in _children(expr):
        yield from _calls(inner)


def _children(expr: Expr) -> Sequence[Expr]:
    match expr:
        case Call():
            return expr.args
        case Aggregate():
            return (expr.expr,) if expr.param is None else (expr.expr, expr.param)
        case Binary():
            return (expr.left, expr.right)
        case Unary() | Paren() | Subquery():
            return (expr.expr,)
        case _:
            return ()


def _fixed(expr: Expr, time: int) -> Expr:
    """Return the expression with `@ time` at each selector and subquery that has none, but not within subqueries."""
    match expr:
        case VectorSelector():
            return replace(expr, at=time) if expr.at is None else expr
        case MatrixSelector():
            selector = expr.selector
            return replace(expr, selector=selector if selector.at is not None else replace(selector, at=time))
        case Subquery():
            return replace(expr, at=time) if expr.at is None else expr
        case Call():
            return replace(expr, args=tuple(_fixed(arg, time) for arg in expr.args))
        case Aggregate():
            param = None if expr.param is None else _fixed(expr.param, time)
            return replace(expr, expr=_fixed(expr.expr, time), param=param)
        case Binary():
            return replace(expr, left=_fixed(expr.left, time), right=_fixed(expr.right, time))
        case Unary() | Paren():
            return replace(expr, expr=_fixed(expr.expr, time))
        case _:
            return expr
