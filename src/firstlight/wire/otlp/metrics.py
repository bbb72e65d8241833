"""OTLP metrics: request bytes to series, samples, histograms, exemplars and metadata.

To PromQL an explicit histogram is its `_bucket`, `_sum` and `_count` series and a summary its quantiles, as
<https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/> says; what of a histogram is lost by
that is kept whole in `histograms`, where exponential ones are kept too. One point may so be many rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from firstlight.model.batch import Batch, Rejections
from firstlight.model.tables import CUSTOM_BOUNDS, EXEMPLARS, HISTOGRAMS, SAMPLES
from firstlight.wire.otlp.columns import Indices, Mask, ids, offsets, parents, slices, times
from firstlight.wire.otlp.delta import Accumulator
from firstlight.wire.otlp.messages import Reader
from firstlight.wire.otlp.names import Kind
from firstlight.wire.otlp.origins import Attributes, Origin, Origins, days_of, read_attributes
from firstlight.wire.otlp.records import TIME_OUT_OF_RANGE, Sieve
from firstlight.wire.otlp.series import (
    DELTA,
    Description,
    Directory,
    Family,
    Member,
    Metric,
    Series,
    Unfit,
    metadata_rows,
    series_rows,
)

STALE = np.uint64(0x7FF0000000000002).view(np.float64)
"""Prometheus' "this series has ended", which OTLP sends as a flag."""

NO_RECORDED_VALUE = 1
NO_TIME = "no time"
NO_VALUE = "no value"
BAD_BUCKETS = "bucket_counts not one more than explicit_bounds, or bounds not finite and ascending"
KNOWN_TEMPORALITIES = (1, 2)
BAD_SCALE = "scale out of range"
SCALES = range(-32, 33)

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class MetricsDecoder:
    """Reads metrics requests; what it remembers between them only saves work, but for the totals of delta sums."""

    reader: Reader
    origins: Origins
    directory: Directory
    numbers: Accumulator[float] = field(default_factory=Accumulator)
    families: Accumulator[Floats] = field(default_factory=Accumulator)

    def decode(self, body: bytes, *, tenant: str) -> Batch:
        """Return what an ExportMetricsServiceRequest carries; raise DecodeError if it cannot be read."""
        resources = self.reader.read(body).flatten()
        scope_lists = resources.field("scopes")
        scopes = scope_lists.flatten()
        senders = self.origins.of(resources, scope_lists, scopes)
        lists = scopes.field("metrics")
        metrics = lists.flatten()
        names, units, texts = (metrics.field(name).to_pylist() for name in ("name", "unit", "description"))
        described = _Described(tenant, metrics, (names, units, texts), [senders[row] for row in parents(lists)])
        request = _Request(tenant, self)
        request.numbers(described.points("gauge", Kind.GAUGE, self.directory))
        request.numbers(described.points("sum", Kind.SUM, self.directory))
        request.histograms(described.points("histogram", Kind.HISTOGRAM, self.directory))
        request.exponential_histograms(
            described.points("exponential_histogram", Kind.EXPONENTIAL_HISTOGRAM, self.directory)
        )
        request.summaries(described.points("summary", Kind.SUMMARY, self.directory))
        return request.batch()


@dataclass(frozen=True, slots=True)
class _Points:
    """The points of all metrics of one kind in a request."""

    metrics: Sequence[Metric | Unfit | None]
    points: pa.StructArray
    metric_of: Indices

    def __len__(self) -> int:
        return len(self.points)

    def metric(self, row: int) -> Metric:
        found = self.metrics[self.metric_of[row]]
        if isinstance(found, Metric):
            return found
        assert found is not None, "points have a metric"
        raise found

    def pairs(self, row: int) -> list[bytes]:
        found: list[bytes] = self.points.field("attributes")[row].as_py()
        return found

    def codes(self) -> list[int]:
        """Return a number for each point that says its metric and how many attributes it has."""
        places = np.array([one.place if isinstance(one, Metric) else -1 for one in self.metrics])
        counts = np.diff(offsets(self.points.field("attributes")))
        codes: list[int] = (places[self.metric_of] * 256 + np.minimum(counts, 255)).tolist()
        return codes

    def rows_of(self, wanted: Callable[[Metric], bool]) -> Indices:
        """Return the points of those metrics that are `wanted`."""
        chosen = np.array([isinstance(one, Metric) and wanted(one) for one in self.metrics], np.bool_)
        return np.flatnonzero(chosen[self.metric_of])


