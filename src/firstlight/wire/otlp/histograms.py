"""Histograms: explicit ones as PromQL's classic series and whole besides, exponential ones whole.

Counts in whole histograms are as sent, one a bucket, delta ones too; those of the classic series are cumulative in both
senses. An exponential bucket of index i covers (base^i, base^(i+1)], as OpenTelemetry counts; Prometheus calls it i+1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.model.staleness import STALE
from firstlight.model.tables import CUSTOM_BOUNDS, HISTOGRAMS
from firstlight.wire.otlp.columns import Indices, Mask, offsets, parents
from firstlight.wire.otlp.delta import Accumulator
from firstlight.wire.otlp.intake import Intake
from firstlight.wire.otlp.points import Floats, Ids, Points, milliseconds
from firstlight.wire.otlp.records import MAX_BUCKETS, TOO_MANY_BUCKETS
from firstlight.wire.otlp.series import Family, Member, Unfit

BAD_BUCKETS = "bucket_counts not one more than explicit_bounds, or bounds not finite and ascending"
BAD_SCALE = "scale out of range"
MIN_SCALE, MAX_SCALE = -32, 32

COUNTS = pa.list_(pa.float64())


def take_histograms(points: Points, intake: Intake, totals: Accumulator[Floats]) -> None:
    """Take histograms with explicit bounds; delta ones are added up in `totals`."""
    bound_lists, count_lists = points.columns.field("explicit_bounds"), points.columns.field("bucket_counts")
    bounds, starts = bound_lists.flatten().to_numpy(zero_copy_only=False), offsets(bound_lists)
    counts = np.diff(offsets(count_lists))
    points.sieve.refuse(BAD_BUCKETS, (counts != np.diff(starts) + 1) & ((counts > 0) | (np.diff(starts) > 0)))
    points.sieve.refuse(BAD_BUCKETS, _not_ascending(bounds, bound_lists))
    points.sieve.refuse(TOO_MANY_BUCKETS, counts > MAX_BUCKETS)
    families = intake.families_of(points, lambda row: bounds[starts[row] : starts[row + 1]], _members)
    values, edges = _cumulated(count_lists, points.numbers("count").astype(np.float64), points.numbers("sum"))
    start = _added_up(points, families, values, edges, totals)
    intake.note_families(points, families)
    intake.add_family_samples(points, families, start, values, edges)

    zero, none = np.zeros(len(points)), _no_counts(len(points))
    base = np.array([family.base.id if family else 0 for family in families], np.uint64)
    shape = _Shape(
        np.full(len(points), CUSTOM_BOUNDS, np.int8),
        zero,
        zero,
        zero,
        count_lists.cast(COUNTS, safe=False),
        zero,
        none,
        bound_lists,
    )
    intake.add_histograms(_rows(points, intake.tenant, base, shape))
    intake.add_exemplars(
        points, lambda row, value: _bucket(families[row], bounds[starts[row] : starts[row + 1]], value)
    )


def take_exponential_histograms(points: Points, intake: Intake) -> None:
    """Take exponential histograms, which PromQL sees as native ones."""
    scale = points.numbers("scale")
    points.sieve.refuse(BAD_SCALE, (scale < MIN_SCALE) | (scale > MAX_SCALE))
    positive, negative = points.columns.field("positive"), points.columns.field("negative")
    points.sieve.refuse(TOO_MANY_BUCKETS, (_lengths(positive) > MAX_BUCKETS) | (_lengths(negative) > MAX_BUCKETS))
    found = intake.series_of(points)
    intake.note_series(points, found)
    shape = _Shape(
        np.clip(scale, MIN_SCALE, MAX_SCALE).astype(np.int8),
        points.numbers("zero_threshold"),
        points.numbers("zero_count").astype(np.float64),
        pc.fill_null(positive.field("offset"), 0).to_numpy(zero_copy_only=False),
        _counts(positive),
        pc.fill_null(negative.field("offset"), 0).to_numpy(zero_copy_only=False),
        _counts(negative),
        _no_counts(len(points)),
    )
    intake.add_histograms(_rows(points, intake.tenant, found, shape))
    intake.add_exemplars(points, lambda row, _: int(found[row]))


def number(value: float) -> str:
    """Return a number as Prometheus writes it into `le` and `quantile`: as short as can be, without an exponent."""
    return np.format_float_positional(value, trim="-")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What differs between the kinds of histograms: their buckets."""

    scale: npt.NDArray[np.int8]
    zero_threshold: Floats
    zero_count: Floats
    positive_offset: npt.NDArray[np.int32] | Floats
    positive_counts: pa.ListArray
    negative_offset: npt.NDArray[np.int32] | Floats
    negative_counts: pa.ListArray
    bounds: pa.ListArray


