"""The latest sample of each series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.labels import NAME, value_of
from firstlight.query.promql.values import Labels, Samples, is_stale


@dataclass(frozen=True, slots=True)
class Latest:
    """A series and its latest sample."""

    labels: Labels
    ts: int
    value: float
    histogram: Histogram | None


def latest(several: Iterable[Samples]) -> list[Latest]:
    """Return each series once, by name, histograms first, and by labels, but for those that have ended."""
    found: dict[Labels, Latest] = {}
    for samples in several:
        places = samples.offsets[1:] - 1
        ended = is_stale(np.ascontiguousarray(samples.floats[places]))
        values, times = samples.floats[places].tolist(), samples.ts[places].tolist()
        whole = [None] * len(places) if samples.histograms is None else samples.histograms[places].tolist()
        for labels, ts, value, histogram, gone in zip(
            samples.labels, times, values, whole, ended.tolist(), strict=True
        ):
            if gone if histogram is None else histogram.is_stale:
                continue
            found[labels] = Latest(labels, ts, value, histogram)
    return sorted(found.values(), key=lambda one: (value_of(one.labels, NAME), one.histogram is None, one.labels))
