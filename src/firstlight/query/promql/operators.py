"""Operators between two values at a time: floats, many at once, and native histograms, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from firstlight.query.promql import histogram_ops
from firstlight.query.promql.context import Context
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops import Note
from firstlight.query.promql.values import Floats, Mask, Objects
from firstlight.query.promql.vectors import filled

ARITHMETIC: Final[Mapping[str, Callable[[Floats, Floats], Floats]]] = MappingProxyType(
    {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "%": np.fmod,
        "^": np.power,
        "atan2": np.arctan2,
    }
)
"""What makes a number of two; the result is no longer what the metric's name says."""

COMPARISONS: Final[Mapping[str, Callable[[Floats, Floats], Mask]]] = MappingProxyType(
    {
        "==": np.equal,
        "!=": np.not_equal,
        ">": np.greater,
        "<": np.less,
        ">=": np.greater_equal,
        "<=": np.less_equal,
    }
)
"""What keeps the left value or not."""

_TRIMS: Final = MappingProxyType({"</": histogram_ops.trim_upper, ">/": histogram_ops.trim_lower})
_SUMS: Final = MappingProxyType({"+": histogram_ops.add, "-": histogram_ops.sub})
_SUM_NAMES: Final = MappingProxyType({"+": "addition", "-": "subtraction"})


@dataclass(frozen=True, slots=True)
class Side:
    """What stands at one side of an operator, for all series and steps of the result."""

    floats: Floats
    histograms: Objects | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operator made: `kept` of what it could compute, `possible`; a comparison keeps its left side."""

    floats: Floats
    histograms: Objects | None
    kept: Mask
    possible: Mask


@dataclass(frozen=True, slots=True)
class _Cell:
    """One histogram made, or kept as it is; None if only `keep` counts."""

    histogram: Histogram | None = None
    keep: bool = True


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What is told where there is no result."""

    text: str
    warns: bool = False


_Told: TypeAlias = _Refusal | None
"""What is told beside a result, or instead of it."""


def numbers(op: str, left: Floats, right: Floats) -> Floats:
    """Return what an operator makes of two scalars, where a comparison gives 1 or 0."""
    with np.errstate(all="ignore"):
        if op in COMPARISONS:
            return COMPARISONS[op](left, right).astype(np.float64)
        return ARITHMETIC[op](left, right)


def apply(op: str, left: Side, right: Side, present: Mask, context: Context) -> Outcome:
    """Return what an operator makes of both sides where `present`, and tell what it cannot do."""
    floats, kept = _of_floats(op, left.floats, right.floats, present)
    if left.histograms is None and right.histograms is None:
        if op not in _TRIMS:
            return Outcome(floats, None, kept, present)
        _tell([_unfit(op, "float", "float")] if bool(present.any()) else [], context)
        return Outcome(floats, None, kept, np.zeros_like(present))
    return _with_histograms(op, left, right, present, Outcome(floats, None, kept, present), context)


def _of_floats(op: str, left: Floats, right: Floats, present: Mask) -> tuple[Floats, Mask]:
    with np.errstate(all="ignore"):
        if op in COMPARISONS:
            return np.broadcast_to(left, present.shape), present & COMPARISONS[op](left, right)
        if op in _TRIMS:
            return np.broadcast_to(left, present.shape), np.zeros_like(present)
        return ARITHMETIC[op](left, right), present


def _with_histograms(op: str, left: Side, right: Side, present: Mask, plain: Outcome, context: Context) -> Outcome:
    shape = present.shape
    lefts = _objects(left.histograms, shape)
    rights = _objects(right.histograms, shape)
    left_floats, right_floats = np.broadcast_to(left.floats, shape), np.broadcast_to(right.floats, shape)
    made = np.full(shape, None, dtype=object)
    kept, possible = plain.kept.copy(), present.copy()
    # Of what is told at one step, Prometheus passes on the last.
    told: dict[int, _Refusal] = {}
    odd = present & (filled(lefts) | filled(rights))
    for row, step in np.argwhere(odd).tolist():
        a = lefts[row, step] if lefts[row, step] is not None else float(left_floats[row, step])
        b = rights[row, step] if rights[row, step] is not None else float(right_floats[row, step])
        cell, note = _one(op, a, b)
        if note:
            told[step] = note
        if cell is None:
            kept[row, step] = possible[row, step] = False
        else:
            made[row, step], kept[row, step] = cell.histogram, cell.keep
    notes = list(told.values())
    if op in _TRIMS:
        possible &= odd
        if bool((present & ~odd).any()):
            notes.append(_unfit(op, "float", "float"))
    _tell(notes, context)
    return Outcome(plain.floats, made, kept, possible)


def _tell(notes: Iterable[_Refusal], context: Context) -> None:
    for note in dict.fromkeys(notes):
        (context.annotations.warn if note.warns else context.annotations.info)(note.text, context.span)


def _objects(histograms: Objects | None, shape: tuple[int, ...]) -> Objects:
    if histograms is None:
        return np.full(shape, None, dtype=object)
    return np.broadcast_to(histograms, shape)


def _one(op: str, a: Histogram | float, b: Histogram | float) -> tuple[_Cell | None, _Told]:
    """Return what an operator makes of two values of which at least one is a histogram."""
    match a, b:
        case Histogram(), Histogram():
            if op in _SUMS:
                return _sum(op, a, b)
            if op in {"==", "!="}:
                return _Cell(a, histogram_ops.equals(a, b) == (op == "==")), None
        case Histogram(), float():
            if op == "*":
                return _Cell(histogram_ops.compact(histogram_ops.mul(a, b))), None
            if op == "/":
                return _Cell(histogram_ops.compact(histogram_ops.div(a, b))), None
            if op in _TRIMS:
                return _Cell(_TRIMS[op](a, b)), None
        case float(), Histogram() if op == "*":
            return _Cell(histogram_ops.compact(histogram_ops.mul(b, a))), None
    return None, _unfit(op, _kind(a), _kind(b))


def _kind(value: Histogram | float) -> str:
    return "histogram" if isinstance(value, Histogram) else "float"


def _unfit(op: str, left: str, right: str) -> _Refusal:
    """Return what is told of kinds of samples that an operator does not go with."""
    return _Refusal(f'incompatible sample types encountered for binary operator "{op}": {left} {op} {right}')


def _sum(op: str, a: Histogram, b: Histogram) -> tuple[_Cell | None, _Told]:
    try:
        made, notes = _SUMS[op](a, b)
    except histogram_ops.Incompatible:
        return None, _Refusal(f"incompatible bucket layout encountered for binary operator {op}", warns=True)
    if Note.RESETS_COLLIDE in notes:
        # In Prometheus a warning is an error here, and what has one has no result.
        return None, _Refusal(f"conflicting counter resets during histogram {_SUM_NAMES[op]}", warns=True)
    if Note.BOUNDS_RECONCILED in notes:
        return _Cell(made), _Refusal(f"mismatched custom buckets were reconciled during {_SUM_NAMES[op]}")
    return _Cell(made), None
