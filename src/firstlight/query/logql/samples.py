"""The samples of a range aggregation, gathered block by block, and what is made of them when all are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from firstlight.query.logql.evaluate_faults import pipeline_error, too_many_series
from firstlight.query.logql.lines import Lines, Places, Times
from firstlight.query.logql.pipeline import Pipeline
from firstlight.query.logql.samples_grid import MOST_CELLS
from firstlight.query.promql.values import Floats, Labels, Samples


@dataclass(slots=True, eq=False)
class Gathered:
    """Samples of lines that went through one pipeline."""

    pipeline: Pipeline
    measure: str
    _ts: list[Times] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)
    _series: list[Places] = field(default_factory=list)
    _labels: Sequence[Labels] = ()
    _failed: frozenset[int] = frozenset()
    bytes: int = 0
    """How many bytes the lines had."""

    def add(self, block: Lines) -> None:
        """Take the samples of a block of lines."""
        found = self.pipeline.samples(block, measure="bytes" if self.measure == "bytes" else "count")
        self._ts.append(block.ts[found.rows])
        self._values.append(found.values)
        self._series.append(found.labels_of)
        self._labels, self._failed = found.labels, found.failed
        self.bytes += block.line.nbytes

    def samples(self, ends: Times, span: int, max_series: int) -> Samples:
        """Return all samples by series and time; raise LogqlFailed if a window that ends at `ends` has an error."""
        if not self._ts:
            return Samples([], np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0))
        ts, values, series = np.concatenate(self._ts), np.concatenate(self._values), np.concatenate(self._series)
        self._refuse_errors(ts, series, ends, span)
        count = len(self._labels)
        if count * len(ends) > MOST_CELLS:
            raise too_many_series(max_series)
        order = np.lexsort((ts, series))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(series, minlength=count))]).astype(np.int64)
        return Samples(list(self._labels), offsets, ts[order], values[order])

    def _refuse_errors(self, ts: Times, series: Places, ends: Times, span: int) -> None:
        if not self._failed:
            return
        wrong = np.flatnonzero(np.isin(series, sorted(self._failed)))
        # The window that ends first at or after a sample is the only one that can be the first to have it.
        place = np.searchsorted(ends, ts[wrong])
        inside = (place < len(ends)) & (ts[wrong] > ends[np.minimum(place, len(ends) - 1)] - span)
        if not bool(inside.any()):
            return
        first = wrong[inside][np.argmin(ts[wrong][inside])]
        raise pipeline_error(self._labels[int(series[first])])