def _rows(points: Points, tenant: str, found: Ids, shape: _Shape) -> pa.Table:
    stale = points.stale
    columns = [
        pa.repeat(tenant, len(points)),
        pa.array(found),
        milliseconds(points.time),
        milliseconds(points.start),
        pa.array(np.where(stale, STALE, points.numbers("count").astype(np.float64))),
        pa.array(np.where(stale, STALE, points.numbers("sum"))),
        pa.array(points.numbers("min")),
        pa.array(points.numbers("max")),
        pa.array(np.zeros(len(points), np.uint8)),
        pa.array(shape.scale),
        pa.array(shape.zero_threshold),
        pa.array(shape.zero_count),
        pa.array(shape.positive_offset.astype(np.int32)),
        shape.positive_counts,
        pa.array(shape.negative_offset.astype(np.int32)),
        shape.negative_counts,
        shape.bounds,
    ]
    return points.sieve.sift(pa.Table.from_arrays(columns, schema=HISTOGRAMS))


def _counts(buckets: pa.StructArray) -> pa.ListArray:
    return pc.coalesce(buckets.field("bucket_counts").cast(COUNTS, safe=False), pa.scalar([], COUNTS))


def _lengths(buckets: pa.StructArray) -> Indices:
    lengths: Indices = pc.fill_null(pc.list_value_length(buckets.field("bucket_counts")), 0).to_numpy()
    return lengths


def _no_counts(length: int) -> pa.ListArray:
    return pa.ListArray.from_arrays(np.zeros(length + 1, np.int32), pa.array([], pa.float64()))


def _added_up(
    points: Points, families: Sequence[Family | None], values: Floats, edges: Indices, totals: Accumulator[Floats]
) -> Indices:
    """Make the values of delta histograms cumulative, in place; return when each point's series began."""
    start = points.start.copy()
    for row in points.deltas():
        family = families[row]
        if family is not None:
            part = slice(edges[row], edges[row + 1])
            # The same series with other bounds starts another total: its buckets cannot be added to the old ones.
            series = int(np.bitwise_xor.reduce(family.ids))
            try:
                start[row], values[part] = totals.add(
                    series, int(points.start[row]), int(points.time[row]), values[part].copy()
                )
            except Unfit as reason:
                points.sieve.refuse_row(str(reason), row)
    return start


def _not_ascending(bounds: Floats, lists: pa.ListArray) -> Mask:
    rows = parents(lists)
    found = np.zeros(len(lists), np.bool_)
    found[rows[1:][(np.diff(rows) == 0) & ~(np.diff(bounds) > 0)]] = True
    found[rows[~np.isfinite(bounds)]] = True
    return found


def _cumulated(lists: pa.ListArray, count: Floats, total: Floats) -> tuple[Floats, Indices]:
    """Return each point's cumulated buckets, sum and count, and where each point's values start.

    A point without buckets is one that goes to infinity.
    """
    counts, starts = lists.flatten().to_numpy(zero_copy_only=False), offsets(lists).astype(np.int64)
    bare = np.diff(starts) == 0
    if bare.any():
        counts = np.insert(counts, starts[:-1][bare], count[bare].astype(counts.dtype))
        starts = np.concatenate([[0], np.cumsum(np.where(bare, 1, np.diff(starts)))])
    lengths = np.diff(starts)
    sums = np.concatenate([[0], np.cumsum(counts, dtype=np.float64)])
    edges = np.concatenate([[0], np.cumsum(lengths + 2)])
    values = np.empty(edges[-1])
    places = np.arange(len(counts)) + 2 * np.repeat(np.arange(len(lengths)), lengths)
    values[places] = sums[1:] - np.repeat(sums[starts[:-1]], lengths)
    values[edges[1:] - 2] = total
    values[edges[1:] - 1] = count
    return values, edges


def _members(bounds: Floats) -> Iterator[Member]:
    for bound in bounds:
        yield Member("_bucket", "le", number(bound))
    yield Member("_bucket", "le", "+Inf")
    yield from (Member("_sum"), Member("_count"))


def _bucket(family: Family | None, bounds: Floats, value: float) -> int:
    assert family is not None, "an exemplar is only asked for when its point is kept"
    return int(family.ids[np.searchsorted(bounds, value)])
