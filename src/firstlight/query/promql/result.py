"""What a query answers: one of the four types of Prometheus, with names that no longer apply gone, in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from firstlight.query.promql.edges import extended
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.flat import flattened
from firstlight.query.promql.labels import METADATA, settled, without
from firstlight.query.promql.places import kept
from firstlight.query.promql.values import Samples, Scalar, Steps, Text, Times, Value, Vector, Windows


@dataclass(frozen=True, slots=True)
class Number:
    """A number at a time in milliseconds: `scalar`."""

    time: int
    value: float


@dataclass(frozen=True, slots=True)
class String:
    """A text at a time: `string`."""

    time: int
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Instant:
    """Series with one value each, in the order in which they are to be shown: `vector`. The vector has one step."""

    time: int
    vector: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Series with values at several times, ordered by their labels: `matrix`."""

    samples: Samples


Result: TypeAlias = Number | String | Instant | Matrix


def shaped(value: Value, steps: Steps, *, is_range: bool) -> Result:
    """Return the result of a query over `steps` that was evaluated to `value`."""
    if is_range and isinstance(value, Scalar):
        value = Vector([()], value.values[np.newaxis], np.ones((1, steps.count), dtype=bool))
    match value:
        case Scalar():
            return Number(steps.start, float(value.values[0]))
        case Text():
            return String(steps.start, value.value)
        case Vector():
            return shown(settled(value), steps, is_range=is_range)
        case Windows():
            return Matrix(_ordered(_one_window(value)))


def shown(vector: Vector, steps: Steps, *, is_range: bool) -> Instant | Matrix:
    """Return the result that is a vector whose labels are settled."""
    if is_range:
        return Matrix(_ordered(flattened(vector, steps.times)))
    return Instant(steps.start, _there(vector))


def _there(vector: Vector) -> Vector:
    """Return the series that have a value."""
    rows = np.flatnonzero(vector.present[:, 0])
    if len(rows) == len(vector):
        return vector
    histograms = None if vector.histograms is None else vector.histograms[rows]
    labels = [vector.labels[row] for row in rows.tolist()]
    return Vector(labels, vector.floats[rows], vector.present[rows], histograms)


def _one_window(windows: Windows) -> Samples:
    """Return the samples of the only step of a range selector."""
    if windows.edges:
        if windows.samples.histograms is not None:
            raise EvaluationFailed(f"{windows.edges} modifier is not supported with histograms")
        return extended(windows)
    keep = np.zeros(len(windows.samples.ts), dtype=bool)
    for first, last in zip(windows.first[:, 0].tolist(), windows.last[:, 0].tolist(), strict=True):
        keep[first:last] = True
    samples, _ = kept(windows.samples, keep)
    if windows.nameless is None:
        return samples
    flags = windows.nameless.tolist()
    named = [without(each, METADATA) if gone else each for each, gone in zip(samples.labels, flags, strict=True)]
    if len(set(named)) < len(named):
        raise EvaluationFailed("vector cannot contain metrics with the same labelset")
    return replace(samples, labels=named)


def _ordered(samples: Samples) -> Samples:
    """Return the series that have samples, by their labels."""
    counts = np.diff(samples.offsets)
    rows = [row for row, count in enumerate(counts.tolist()) if count]
    rows.sort(key=lambda row: samples.labels[row])
    if rows == list(range(len(samples))):
        return samples
    order = np.asarray(rows, dtype=np.int64)
    lengths = counts[order]
    offsets: Times = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    # The place of each sample: where its series began before, and how far it is from the beginning of the series.
    places = np.repeat(samples.offsets[order] - offsets[:-1], lengths) + np.arange(int(offsets[-1]))
    histograms = None if samples.histograms is None else samples.histograms[places]
    labels = [samples.labels[row] for row in rows]
    return Samples(labels, offsets, samples.ts[places], samples.floats[places], histograms)