@dataclass(frozen=True, slots=True)
class _Described:
    """The metrics of a request, before their points are looked at."""

    tenant: str
    metrics: pa.StructArray
    texts: tuple[list[bytes], list[bytes], list[bytes]]
    origin_of: Sequence[Origin]

    def points(self, member: str, kind: Kind, directory: Directory) -> _Points | None:
        column = self.metrics.field(member)
        if column.null_count == len(column):
            return None
        fields = {child.name for child in column.type}
        temporality = (
            column.field("aggregation_temporality").to_pylist() if "aggregation_temporality" in fields else None
        )
        monotonic = column.field("is_monotonic").to_pylist() if "is_monotonic" in fields else None
        metrics: list[Metric | Unfit | None] = [None] * len(column)
        for row in np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist():
            origin = self.origin_of[row]
            name, unit, text = (texts[row] for texts in self.texts)
            described = Description(
                self.tenant, origin.id, name, unit, text, kind,
                temporality=temporality[row] if temporality and temporality[row] in KNOWN_TEMPORALITIES else 0,
                monotonic=bool(monotonic and monotonic[row]),
            )  # fmt: skip
            metrics[row] = directory.metric(described, origin)
        lists = column.field("data_points")
        return _Points(metrics, lists.flatten(), parents(lists))


