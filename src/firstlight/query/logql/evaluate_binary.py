"""Binary operations. They are Prometheus' but for division by zero, which gives NaN, and for what becomes of labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from firstlight.query.logql.ast import Matching
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.promql.labels import numbered, only, value_of, with_label, without
from firstlight.query.promql.operators import COMPARISONS
from firstlight.query.promql.values import Floats, Labels, Mask, Scalar, Times, Vector
from firstlight.query.promql.vectors import any_of_group, first_crowd, overlaid, stacked, taken

_Arithmetic: TypeAlias = Callable[[Floats, Floats], Floats]


def _quotient(left: Floats, right: Floats) -> Floats:
    return np.where(right == 0, np.nan, left / right)


ARITHMETIC: Final[Mapping[str, _Arithmetic]] = MappingProxyType(
    {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": _quotient,
        "%": np.fmod,  # of zero, it is NaN
        "^": np.power,
    }
)


def binary(
    op: str, left: Vector | Scalar, right: Vector | Scalar, matching: Matching, returns_bool: bool
) -> Vector | Scalar:
    """Return what an operator makes of two values, of which at most one is a number. Raise LogqlFailed."""
    match left, right:
        case Scalar(), Scalar():
            floats, kept = _applied(op, left.values, right.values, np.ones(left.values.shape, bool))
            return Scalar(kept.astype(np.float64) if op in COMPARISONS else floats)
        case Vector(), Scalar():
            return _with_number(op, left, right, returns_bool, number_first=False)
        case Scalar(), Vector():
            return _with_number(op, right, left, returns_bool, number_first=True)
        case Vector(), Vector() if op in ("and", "or", "unless"):
            return _set(op, left, right, matching)
        case Vector(), Vector():
            return _matched(op, left, right, matching, returns_bool)
    raise TypeError(f"{op} between {type(left).__name__} and {type(right).__name__}")


def signature(labels: Labels, matching: Matching) -> Labels:
    """Return the labels by which series find each other; an empty one is as good as none."""
    found = only(labels, matching.labels) if matching.on else without(labels, matching.labels)
    return tuple(pair for pair in found if pair[1])


def _applied(op: str, left: Floats, right: Floats, present: Mask) -> tuple[Floats, Mask]:
    """Return what comes out, and where; a comparison keeps its left side, or not."""
    with np.errstate(all="ignore"):
        if op in COMPARISONS:
            return np.broadcast_to(left, present.shape), present & COMPARISONS[op](left, right)
        return ARITHMETIC[op](left, right), present


def _with_number(op: str, vector: Vector, number: Scalar, returns_bool: bool, *, number_first: bool) -> Vector:
    sides = (number.values[np.newaxis], vector.floats) if number_first else (vector.floats, number.values[np.newaxis])
    floats, kept = _applied(op, *sides, vector.present)
    if op not in COMPARISONS:
        return replace(vector, floats=floats)
    if returns_bool:
        return replace(vector, floats=kept.astype(np.float64))
    return replace(vector, present=kept)


def _groups(left: Vector, right: Vector, matching: Matching) -> tuple[Times, Times, int]:
    keys = [signature(labels, matching) for side in (left, right) for labels in side.labels]
    groups, signatures = numbered(keys)
    return groups[: len(left)], groups[len(left) :], len(signatures)


def _set(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    left_groups, right_groups, count = _groups(left, right, matching)
    if op == "or":
        there = any_of_group(left.present, left_groups, count)
        return stacked(left, replace(right, present=right.present & ~there[right_groups]))
    there = any_of_group(right.present, right_groups, count)[left_groups]
    return replace(left, present=left.present & (there if op == "and" else ~there))


def _matched(op: str, left: Vector, right: Vector, matching: Matching, returns_bool: bool) -> Vector:
    left_groups, right_groups, count = _groups(left, right, matching)
    swapped = matching.group == "right"
    many, many_groups, one, one_groups = (
        (right, right_groups, left, left_groups) if swapped else (left, left_groups, right, right_groups)
    )
    if first_crowd(one.present, one_groups):
        side = "left" if swapped else "right"
        raise LogqlFailed(
            f"found duplicate series on the {side} hand-side"
            ";many-to-many matching not allowed: matching labels must be unique on one side"
        )
    variants, variant_groups = _variants(one, one_groups, matching)
    pairs = _pairs(many_groups, variant_groups, count)
    a, b = taken(many, pairs[:, 0]), taken(variants, pairs[:, 1])
    present = a.present & b.present
    labels = [_labels(*each, matching) for each in zip(a.labels, b.labels, strict=True)]
    _refuse_several(matching, present, many_groups[pairs[:, 0]], labels)
    floats, kept = _applied(op, *((b.floats, a.floats) if swapped else (a.floats, b.floats)), present)
    if op in COMPARISONS and returns_bool:
        return Vector(labels, kept.astype(np.float64), present)
    return Vector(labels, np.array(floats), kept)


def _variants(one: Vector, groups: Times, matching: Matching) -> tuple[Vector, Times]:
    """Return the one side with a single series for each group and each set of labels that it may hand over."""
    handed = [tuple(value_of(labels, name) for name in matching.include) for labels in one.labels]
    numbers, keys = numbered(zip(groups.tolist(), handed, strict=True))
    return overlaid(one, numbers), np.array([group for group, _ in keys], dtype=np.int64)


def _pairs(many: Times, one: Times, count: int) -> Times:
    """Return the rows of both sides that belong to the same group."""
    by_group: list[list[int]] = [[] for _ in range(count)]
    for row, group in enumerate(one.tolist()):
        by_group[group].append(row)
    pairs = [(row, other) for row, group in enumerate(many.tolist()) for other in by_group[group]]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _labels(many: Labels, one: Labels, matching: Matching) -> Labels:
    result = many
    if not matching.group:
        result = only(result, matching.labels) if matching.on else without(result, matching.labels)
    for name in matching.include:
        result = with_label(result, name, value_of(one, name))
    return tuple(pair for pair in result if pair[1])


def _refuse_several(matching: Matching, present: Mask, groups: Times, labels: list[Labels]) -> None:
    text = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    if matching.group:
        groups, _ = numbered(zip(groups.tolist(), labels, strict=True))
        text = "multiple matches for labels: grouping labels must ensure unique matches"
    if first_crowd(present, groups):
        raise LogqlFailed(text)
