"""LogQL evaluated as plainly as can be: every line for itself, every time for itself.

Nothing of the engine's path is used but the syntax tree, and for templates Go's language of templates.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from firstlight.query.logql.ast import (
    Binary,
    Expr,
    LabelReplace,
    LogQuery,
    LogRange,
    NumberLiteral,
    RangeAggregate,
    Variants,
    Vector,
    VectorAggregate,
    VectorOp,
)
from tests.query.logql.reference.labels import Labels, LineLabels, as_labels
from tests.query.logql.reference.samples import Failed, largest, mean, range_vector, selected, smallest, variance
from tests.query.logql.reference.samples import Vector as Samples
from tests.query.logql.reference.stages import processed
from tools.conformance.logql_script import Entry

Shown = tuple[int, Labels, str]
"""A line of an answer: its time, its labels, what it says."""

Points = dict[Labels, dict[int, float]]
"""The series of an answer, and their values by time."""


def lines_of(expr: LogQuery, entries: Sequence[Entry], start: int, end: int) -> list[Shown]:
    """Return the lines of a query from `start` to before `end`, the oldest first."""
    shown = []
    for entry in selected(entries, LogRange(query=expr, range=0, span=expr.span)):
        labels = LineLabels(dict(entry.labels), dict(entry.metadata))
        line = processed(expr.stages, entry.line, entry.ts, labels) if start <= entry.ts < end else None
        if line is not None:
            shown.append((entry.ts, as_labels(labels.visible()), line))
    return shown


def points_of(expr: Expr, entries: Sequence[Entry], times: Sequence[int]) -> Points:
    """Return the series of a metric query, at all times; raise Failed if it fails at one."""
    points: Points = {}
    for at in times:
        for labels, value in samples_of(expr, entries, at).items():
            points.setdefault(labels, {})[at] = value
    return points


def samples_of(expr: Expr, entries: Sequence[Entry], at: int) -> Samples:
    """Return the samples of a metric query at one time."""
    match expr:
        case LogQuery():
            raise Failed("lines are no samples")
        case Variants():
            return {
                as_labels({**dict(labels), "__variant__": str(number)}): value
                for number, variant in enumerate(expr.variants)
                for labels, value in samples_of(variant, entries, at).items()
            }
        case NumberLiteral() | Vector():
            return {(): expr.value}
        case RangeAggregate():
            return range_vector(expr, entries, at, None)
        case VectorAggregate():
            return _aggregated(expr, _inner(expr, entries, at))
        case LabelReplace():
            return _replaced(expr, samples_of(expr.expr, entries, at))
        case Binary():
            return _binary(expr, entries, at)


def _inner(expr: VectorAggregate, entries: Sequence[Entry], at: int) -> Samples:
    if isinstance(expr.expr, RangeAggregate):
        return range_vector(expr.expr, entries, at, expr)
    return samples_of(expr.expr, entries, at)


def _aggregated(expr: VectorAggregate, samples: Samples) -> Samples:
    groups: dict[Labels, list[tuple[Labels, float]]] = {}
    for labels, value in samples.items():
        groups.setdefault(_group(expr, labels), []).append((labels, value))
    if expr.op in (VectorOp.SORT, VectorOp.SORT_DESC):
        return samples
    if expr.op in (VectorOp.TOPK, VectorOp.APPROX_TOPK, VectorOp.BOTTOMK):
        kept: Samples = {}
        for members in groups.values():
            ordered = sorted(members, key=lambda member: member[1], reverse=expr.op is not VectorOp.BOTTOMK)
            kept.update(ordered[: expr.param])
        return kept
    return {group: AGGREGATES[expr.op]([value for _, value in members]) for group, members in groups.items()}


def _group(expr: VectorAggregate, labels: Labels) -> Labels:
    if expr.grouping is None:
        return ()
    if expr.grouping.without:
        return tuple(pair for pair in labels if pair[0] not in expr.grouping.labels and pair[1])
    return tuple(pair for pair in labels if pair[0] in expr.grouping.labels)


AGGREGATES: Final[Mapping[VectorOp, Callable[[Sequence[float]], float]]] = {
    VectorOp.SUM: sum,
    VectorOp.AVG: mean,
    VectorOp.COUNT: lambda values: float(len(values)),
    VectorOp.MAX: largest,
    VectorOp.MIN: smallest,
    VectorOp.STDVAR: variance,
    VectorOp.STDDEV: lambda values: math.sqrt(variance(values)),
}
"""What is made of the values of a group."""


def _replaced(expr: LabelReplace, samples: Samples) -> Samples:
    replaced = {}
    machine = re.compile(expr.regex, re.ASCII)
    for labels, value in samples.items():
        names = dict(labels)
        found = machine.fullmatch(names.get(expr.source, ""))
        if found is not None:
            text = re.sub(
                r"\$(?:\{(\w+)\}|(\w+))",
                lambda variable, found=found: _group_text(found, variable[1] or variable[2]),  # type: ignore[misc] # a default binds the loop's value
                expr.replacement,
            )
            names[expr.destination] = text
            if not text:
                del names[expr.destination]
        replaced[as_labels(names)] = value
    return replaced


def _group_text(found: re.Match[str], name: str) -> str:
    key = int(name) if name.isdigit() else name
    if isinstance(key, int) and key > found.re.groups:
        return ""
    return found[key] or "" if isinstance(key, int) or key in found.re.groupindex else ""


COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _calculated(op: str, left: float, right: float) -> float:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else math.nan
        case "%":
            return math.fmod(left, right) if right and not math.isinf(left) else math.nan
        case _:
            try:
                return math.pow(left, right)
            except OverflowError:
                return math.inf
            except ValueError:
                return math.inf if left == 0 else math.nan


def _merged(expr: Binary, left: float, right: float, kept: float) -> float | None:
    """Return the value of an operation, or None if a comparison fails; one that holds leaves the value `kept`."""
    if expr.op not in COMPARISONS:
        return _calculated(expr.op, left, right)
    holds = COMPARISONS[expr.op](left, right)
    if expr.returns_bool:
        return float(holds)
    return kept if holds else None


def _binary(expr: Binary, entries: Sequence[Entry], at: int) -> Samples:
    if isinstance(expr.right, NumberLiteral):
        number = expr.right.value
        found = {labels: _merged(expr, one, number, one) for labels, one in samples_of(expr.left, entries, at).items()}
        return {labels: value for labels, value in found.items() if value is not None}
    if isinstance(expr.left, NumberLiteral):
        number = expr.left.value
        found = {labels: _merged(expr, number, one, one) for labels, one in samples_of(expr.right, entries, at).items()}
        return {labels: value for labels, value in found.items() if value is not None}
    left, right = samples_of(expr.left, entries, at), samples_of(expr.right, entries, at)
    if expr.op in ("and", "or", "unless"):
        return _set(expr, left, right)
    return _joined(expr, left, right)


def _signature(expr: Binary, labels: Labels) -> Labels:
    names = expr.matching.labels
    return tuple(pair for pair in labels if (pair[0] in names) == expr.matching.on and pair[1])


def _set(expr: Binary, left: Samples, right: Samples) -> Samples:
    lefts, rights = ({_signature(expr, labels) for labels in side} for side in (left, right))
    if expr.op == "or":
        return left | {labels: value for labels, value in right.items() if _signature(expr, labels) not in lefts}
    return {
        labels: value for labels, value in left.items() if (_signature(expr, labels) in rights) == (expr.op == "and")
    }


def _joined(expr: Binary, left: Samples, right: Samples) -> Samples:
    swapped = expr.matching.group == "right"
    many, one = (right, left) if swapped else (left, right)
    ones: dict[Labels, tuple[Labels, float]] = {}
    for labels, value in one.items():
        if _signature(expr, labels) in ones:
            raise Failed("found duplicate series")
        ones[_signature(expr, labels)] = (labels, value)
    joined: Samples = {}
    seen: set[tuple[Labels, Labels]] = set()
    for labels, value in many.items():
        signature = _signature(expr, labels)
        if signature not in ones:
            continue
        other, other_value = ones[signature]
        result = _result_labels(expr, labels, other)
        key = (signature, result if expr.matching.group else ())
        if key in seen:
            raise Failed("multiple matches for labels")
        seen.add(key)
        a, b = (other_value, value) if swapped else (value, other_value)
        merged = _merged(expr, a, b, a)
        if merged is not None:
            joined[result] = merged
    return joined


def _result_labels(expr: Binary, many: Labels, one: Labels) -> Labels:
    names = {name: value for name, value in many if value}
    matching = expr.matching
    if not matching.group:
        names = {name: value for name, value in names.items() if (name in matching.labels) == matching.on}
    for name in matching.include:
        names.pop(name, None)
        if dict(one).get(name):
            names[name] = dict(one)[name]
    return as_labels(names)
