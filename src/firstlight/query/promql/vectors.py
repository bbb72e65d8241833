"""Pieces of a vector: some of its series, only its floats, which of several series of a group there are at a step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstlight.query.promql.values import Mask, Objects, Times, Vector


def empty(steps: int) -> Vector:
    """Return a vector without series."""
    return Vector([], np.zeros((0, steps)), np.zeros((0, steps), dtype=bool))


def nameless_of(vector: Vector) -> Mask:
    """Return of which series the name no longer applies."""
    return vector.nameless if vector.nameless is not None else np.zeros(len(vector), dtype=bool)


def filled(objects: Objects) -> Mask:
    """Return where there is a histogram, and not None."""
    return objects.astype(np.bool_)


def has_histogram(vector: Vector) -> Mask | None:
    """Return where a histogram is present, None if nowhere."""
    if vector.histograms is None:
        return None
    there: Mask = vector.present & filled(vector.histograms)
    return there if bool(there.any()) else None


def floats_only(vector: Vector) -> Vector:
    """Return the vector without its histograms."""
    if vector.histograms is None:
        return vector
    return replace(vector, present=vector.present & ~filled(vector.histograms), histograms=None)


def taken(vector: Vector, rows: Times) -> Vector:
    """Return the series at `rows`, in that order."""
    return Vector(
        [vector.labels[row] for row in rows.tolist()],
        vector.floats[rows],
        vector.present[rows],
        None if vector.histograms is None else vector.histograms[rows],
        None if vector.nameless is None else vector.nameless[rows],
    )


def stacked(above: Vector, below: Vector) -> Vector:
    """Return the series of both."""
    histograms: Objects | None = None
    if above.histograms is not None or below.histograms is not None:
        histograms = np.concatenate([_histograms(above), _histograms(below)])
    nameless: Mask | None = None
    if above.nameless is not None or below.nameless is not None:
        nameless = np.concatenate([nameless_of(above), nameless_of(below)])
    return Vector(
        [*above.labels, *below.labels],
        np.concatenate([above.floats, below.floats]),
        np.concatenate([above.present, below.present]),
        histograms,
        nameless,
    )


def _histograms(vector: Vector) -> Objects:
    return np.full(vector.present.shape, None, dtype=object) if vector.histograms is None else vector.histograms


def overlaid(vector: Vector, groups: Times) -> Vector:
    """Return one series for each group, with the labels of its first and what any of it has at a step.

    Groups are numbered without gaps in the order in which they are first met, as `labels.numbered` does. Where several
    of a group have something at one step, it is not said which is kept.
    """
    numbers, firsts = np.unique(groups, return_index=True)
    if len(numbers) == len(groups):
        return vector
    one = taken(vector, firsts)
    others = np.ones(len(groups), dtype=bool)
    others[firsts] = False
    for row in np.flatnonzero(others).tolist():
        into, here = int(groups[row]), vector.present[row]
        one.floats[into, here] = vector.floats[row, here]
        one.present[into] |= here
        if one.histograms is not None and vector.histograms is not None:
            one.histograms[into, here] = vector.histograms[row, here]
    return one


def any_of_group(present: Mask, groups: Times, count: int) -> Mask:
    """Return for each of `count` groups at which steps any of its rows is present."""
    there = np.zeros((count, present.shape[1]), dtype=bool)
    if len(groups) and bool(present.all()):
        there[np.unique(groups)] = True
    elif len(groups):
        order = np.argsort(groups, kind="stable")
        numbers, starts = np.unique(groups[order], return_index=True)
        there[numbers] = np.logical_or.reduceat(present[order], starts, axis=0)
    return there


def first_crowd(present: Mask, groups: Times) -> tuple[int, int, int] | None:
    """Return the first step where two rows of a group are present, and which: the later one first; None if nowhere."""
    if not len(groups):
        return None
    shared = np.flatnonzero(np.bincount(groups)[groups] > 1)
    if not len(shared):
        return None
    order = shared[np.argsort(groups[shared], kind="stable")]
    _, starts = np.unique(groups[order], return_index=True)
    crowded = np.add.reduceat(present[order].astype(np.int32), starts, axis=0) > 1
    steps = crowded.any(axis=0)
    if not bool(steps.any()):
        return None
    step = int(steps.argmax())
    seen: dict[int, int] = {}
    for row in np.flatnonzero(present[:, step]).tolist():
        if (earlier := seen.setdefault(int(groups[row]), row)) != row:
            return step, row, earlier
    return None