class _Request:
    """Gathers the rows of one request, kind by kind of metric."""

    def __init__(self, tenant: str, decoder: MetricsDecoder) -> None:
        self._tenant = tenant
        self._decoder = decoder
        self._directory = decoder.directory
        self._rejected = Rejections()
        self._items = 0
        self._samples: list[tuple[Ids, Indices, Indices, Floats]] = []
        self._histograms: list[pa.Table] = []
        self._exemplars: list[pa.Table] = []
        self._series: dict[tuple[int, int], Series] = {}
        self._metrics: dict[int, set[Metric]] = {}
        self._last: dict[int, tuple[Origin, int]] = {}

    # --- the kinds ----------------------------------------------------------------------------------------------------

    def numbers(self, points: _Points | None) -> None:
        """Take gauges and sums."""
        if points is None:
            return
        sieve, start, time = self._times(points)
        integers, doubles = points.points.field("as_int"), points.points.field("as_double")
        values = pc.coalesce(doubles, integers.cast(pa.float64(), safe=False))
        stale = _stale(points)
        sieve.refuse(NO_VALUE, values.is_null().to_numpy(zero_copy_only=False) & ~stale)
        value = np.where(stale, STALE, pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False))
        found = self._number_ids(points, sieve)
        begin = start
        deltas = points.rows_of(lambda metric: metric.temporality == DELTA)
        if len(deltas):
            begin, value = start.copy(), value.copy()
            for row in _kept(deltas, sieve):
                try:
                    begin[row], value[row] = self._decoder.numbers.add(
                        int(found[row]), int(start[row]), int(time[row]), float(value[row])
                    )
                except Unfit as reason:
                    sieve.refuse_row(str(reason), row)
        self._note_numbers(points, sieve, found, time)
        kept = sieve.rows
        self._samples.append((found[kept], time[kept], begin[kept], value[kept]))
        self._note_exemplars(points, sieve, lambda row, _: int(found[row]))
        self._done(sieve, points)

    def histograms(self, points: _Points | None) -> None:
        """Take histograms with explicit bounds."""
        if points is None:
            return
        sieve, start, time = self._times(points)
        count_lists, bound_lists = points.points.field("bucket_counts"), points.points.field("explicit_bounds")
        lengths, bound_lengths = np.diff(offsets(count_lists)), np.diff(offsets(bound_lists))
        bounds = bound_lists.flatten().to_numpy(zero_copy_only=False)
        sieve.refuse(BAD_BUCKETS, ~((lengths == bound_lengths + 1) | ((lengths == 0) & (bound_lengths == 0))))
        sieve.refuse(BAD_BUCKETS, _not_ascending(bounds, bound_lists))
        count = points.points.field("count").to_numpy(zero_copy_only=False).astype(np.float64)
        total = pc.fill_null(points.points.field("sum"), np.nan).to_numpy(zero_copy_only=False)
        starts = offsets(bound_lists)
        families = self._families(
            points, sieve, lambda row: bounds[starts[row] : starts[row + 1]], lambda values: _bucket_members(values)
        )
        cumulated, edges = _cumulated(count_lists, count, total)
        begin = start.copy()
        self._accumulate(points, sieve, families, begin, start, time, cumulated, edges)
        self._family_samples(points, sieve, families, begin, time, cumulated, edges)
        zero = np.zeros(len(points))
        empty = (
            pa.nulls(len(points), pa.list_(pa.float64())).fill_null([])
            if len(points)
            else pa.array([], pa.list_(pa.float64()))
        )
        self._whole_histograms(
            points, sieve, _base_ids(families), start, time, np.full(len(points), CUSTOM_BOUNDS, np.int8), zero, zero,
            (zero, count_lists), (zero, empty), bound_lists,
        )  # fmt: skip
        self._note_exemplars(
            points, sieve, lambda row, value: _bucket_of(families[row], bounds[starts[row] : starts[row + 1]], value)
        )
        self._done(sieve, points)

    def exponential_histograms(self, points: _Points | None) -> None:
        """Take exponential histograms, which PromQL sees as native ones."""
        if points is None:
            return
        sieve, start, time = self._times(points)
        scale = points.points.field("scale").to_numpy(zero_copy_only=False)
        sieve.refuse(BAD_SCALE, (scale < SCALES.start) | (scale >= SCALES.stop))
        found = self._number_ids(points, sieve)
        self._note_numbers(points, sieve, found, time)
        positive, negative = (_buckets(points.points.field(side)) for side in ("positive", "negative"))
        none = pa.ListArray.from_arrays(np.zeros(len(points) + 1, np.int32), pa.array([], pa.float64()))
        self._whole_histograms(
            points, sieve, found, start, time, np.clip(scale, -128, 127).astype(np.int8),
            points.points.field("zero_threshold").to_numpy(zero_copy_only=False),
            points.points.field("zero_count").to_numpy(zero_copy_only=False).astype(np.float64),
            positive, negative, none,
        )  # fmt: skip
        self._note_exemplars(points, sieve, lambda row, _: int(found[row]))
        self._done(sieve, points)

    def summaries(self, points: _Points | None) -> None:
        """Take summaries: a series a quantile."""
        if points is None:
            return
        sieve, start, time = self._times(points)
        lists = points.points.field("quantile_values")
        pairs, starts = lists.flatten(), offsets(lists)
        quantiles = pairs.field("quantile").to_numpy(zero_copy_only=False)
        families = self._families(
            points,
            sieve,
            lambda row: quantiles[starts[row] : starts[row + 1]],
            lambda values: _quantile_members(values),
        )
        lengths = np.diff(starts)
        edges = np.concatenate([[0], np.cumsum(lengths + 2)])
        values = np.empty(edges[-1])
        values[np.arange(len(quantiles)) + 2 * parents(lists)] = pairs.field("value").to_numpy(zero_copy_only=False)
        values[edges[1:] - 2] = points.points.field("sum").to_numpy(zero_copy_only=False)
        values[edges[1:] - 1] = points.points.field("count").to_numpy(zero_copy_only=False)
        self._family_samples(points, sieve, families, start, time, values, edges)
        self._done(sieve, points)

    # --- what they share ------------------------------------------------------------------------------------------------

    def _times(self, points: _Points) -> tuple[Sieve, Indices, Indices]:
        """Return a sieve that has refused what has no usable metric or time, and start and time in nanoseconds."""
        sieve = Sieve(len(points))
        for place, metric in enumerate(points.metrics):
            if isinstance(metric, Unfit):
                sieve.refuse(str(metric), points.metric_of == place)
        start, start_fits = times(points.points.field("start_time_unix_nano"))
        time, time_fits = times(points.points.field("time_unix_nano"))
        sieve.refuse(TIME_OUT_OF_RANGE, ~(start_fits & time_fits))
        sieve.refuse(NO_TIME, time == 0)
        signed = time.astype(np.int64)
        sieve.refuse_far_days(signed)
        return sieve, start.astype(np.int64), signed

    def _number_ids(self, points: _Points, sieve: Sieve) -> Ids:
        """Return the series of each point; refuse points whose series cannot be kept."""
        keys = list(zip(points.codes(), slices(points.points.field("attributes")), strict=True))
        found = self._directory.ids(keys)
        for row, known in enumerate(found):
            if known is None:
                found[row] = 0
                if sieve.keeps(row):
                    try:
                        found[row] = self._directory.read(points.metric(row), points.pairs(row)).id
                    except Unfit as reason:
                        sieve.refuse_row(str(reason), row)
                    else:
                        self._directory.learn_id(keys[row], found[row] or 0)
        return np.array(found, np.uint64)

    def _families(
        self,
        points: _Points,
        sieve: Sieve,
        values: Callable[[int], Floats],
        members: Callable[[Floats], Iterator[Member]],
    ) -> list[Family | None]:
        """Return the series of each point; refuse points whose series cannot be kept."""
        found: list[Family | None] = []
        keys = zip(points.codes(), slices(points.points.field("attributes")), strict=True)
        for row, (code, raw) in enumerate(keys):
            family = None
            if sieve.keeps(row):
                ends = values(row)
                key = (code, raw, ends.tobytes())
                try:
                    family = self._directory.family(key) or self._directory.read_family(
                        key, points.metric(row), points.pairs(row), members(ends)
                    )
                except Unfit as reason:
                    sieve.refuse_row(str(reason), row)
            found.append(family)
        return found

    def _note_numbers(self, points: _Points, sieve: Sieve, found: Ids, time: Indices) -> None:
        """Note which rows of `series` and `metadata` the kept points need."""
        for day, rows in _by_day(time, sieve.rows):
            self._note(day, points, rows, int(time[rows].max()))
            unique, first = np.unique(found[rows], return_index=True)
            missing = self._directory.unstored(self._tenant, day, unique.tolist())
            if missing:
                for one, place in zip(unique.tolist(), rows[first].tolist(), strict=True):
                    if one in missing:
                        self._series[day, one] = self._directory.read(points.metric(place), points.pairs(place))

    def _note_families(self, points: _Points, sieve: Sieve, families: Sequence[Family | None], time: Indices) -> None:
        for day, rows in _by_day(time, sieve.rows):
            self._note(day, points, rows, int(time[rows].max()))
            series = {
                one.id: one for row in rows if (family := families[row]) for one in (family.base, *family.members)
            }
            for one in self._directory.unstored(self._tenant, day, series):
                self._series[day, one] = series[one]

    def _note(self, day: int, points: _Points, rows: Indices, last: int) -> None:
        places = np.unique(points.metric_of[rows]).tolist()
        for metric in (points.metrics[place] for place in places):
            if isinstance(metric, Metric):
                self._metrics.setdefault(day, set()).add(metric)
                origin = metric.origin
                self._last[origin.id] = (origin, max(last, self._last.get(origin.id, (origin, 0))[1]))

    def _accumulate(  # noqa: PLR0913
        self, points: _Points, sieve: Sieve, families: Sequence[Family | None], begin: Indices, start: Indices, time: Indices,
        values: Floats, edges: Indices,
    ) -> None:  # fmt: skip
        """Make the values of delta histograms cumulative, in place."""
        for row in _kept(points.rows_of(lambda metric: metric.temporality == DELTA), sieve):
            family = families[row]
            if family is not None:
                part = slice(edges[row], edges[row + 1])
                series = int(np.bitwise_xor.reduce(family.ids))
                try:
                    begin[row], values[part] = self._decoder.families.add(
                        series, int(start[row]), int(time[row]), values[part].copy()
                    )
                except Unfit as reason:
                    sieve.refuse_row(str(reason), row)

    def _family_samples(  # noqa: PLR0913
        self, points: _Points, sieve: Sieve, families: Sequence[Family | None], begin: Indices, time: Indices, values: Floats,
        edges: Indices,
    ) -> None:  # fmt: skip
        """Take the samples of the kept points: those of point i are `values[edges[i]:edges[i + 1]]`, NaN for none."""
        self._note_families(points, sieve, families, time)
        kept = sieve.rows
        if not len(kept):
            return
        lengths = np.diff(edges)
        chosen = np.repeat(np.isin(np.arange(len(points)), kept), lengths)
        found = np.concatenate([family.ids for row in kept if (family := families[row])])
        stale = np.repeat(_stale(points), lengths)
        value = np.where(stale, STALE, values)[chosen]
        given = ~np.isnan(value) | stale[chosen] | ~_optional(lengths)[chosen]
        self._samples.append(
            (
                found[given],
                np.repeat(time, lengths)[chosen][given],
                np.repeat(begin, lengths)[chosen][given],
                value[given],
            )
        )

    def _whole_histograms(  # noqa: PLR0913
        self, points: _Points, sieve: Sieve, found: Ids, start: Indices, time: Indices, scale: npt.NDArray[np.int8],
        zero_threshold: Floats, zero_count: Floats, positive: tuple[Any, pa.ListArray], negative: tuple[Any, pa.ListArray],
        bounds: pa.ListArray,
    ) -> None:  # fmt: skip
        stale, column = _stale(points), points.points.field
        count = column("count").to_numpy(zero_copy_only=False).astype(np.float64)
        optional = [pc.fill_null(column(name), np.nan).to_numpy(zero_copy_only=False) for name in ("sum", "min", "max")]
        lists = [one.cast(pa.list_(pa.float64())) for one in (positive[1], negative[1], bounds)]
        table = pa.Table.from_arrays(
            [
                pa.repeat(self._tenant, len(points)),
                pa.array(found),
                _milliseconds(time),
                _milliseconds(start),
                pa.array(np.where(stale, STALE, count)),
                pa.array(np.where(stale, STALE, optional[0])),
                *map(pa.array, optional[1:]),
                pa.array(scale),
                pa.array(zero_threshold),
                pa.array(zero_count),
                pa.array(positive[0].astype(np.int32)),
                lists[0],
                pa.array(negative[0].astype(np.int32)),
                lists[1],
                lists[2],
            ],
            schema=HISTOGRAMS,
        )
        self._histograms.append(sieve.sift(table))

    def _note_exemplars(self, points: _Points, sieve: Sieve, series_of: Callable[[int, float], int]) -> None:
        lists = points.points.field("exemplars")
        examples = lists.flatten()
        if not len(examples):
            return
        point_of = parents(lists)
        time, fits = times(examples.field("time_unix_nano"))
        doubles, integers = examples.field("as_double"), examples.field("as_int").cast(pa.float64(), safe=False)
        values = pc.fill_null(pc.coalesce(doubles, integers), np.nan).to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(np.isin(point_of, sieve.rows) & fits & (time > 0) & ~np.isnan(values))
        if not len(kept):
            return
        attributes = [
            _exemplar_attributes(pairs) for pairs in examples.field("filtered_attributes").take(kept).to_pylist()
        ]
        table = pa.Table.from_arrays(
            [
                pa.repeat(self._tenant, len(kept)),
                pa.array([series_of(point_of[row], float(values[row])) for row in kept], pa.uint64()),
                _milliseconds(time[kept].astype(np.int64)),
                pa.array(values[kept]),
                ids(examples.field("trace_id").take(kept), 16)[0],
                ids(examples.field("span_id").take(kept), 8)[0],
                pa.array([list(one.texts.items()) for one in attributes], EXEMPLARS.field("attributes").type),
                pa.array([one.types for one in attributes], pa.string()),
            ],
            schema=EXEMPLARS,
        )
        self._exemplars.append(table)

    def _done(self, sieve: Sieve, points: _Points) -> None:
        self._rejected += sieve.rejections
        self._items += len(points) - sieve.rejections.total

    # --- the end --------------------------------------------------------------------------------------------------------

    def batch(self) -> Batch:
        """Return everything taken, with the rows of origins, series and metadata that the store may not have yet."""
        if not self._items:
            return Batch({}, 0, self._rejected)
        self._note_targets()
        days = sorted(self._metrics)
        origins = self._decoder.origins.rows(self._tenant, [origin for origin, _ in self._last.values()], days)
        untold = [(day, one) for day in days for one in self._directory.untold(day, self._metrics[day])]
        columns = [np.concatenate(column) for column in zip(*self._samples, strict=True)]
        tables: Mapping[str, pa.Table | None] = {
            "origins": origins,
            "series": series_rows((day, one) for (day, _), one in self._series.items()) if self._series else None,
            "metadata": metadata_rows(untold) if untold else None,
            "samples": _samples(self._tenant, *columns) if columns else None,
            "histograms": pa.concat_tables(self._histograms) if self._histograms else None,
            "exemplars": pa.concat_tables(self._exemplars) if self._exemplars else None,
        }
        return Batch({kind: table for kind, table in tables.items() if table}, self._items, self._rejected)

    def _note_targets(self) -> None:
        """Take a `target_info` sample for each resource, as late as its last point."""
        last: dict[int, tuple[Series, int]] = {}
        for origin, time in self._last.values():
            target = self._directory.target(self._tenant, origin)
            if target is not None:
                last[target.id] = (target, max(time, last.get(target.id, (target, 0))[1]))
        for target, time in last.values():
            now = np.array([time])
            (day,) = days_of(now)
            self._metrics.setdefault(day, set()).add(target.metric)
            if self._directory.unstored(self._tenant, day, [target.id]):
                self._series[day, target.id] = target
            self._samples.append((np.array([target.id], np.uint64), now, np.zeros(1, np.int64), np.ones(1)))


