"""Both kinds of histograms in one vector, native and classic, estimated from at all steps at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql.classic import BUCKET, Columns, Family, columns, families
from firstlight.query.promql.context import Context
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_ops.statistics import NaNs
from firstlight.query.promql.labels import NAME, value_of
from firstlight.query.promql.values import Floats, Labels, Mask, Vector
from firstlight.query.promql.vectors import has_histogram

Native: TypeAlias = Callable[[Histogram, int], tuple[float, NaNs]]
"""From a histogram and the number of a step to an estimate."""

Classic: TypeAlias = Callable[[Columns], Floats]
"""From columns of buckets to an estimate of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Distributions:
    """The histograms in a vector. Where one of the same labels is classic and native at once, it is neither."""

    vector: Vector
    native: Mask
    classic: Mask
    """Where a bucket of a classic histogram is."""
    families: list[Family]
    context: Context
    at: Span
    """Of the vector, where annotations point."""

    @classmethod
    def of(cls, vector: Vector, context: Context, at: Span) -> Distributions:
        """Find the histograms, and tell what is neither, or both."""
        found = has_histogram(vector)
        native = np.zeros(vector.present.shape, dtype=np.bool_) if found is None else found.copy()
        classic = vector.present & ~native
        members, bad = families(vector, classic)
        for row in bad:
            bound = quote(value_of(vector.labels[row], BUCKET))
            text = f'bucket label "{BUCKET}" is missing or has a malformed value of {bound}'
            context.annotations.warn(text + metric_words(vector.labels[row], context), at)
        by_labels = {family.labels: family for family in members}
        for row in np.flatnonzero(native.any(axis=1)).tolist():
            labels = vector.labels[row]
            family = by_labels.get(labels)
            both = native[row] & classic[family.rows].any(axis=0) if family else None
            if family and both is not None and both.any():
                text = "vector contains a mix of classic and native histograms"
                context.annotations.warn(text + metric_words(labels, context), at)
                native[row] &= ~both
                classic[family.rows] &= ~both
        return cls(vector, native, classic, members, context, at)

    def estimate(self, native: Native, classic: Classic, nans: Mapping[NaNs, str]) -> Vector:
        """Return what the functions make of each histogram; labels have still the name of the metric.

        `nans` says what to tell where observations of NaN matter.
        """
        rows = np.flatnonzero(self.native.any(axis=1)).tolist()
        places: dict[Labels, int] = {}
        for labels in (*(self.vector.labels[row] for row in rows), *(family.labels for family in self.families)):
            places.setdefault(labels, len(places))
        values = np.full((len(places), self.vector.floats.shape[1]), np.nan)
        present = np.zeros(values.shape, dtype=np.bool_)
        for row in rows:
            place, there = places[self.vector.labels[row]], self.native[row]
            values[place, there] = self._native(row, native, nans)
            present[place] |= there
        targets = np.array([places[family.labels] for family in self.families], dtype=np.int64)
        for part in columns(self.vector, self.classic, self.families):
            at = targets[part.families], part.steps
            values[at], present[at] = classic(part), True
        return Vector(list(places), values, present)

    def _native(self, row: int, native: Native, nans: Mapping[NaNs, str]) -> list[float]:
        assert self.vector.histograms is not None, "a row with native histograms has them"
        steps = np.flatnonzero(self.native[row])
        results = []
        for step, h in zip(steps.tolist(), self.vector.histograms[row, steps].tolist(), strict=True):
            value, seen = native(h, step)
            if seen in nans:
                text = nans[seen] + metric_words(self.vector.labels[row], self.context)
                self.context.annotations.info(text, self.at)
            results.append(value)
        return results


def metric_words(labels: Labels, context: Context) -> str:
    """Return the words by which an annotation names the metric, none if the name goes before that is told."""
    name = value_of(labels, NAME) if context.switches.delayed_name_removal else ""
    return f" for metric name {quote(name)}" if name else ""
