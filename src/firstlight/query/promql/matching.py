"""Operators between two vectors: which series of one side belongs to which of the other, and what comes of it.

The sides are called many and one, as in `group_left`, where the left is the many; with `group_right` they are swapped.
Which series can meet is found once, from their labels; whether they do, at each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstlight.query.promql.ast import Matching
from firstlight.query.promql.context import Context
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.labels import (
    NAME,
    joined,
    label_text,
    measureless,
    numbered,
    only,
    unnamed,
    value_of,
    with_label,
    without,
)
from firstlight.query.promql.operators import ARITHMETIC, Outcome, Side, apply
from firstlight.query.promql.values import Labels, Mask, Times, Vector
from firstlight.query.promql.vectors import any_of_group, first_crowd, overlaid, taken


def signature(labels: Labels, matching: Matching) -> Labels:
    """Return the labels by which series are matched."""
    if matching.on:
        return only(labels, matching.labels)
    return without(labels, (NAME, *matching.labels)) if matching.labels else unnamed(labels)


def grouped(left: Vector, right: Vector, matching: Matching) -> tuple[Times, Times, list[Labels]]:
    """Return for the series of both sides the number of their match group, and the labels of the groups."""
    keys = [signature(labels, matching) for side in (left, right) for labels in side.labels]
    groups, signatures = numbered(keys)
    return groups[: len(left)], groups[len(left) :], signatures


@dataclass(frozen=True, slots=True)
class _Operation:
    op: str
    matching: Matching
    returns_bool: bool
    context: Context

    @property
    def swapped(self) -> bool:
        return self.matching.group == "right"

    # With `group_right` too, `fill_left` is for what the many side lacks: Prometheus does not swap it back.

    @property
    def fill_many(self) -> float | None:
        return self.matching.fill_left

    @property
    def fill_one(self) -> float | None:
        return self.matching.fill_right

    @property
    def fills(self) -> bool:
        return self.fill_many is not None or self.fill_one is not None

    def apply(self, many: Side, one: Side, present: Mask) -> Outcome:
        left, right = (one, many) if self.swapped else (many, one)
        return apply(self.op, left, right, present, self.context)

    def labels(self, many: Labels, one: Labels) -> Labels:
        """Return the labels of the result of two series."""
        result = many
        if self.op in ARITHMETIC or (self.returns_bool and not self.context.switches.delayed_name_removal):
            result = measureless(result)
        if not self.matching.group and (self.matching.on or self.matching.labels):
            of = self.matching.labels
            result = only(result, of) if self.matching.on else without(result, of)
        for name in self.matching.include:
            result = with_label(result, name, value_of(one, name))
        return result


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of the result: to which match group each belongs, its labels, and what came of it."""

    groups: Times
    labels: list[Labels]
    outcome: Outcome


def matched(op: str, left: Vector, right: Vector, matching: Matching, returns_bool: bool, context: Context) -> Vector:
    """Return what an operator, other than `and`, `or` and `unless`, makes of two vectors."""
    operation = _Operation(op, matching, returns_bool, context)
    left_groups, right_groups, signatures = grouped(left, right, matching)
    sides = (left, left_groups), (right, right_groups)
    (many, many_groups), (one, one_groups) = reversed(sides) if operation.swapped else sides
    duplicates = _find_duplicates(operation, many, one, one_groups)

    variants, variant_groups = _variants(one, one_groups, matching)
    blocks = [_pairs(operation, many, many_groups, variants, variant_groups)]
    if operation.fill_one is not None:
        blocks.append(_without_one(operation, many, many_groups, one, one_groups, signatures))
    if operation.fill_many is not None:
        there = [any_of_group(block.outcome.possible, block.groups, len(signatures)) for block in blocks]
        blocks.append(_without_many(operation, variants, variant_groups, np.logical_or.reduce(there), signatures))
    _refuse(operation, duplicates, blocks)
    return _result(operation, blocks)


def _variants(one: Vector, groups: Times, matching: Matching) -> tuple[Vector, Times]:
    """Return the one side with a single series for each group and each set of labels that it may hand over."""
    handed = [tuple(value_of(labels, name) for name in matching.include) for labels in one.labels]
    numbers, keys = numbered(zip(groups.tolist(), handed, strict=True))
    return overlaid(one, numbers), np.array([group for group, _ in keys], dtype=np.int64)