def _samples(tenant: str, found: Ids, time: Indices, start: Indices, value: Floats) -> pa.Table:
    arrays = [
        pa.repeat(tenant, len(found)),
        pa.array(found),
        _milliseconds(time),
        _milliseconds(start),
        pa.array(value),
    ]
    return pa.Table.from_arrays(arrays, schema=SAMPLES)


def _milliseconds(nanoseconds: Indices) -> pa.Array:
    return pa.array(nanoseconds // 1_000_000).view(pa.timestamp("ms"))


def _stale(points: _Points) -> Mask:
    flags: Mask = (points.points.field("flags").to_numpy(zero_copy_only=False) & NO_RECORDED_VALUE).astype(np.bool_)
    return flags


def _kept(rows: Indices, sieve: Sieve) -> list[int]:
    return [row for row in rows.tolist() if sieve.keeps(row)]


def _by_day(time: Indices, rows: Indices) -> Iterator[tuple[int, Indices]]:
    for day in days_of(time[rows]):
        yield day, rows[time[rows] // 86_400_000_000_000 == day]


def _base_ids(families: Sequence[Family | None]) -> Ids:
    return np.array([family.base.id if family else 0 for family in families], np.uint64)


def _not_ascending(bounds: Floats, lists: pa.ListArray) -> Mask:
    rows = parents(lists)
    found = np.zeros(len(lists), np.bool_)
    found[rows[1:][(np.diff(rows) == 0) & ~(np.diff(bounds) > 0)]] = True
    found[rows[~np.isfinite(bounds)]] = True
    return found


def _cumulated(lists: pa.ListArray, count: Floats, total: Floats) -> tuple[Floats, Indices]:
    """Return per point its cumulated buckets, sum and count; and where each point's values start.

    A point without buckets is one that goes to infinity.
    """
    counts, starts = lists.flatten().to_numpy(zero_copy_only=False), offsets(lists)
    bare = np.diff(starts) == 0
    if bare.any():
        counts = np.insert(counts, starts[:-1][bare], count[bare].astype(counts.dtype))
        starts = np.concatenate([[0], np.cumsum(np.where(bare, 1, np.diff(starts)))])
    lengths = np.diff(starts)
    sums = np.concatenate([[0], np.cumsum(counts, dtype=np.float64)])
    cumulated = sums[1:] - np.repeat(sums[starts[:-1]], lengths)
    edges = np.concatenate([[0], np.cumsum(lengths + 2)])
    values = np.empty(edges[-1])
    values[np.arange(len(counts)) + 2 * np.repeat(np.arange(len(lengths)), lengths)] = cumulated
    values[edges[1:] - 2] = total
    values[edges[1:] - 1] = count
    return values, edges


def _optional(lengths: Indices) -> Mask:
    """Say which values may be missing: of each point the last but one, its sum."""
    found = np.zeros(int(lengths.sum()), np.bool_)
    found[np.cumsum(lengths) - 2] = True
    return found


def _buckets(column: pa.StructArray) -> tuple[npt.NDArray[np.int32], pa.ListArray]:
    offset = pc.fill_null(column.field("offset"), 0).to_numpy(zero_copy_only=False)
    return offset, column.field("bucket_counts")


def _bucket_members(bounds: Floats) -> Iterator[Member]:
    for bound in bounds:
        yield Member("_bucket", "le", _number(bound))
    yield Member("_bucket", "le", "+Inf")
    yield from (Member("_sum"), Member("_count"))


def _quantile_members(quantiles: Floats) -> Iterator[Member]:
    for quantile in quantiles:
        yield Member("", "quantile", _number(quantile))
    yield from (Member("_sum"), Member("_count"))


def _bucket_of(family: Family | None, bounds: Floats, value: float) -> int:
    assert family is not None, "an exemplar is only asked for when its point is kept"
    return int(family.ids[min(int(np.searchsorted(bounds, value)), len(family.ids) - 3)])


def _number(value: float) -> str:
    """Return a number as Prometheus writes it into `le` and `quantile`: as short as can be, no exponent."""
    return np.format_float_positional(value, trim="-")


def _exemplar_attributes(pairs: Sequence[bytes]) -> Attributes:
    try:
        return read_attributes(map(KeyValue.FromString, pairs))
    except (ProtobufError, RecursionError):
        return Attributes({}, "")
