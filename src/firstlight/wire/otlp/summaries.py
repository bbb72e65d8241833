"""Summaries: a series a quantile, and their sum and count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from firstlight.wire.otlp.columns import offsets, parents
from firstlight.wire.otlp.histograms import number
from firstlight.wire.otlp.intake import Intake
from firstlight.wire.otlp.points import Floats, Points
from firstlight.wire.otlp.records import MAX_BUCKETS, TOO_MANY_BUCKETS
from firstlight.wire.otlp.series import Member


def take_summaries(points: Points, intake: Intake) -> None:
    """Take summaries."""
    lists = points.columns.field("quantile_values")
    pairs, starts = lists.flatten(), offsets(lists)
    points.sieve.refuse(TOO_MANY_BUCKETS, np.diff(starts) > MAX_BUCKETS)
    quantiles = pairs.field("quantile").to_numpy(zero_copy_only=False)
    families = intake.families_of(points, lambda row: quantiles[starts[row] : starts[row + 1]], _members)
    edges = np.concatenate([[0], np.cumsum(np.diff(starts) + 2)])
    values = np.empty(edges[-1])
    values[np.arange(len(quantiles)) + 2 * parents(lists)] = pairs.field("value").to_numpy(zero_copy_only=False)
    values[edges[1:] - 2] = points.numbers("sum")
    values[edges[1:] - 1] = points.numbers("count")
    intake.note_families(points, families)
    intake.add_family_samples(points, families, points.start, values, edges)


def _members(quantiles: Floats) -> Iterator[Member]:
    for quantile in quantiles:
        yield Member("", "quantile", number(quantile))
    yield from (Member("_sum"), Member("_count"))