def _pairs(operation: _Operation, many: Vector, many_groups: Times, one: Vector, one_groups: Times) -> _Rows:
    by_group: dict[int, list[int]] = {}
    for row, group in enumerate(one_groups.tolist()):
        by_group.setdefault(group, []).append(row)
    pairs = [(row, other) for row, group in enumerate(many_groups.tolist()) for other in by_group.get(group, ())]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    a, b = taken(many, table[:, 0]), taken(one, table[:, 1])
    outcome = operation.apply(Side(a.floats, a.histograms), Side(b.floats, b.histograms), a.present & b.present)
    labels = [operation.labels(*pair) for pair in zip(a.labels, b.labels, strict=True)]
    return _Rows(many_groups[table[:, 0]], labels, outcome)


def _without_one(
    operation: _Operation, many: Vector, many_groups: Times, one: Vector, one_groups: Times, signatures: list[Labels]
) -> _Rows:
    """Return what becomes of the many side where there is nothing on the other."""
    missing = ~any_of_group(one.present, one_groups, len(signatures))
    filled = Side(np.array(operation.fill_one, dtype=np.float64))
    outcome = operation.apply(Side(many.floats, many.histograms), filled, many.present & missing[many_groups])
    labels = [
        operation.labels(each, signatures[group]) for each, group in zip(many.labels, many_groups.tolist(), strict=True)
    ]
    return _Rows(many_groups, labels, outcome)


def _without_many(operation: _Operation, one: Vector, groups: Times, met: Mask, signatures: list[Labels]) -> _Rows:
    """Return what becomes of the one side where it has met nothing on the other."""
    filled = Side(np.array(operation.fill_many, dtype=np.float64))
    outcome = operation.apply(filled, Side(one.floats, one.histograms), one.present & ~met[groups])
    labels = [
        operation.labels(signatures[group], each) for each, group in zip(one.labels, groups.tolist(), strict=True)
    ]
    return _Rows(groups, labels, outcome)


def _find_duplicates(operation: _Operation, many: Vector, one: Vector, groups: Times) -> tuple[int, str] | None:
    """Return the first step where the one side has several of a group, and what is to be said of it."""
    active = one.present.any(axis=0)
    if not operation.fills:
        active &= many.present.any(axis=0)
    crowd = first_crowd(one.present & active, groups)
    if crowd is None:
        return None
    step, *rows = crowd
    shown = ", ".join(label_text(labels) for labels in sorted(one.labels[row] for row in rows))
    group = label_text(signature(one.labels[rows[0]], operation.matching))
    side = "left" if operation.swapped else "right"
    return step, (
        f"found duplicate series for the match group {group} on the {side} hand-side of the operation: [{shown}]"
        ";many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _refuse(operation: _Operation, duplicates: tuple[int, str] | None, blocks: list[_Rows]) -> None:
    """Fail with what is wrong at the earliest step, if anything is."""
    possible = np.concatenate([block.outcome.possible for block in blocks])
    groups = np.concatenate([block.groups for block in blocks])
    text = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    if operation.matching.group:
        labels = (each for block in blocks for each in block.labels)
        groups, _ = numbered(zip(groups.tolist(), labels, strict=True))
        text = "multiple matches for labels: grouping labels must ensure unique matches"
    crowd = first_crowd(possible, groups)
    if duplicates and (crowd is None or duplicates[0] <= crowd[0]):
        raise EvaluationFailed(duplicates[1])
    if crowd:
        raise EvaluationFailed(text)


def _result(operation: _Operation, blocks: list[_Rows]) -> Vector:
    outcomes = [block.outcome for block in blocks]
    labels = [each for block in blocks for each in block.labels]
    kept = np.concatenate([outcome.kept for outcome in outcomes])
    nameless = np.full(len(labels), operation.returns_bool) if operation.context.switches.delayed_name_removal else None
    if operation.returns_bool:
        possible = np.concatenate([outcome.possible for outcome in outcomes])
        return joined(Vector(labels, kept.astype(np.float64), possible, nameless=nameless))
    floats = np.concatenate([outcome.floats for outcome in outcomes])
    histograms = None
    if any(outcome.histograms is not None for outcome in outcomes):
        histograms = np.concatenate(
            [
                np.full(outcome.kept.shape, None, dtype=object) if outcome.histograms is None else outcome.histograms
                for outcome in outcomes
            ]
        )
    return joined(Vector(labels, floats, kept, histograms, nameless))
