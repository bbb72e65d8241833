"""Series in memory, as a language test loads them, for queries to find."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from firstlight.model.staleness import STALE
from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.histogram_ops import stored_hints
from firstlight.query.promql.labels import NAME, value_of, with_label, without
from firstlight.query.promql.matchers import matches_all
from firstlight.query.promql.plan import Fetch
from firstlight.query.promql.values import Labels, Samples
from tools.conformance.promqltest import Line, Load

Sample = tuple[float | Histogram, int]
"""A value, and when its counter began."""

Series = dict[Labels, dict[int, Sample]]
"""Samples by their time, for each series."""


class MemorySource:
    """Holds samples by series and time. It is called as a `run.Source`."""

    def __init__(self) -> None:
        self.series: Series = {}

    def load(self, load: Load) -> None:
        """Take what a `load` lists, beside what there is."""
        for line in load.series:
            self._add(line, load.step)
        if load.with_custom:
            for labels, samples in _as_custom(load):
                self.series.setdefault(labels, {}).update(samples)

    def clear(self) -> None:
        """Forget everything."""
        self.series.clear()

    def _add(self, line: Line, step: int) -> None:
        samples = self.series.setdefault(line.labels, {})
        starts = line.starts or [None] * len(line.items)
        for k, (item, start) in enumerate(zip(line.items, starts, strict=True)):
            if item is None:
                continue
            time = k * step
            value = float(STALE) if item == "stale" else item
            samples[time] = value, 0 if start is None else time + start

    def __call__(self, fetches: Sequence[Fetch]) -> Mapping[Fetch, Samples]:
        """Return what each fetch asks for."""
        return {fetch: self.samples(fetch.matchers, fetch.start, fetch.end) for fetch in fetches}

    def samples(self, matchers: Iterable[Matcher], start: int, end: int) -> Samples:
        """Return the samples of the series that match, from `start` to `end`."""
        labels: list[Labels] = []
        offsets, times = [0], []
        values: list[float | Histogram] = []
        starts: list[int] = []
        asked = list(matchers)
        for each, samples in sorted(self.series.items()):
            if not matches_all(asked, dict(each)):
                continue
            whole = sorted(samples)
            hinted = stored_hints([_histogram(samples[time][0]) for time in whole])
            some = [place for place, time in enumerate(whole) if start <= time <= end]
            if not some:
                continue
            labels.append(each)
            times += [whole[place] for place in some]
            values += [hinted[place] or samples[whole[place]][0] for place in some]
            starts += [samples[whole[place]][1] for place in some]
            offsets.append(len(times))
        floats = np.array([0.0 if isinstance(value, Histogram) else value for value in values], dtype=np.float64)
        histograms = None
        if any(isinstance(value, Histogram) for value in values):
            histograms = np.full(len(values), None, dtype=object)
            for place, value in enumerate(values):
                histograms[place] = _histogram(value)
        begun = np.array(starts, dtype=np.int64) if any(starts) else None
        offsets_array, ts = np.array(offsets, dtype=np.int64), np.array(times, dtype=np.int64)
        return Samples(labels, offsets_array, ts, floats, histograms, begun)


def _histogram(value: float | Histogram) -> Histogram | None:
    return value if isinstance(value, Histogram) else None


def _as_custom(load: Load) -> Iterable[tuple[Labels, dict[int, Sample]]]:
    """Yield the classic histograms of a load as native ones with custom buckets."""
    parts: dict[Labels, dict[int, dict[str, dict[float, float]]]] = {}
    for line in load.series:
        name = value_of(line.labels, NAME)
        kind = next((kind for kind in ("_bucket", "_count", "_sum") if name.endswith(kind)), None)
        bound = value_of(line.labels, "le")
        if kind is None or (kind == "_bucket" and not bound):
            continue
        labels = with_label(without(line.labels, ("le",)), NAME, name.removesuffix(kind))
        for k, item in enumerate(line.items):
            if isinstance(item, float):
                at = parts.setdefault(labels, {}).setdefault(k * load.step, {})
                at.setdefault(kind, {})[float(bound) if kind == "_bucket" else 0.0] = item
    for labels, times in parts.items():
        found = {time: histogram for time, part in times.items() if (histogram := _custom(part)) is not None}
        yield labels, {time: (histogram, 0) for time, histogram in found.items()}


def _custom(part: Mapping[str, Mapping[float, float]]) -> Histogram | None:
    buckets = dict(part.get("_bucket", {}))
    if not buckets and "_count" not in part:
        return None
    count = part["_count"][0.0] if "_count" in part else buckets[max(buckets)]
    buckets.setdefault(math.inf, count)
    bounds = sorted(buckets)
    counts = np.diff([buckets[bound] for bound in bounds], prepend=0.0)
    if bool((counts < 0).any()):
        return None
    total = part.get("_sum", {}).get(0.0, 0.0)
    return Histogram(schema=-53, count=count, sum=total, positive=Buckets(0, counts), custom_bounds=tuple(bounds[:-1]))
