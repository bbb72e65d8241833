"""Values of queries that are asked again, by aligned step: of a dashboard that goes on only the last steps are new.

What is remembered of a query are its values at steps that follow each other. They are used as far as nothing changed
that they depend on (`reach`), and what was computed of later steps is added. Nothing here knows what time it is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from firstlight.query.promql.values import Steps, Vector

MOST_SERIES_BYTES: Final = 400
"""What the labels of a series take, about."""

MOST_SHARE: Final = 8
"""No query may take more than such a part of all that may be remembered."""

Key: TypeAlias = Hashable

Unchanged = Callable[[int], int | None]
"""Returns for the number of a change the time from which on values are others since; None if none are."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    start: int
    step: int
    vector: Vector
    """Of floats only, ordered by labels if it has several steps."""
    mark: int
    """The number of the last change before any of it was read."""

    @property
    def count(self) -> int:
        return int(self.vector.present.shape[1])

    @property
    def nbytes(self) -> int:
        return 9 * self.vector.present.size + MOST_SERIES_BYTES * len(self.vector)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The values at the first `count` steps of a query."""

    vector: Vector
    count: int


class ResultCache:
    """Remembers values, at most so many bytes of them; those that were asked for longest ago go first."""

    def __init__(self, nbytes: int) -> None:
        self._most = nbytes
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self.nbytes = 0
        """How many bytes are remembered."""

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Key, steps: Steps, changed: Unchanged) -> Part | None:
        """Return what is known of the first of `steps`, None if nothing is.

        Of queries that have the same key all steps are at whole steps from each other.
        """
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        first = (steps.start - kept.start) // kept.step if kept.step else 0
        known = _until(kept, changed(kept.mark)) - first
        if first < 0 or known <= 0:
            return None
        count = min(known, steps.count)
        return Part(_columns(kept.vector, first, first + count), count)

    def keep(self, key: Key, steps: Steps, vector: Vector, mark: int, changed: Unchanged) -> None:
        """Remember values at `steps`, of which nothing was read before the change `mark`.

        What is known of earlier steps and still holds is kept beside it, up to as many again.
        """
        whole, start = vector, steps.start
        before = self._kept.get(key)
        if before is not None and before.step and before.start < start:
            missing = (start - before.start) // before.step
            if _until(before, changed(before.mark)) >= missing:
                first = max(0, missing - steps.count)
                whole = joined_steps(_columns(before.vector, first, missing), vector)
                start = before.start + first * before.step
        self.drop(key)
        made = _Kept(start, steps.step, whole, mark)
        if made.nbytes * MOST_SHARE > self._most:
            return
        self._kept[key] = made
        self.nbytes += made.nbytes
        while self.nbytes > self._most:
            self.drop(next(iter(self._kept)))

    def drop(self, key: Key) -> None:
        """Forget the values of a query."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.nbytes -= kept.nbytes


def _until(kept: _Kept, changed: int | None) -> int:
    """Return how many of the steps are before the time from which on values are others."""
    if changed is None or kept.start + kept.step * (kept.count - 1) < changed:
        return kept.count
    return max(0, -(-(changed - kept.start) // kept.step)) if kept.step else 0


def _columns(vector: Vector, first: int, last: int) -> Vector:
    if first == 0 and last == vector.present.shape[1]:
        return vector
    present = vector.present[:, first:last]
    some = present.any(axis=1)
    if bool(some.all()):
        return Vector(vector.labels, vector.floats[:, first:last], present)
    rows = np.flatnonzero(some)
    return Vector([vector.labels[row] for row in rows.tolist()], vector.floats[rows, first:last], present[rows])


def joined_steps(earlier: Vector, later: Vector) -> Vector:
    """Return the values at both sets of steps, ordered by labels; the earlier are floats."""
    counts = earlier.present.shape[1], later.present.shape[1]
    if earlier.labels == later.labels:
        labels, rows = earlier.labels, (np.arange(len(earlier)), np.arange(len(later)))
    else:
        labels = sorted({*earlier.labels, *later.labels})
        places = {each: row for row, each in enumerate(labels)}
        rows = (
            np.fromiter((places[each] for each in earlier.labels), np.int64, len(earlier)),
            np.fromiter((places[each] for each in later.labels), np.int64, len(later)),
        )
    shape = (len(labels), sum(counts))
    floats, present = np.zeros(shape), np.zeros(shape, np.bool_)
    histograms = None if later.histograms is None else np.full(shape, None, dtype=object)
    for part, places_of, columns in (
        (earlier, rows[0], slice(0, counts[0])),
        (later, rows[1], slice(counts[0], shape[1])),
    ):
        floats[places_of, columns], present[places_of, columns] = part.floats, part.present
        if histograms is not None and part.histograms is not None:
            histograms[places_of, columns] = part.histograms
    return Vector(labels, floats, present, histograms)


def by_labels(vector: Vector) -> Vector:
    """Return the series that have a value at some step, ordered by their labels."""
    there = np.flatnonzero(vector.present.any(axis=1)).tolist()
    rows = sorted(there, key=lambda row: vector.labels[row])
    if rows == list(range(len(vector))):
        return vector
    order = np.asarray(rows, dtype=np.int64)
    histograms = None if vector.histograms is None else vector.histograms[order]
    return Vector([vector.labels[row] for row in rows], vector.floats[order], vector.present[order], histograms)
