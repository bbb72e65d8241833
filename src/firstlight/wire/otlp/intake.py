"""Gathers what the data points of one request become: samples, histograms, exemplars, and the rows these refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError as ProtobufError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from firstlight.model.batch import Batch, Rejections
from firstlight.model.staleness import STALE
from firstlight.model.tables import EXEMPLARS, SAMPLES
from firstlight.wire.origins import NANOSECONDS_PER_DAY, Attributes, Origin, days_of
from firstlight.wire.otlp.columns import Indices, ids, parents, times
from firstlight.wire.otlp.origins import Origins, read_attributes
from firstlight.wire.otlp.points import Floats, Ids, Points, milliseconds
from firstlight.wire.otlp.series import (
    Directory,
    Family,
    Member,
    Metric,
    Series,
    Unfit,
    series_rows,
)
from firstlight.wire.stored import metadata_rows


class Intake:
    """Gathers the rows of one request; `batch` returns them."""

    def __init__(self, tenant: str, origins: Origins, directory: Directory) -> None:
        self.tenant = tenant
        self._origins = origins
        self._directory = directory
        self._items = 0
        self._rejected = Rejections()
        self._samples: list[tuple[Ids, Indices, Indices, Floats]] = []
        self._histograms: list[pa.Table] = []
        self._exemplars: list[pa.Table] = []
        self._series: dict[tuple[int, int], Series] = {}
        self._metrics: dict[int, set[Metric]] = {}
        self._last: dict[int, tuple[Origin, int]] = {}

    # --- which series points belong to ----------------------------------------------------------------------------

    def series_of(self, points: Points) -> Ids:
        """Return the series of each point; refuse points whose series cannot be kept, which get zero."""
        keys = points.keys()
        found = self._directory.ids(keys)
        for row in [row for row, known in enumerate(found) if known is None] if None in found else ():
            found[row] = 0
            if points.sieve.keeps(row):
                try:
                    found[row] = self._directory.read(points.metric(row), points.pairs(row)).id
                except Unfit as reason:
                    points.sieve.refuse_row(str(reason), row)
                else:
                    self._directory.learn_id(keys[row], found[row] or 0)
        return np.array(found, np.uint64)

    def families_of(
        self, points: Points, ends: Callable[[int], Floats], members: Callable[[Floats], Iterator[Member]]
    ) -> list[Family | None]:
        """Return the series of each histogram or summary point; refuse those that cannot be kept, which get None.

        `ends` gives a point's bounds or quantiles, `members` what these make of it.
        """
        found: list[Family | None] = []
        for row, (code, raw) in enumerate(points.keys()):
            family = None
            if points.sieve.keeps(row):
                values = ends(row)
                key = (code, raw, values.tobytes())
                try:
                    family = self._directory.family(key) or self._directory.read_family(
                        key, points.metric(row), points.pairs(row), members(values)
                    )
                except Unfit as reason:
                    points.sieve.refuse_row(str(reason), row)
            found.append(family)
        return found

    # --- what they become -----------------------------------------------------------------------------------------

    def add_samples(self, found: Ids, time: Indices, start: Indices, value: Floats) -> None:
        """Take samples: series, times in nanoseconds, values."""
        self._samples.append((found, time, start, value))

    def add_family_samples(
        self, points: Points, families: Sequence[Family | None], start: Indices, values: Floats, edges: Indices
    ) -> None:
        """Take the samples of kept points: those of point i are `values[edges[i]:edges[i + 1]]`.

        The last but one is the sum, which a point need not have: NaN.
        """
        kept = points.sieve.rows
        if not len(kept):
            return
        lengths = np.diff(edges)
        chosen = np.repeat(np.isin(np.arange(len(points)), kept), lengths)
        found = np.concatenate([family.ids for row in kept if (family := families[row])])
        stale = np.repeat(points.stale, lengths)
        no_sum = np.zeros(int(edges[-1]), np.bool_)
        no_sum[edges[1:] - 2] = np.isnan(values[edges[1:] - 2])
        given = ~(no_sum & ~stale)[chosen]
        self.add_samples(
            found[given],
            np.repeat(points.time, lengths)[chosen][given],
            np.repeat(start, lengths)[chosen][given],
            np.where(stale, STALE, values)[chosen][given],
        )

    def add_histograms(self, table: pa.Table) -> None:
        """Take rows of `histograms`."""
        self._histograms.append(table)

    def add_exemplars(self, points: Points, series: Callable[[int, float], int]) -> None:
        """Take the exemplars of kept points that have a time and a value; `series` says whose one of a point is."""
        lists = points.columns.field("exemplars")
        examples = lists.flatten()
        if not len(examples):
            return
        point_of = parents(lists)
        time, fits = times(examples.field("time_unix_nano"))
        number = pc.coalesce(examples.field("as_double"), examples.field("as_int").cast(pa.float64(), safe=False))
        value = pc.fill_null(number, np.nan).to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(np.isin(point_of, points.sieve.rows) & fits & (time > 0) & ~np.isnan(value))
        if not len(kept):
            return
        attributes = [_attributes(pairs) for pairs in examples.field("filtered_attributes").take(kept).to_pylist()]
        columns = [
            pa.repeat(self.tenant, len(kept)),
            pa.array([series(int(point_of[row]), float(value[row])) for row in kept], pa.uint64()),
            milliseconds(time[kept].astype(np.int64)),
            pa.array(value[kept]),
            ids(examples.field("trace_id").take(kept), 16)[0],
            ids(examples.field("span_id").take(kept), 8)[0],
            pa.array([list(one.texts.items()) for one in attributes], EXEMPLARS.field("attributes").type),
            pa.array([one.types for one in attributes], pa.string()),
        ]
        self._exemplars.append(pa.Table.from_arrays(columns, schema=EXEMPLARS))

    # --- what they refer to ---------------------------------------------------------------------------------------

    def note_series(self, points: Points, found: Ids) -> None:
        """Take note of the series of kept points and of what is told of them; the points are done with that.

        Refuse points of new series that there is no room for.
        """
        for day, rows in _by_day(points):
            missing = self._directory.unstored(self.tenant, day, found[rows].tolist())
            if missing:
                refused = self._directory.refused(self.tenant, day, missing)
                first = np.sort(np.unique(found[rows], return_index=True)[1])
                new = {
                    one: self._directory.read(points.metric(row), points.pairs(row))
                    for one, row in zip(found[rows[first]].tolist(), rows[first].tolist(), strict=True)
                    if one in missing and one not in refused
                }
                refused |= self._directory.admit(self.tenant, day, [(one,) for one in new.values()])
                self._series.update(((day, one), series) for one, series in new.items() if one not in refused)
                if refused:
                    for row in rows.tolist():
                        if reason := refused.get(int(found[row])):
                            points.sieve.refuse_row(reason, row)
        self._note(points)

    def note_families(self, points: Points, families: Sequence[Family | None]) -> None:
        """Take note of the series of kept histogram or summary points; the points are done with that.

        Refuse points that have a new series that there is no room for, whole.
        """
        for day, rows in _by_day(points):
            found = {id(family): family for row in rows.tolist() if (family := families[row])}.values()
            series = {one.id: one for family in found for one in family.series}
            missing = self._directory.unstored(self.tenant, day, series)
            if not missing:
                continue
            refused = self._directory.refused(self.tenant, day, {family.base.id for family in found})
            new = [family.series for family in found if family.base.id not in refused]
            refused |= self._directory.admit(
                self.tenant, day, [group for group in new if not missing.isdisjoint(one.id for one in group)]
            )
            for row in rows.tolist() if refused else ():
                if (family := families[row]) and (reason := refused.get(family.base.id)):
                    points.sieve.refuse_row(reason, row)
            for group in new:
                if group[0].id not in refused:
                    self._series.update(((day, one.id), one) for one in group if one.id in missing)
        self._note(points)

    def _note(self, points: Points) -> None:
        """Count points, and take note of the metrics and origins of those that are kept."""
        rejections = points.sieve.rejections
        self._rejected += rejections
        self._items += len(points) - rejections.total
        for day, rows in _by_day(points):
            last = int(points.time[rows].max())
            for place in np.unique(points.metric_of[rows]).tolist():
                metric = points.metrics[place]
                if isinstance(metric, Metric):
                    self._metrics.setdefault(day, set()).add(metric)
                    origin = metric.origin
                    self._last[origin.id] = (origin, max(last, self._last.get(origin.id, (origin, 0))[1]))

    # --- the end --------------------------------------------------------------------------------------------------

    def batch(self) -> Batch:
        """Return everything taken, with the rows of origins, series and metadata that the store may not have yet."""
        if not self._items:
            return Batch({}, 0, self._rejected)
        self._note_targets()
        days = sorted(self._metrics)
        untold = [(day, one) for day in days for one in self._directory.untold(day, self._metrics[day])]
        columns = [np.concatenate(column) for column in zip(*self._samples, strict=True)]
        tables: Mapping[str, pa.Table | None] = {
            "origins": self._origins.rows(self.tenant, [origin for origin, _ in self._last.values()], days),
            "series": series_rows((day, one) for (day, _), one in self._series.items()) if self._series else None,
            "metadata": metadata_rows(untold) if untold else None,
            "samples": self._sample_rows(*columns) if columns else None,
            "histograms": pa.concat_tables(self._histograms) if self._histograms else None,
            "exemplars": pa.concat_tables(self._exemplars) if self._exemplars else None,
        }
        return Batch({kind: table for kind, table in tables.items() if table}, self._items, self._rejected)

    def _note_targets(self) -> None:
        """Take a `target_info` sample for each resource, as late as its last point."""
        last: dict[int, tuple[Series, int]] = {}
        for origin, time in self._last.values():
            target = self._directory.target(self.tenant, origin)
            if target is not None:
                last[target.id] = (target, max(time, last.get(target.id, (target, 0))[1]))
        for target, time in last.values():
            day = time // NANOSECONDS_PER_DAY
            if self._directory.unstored(self.tenant, day, [target.id]):
                if self._directory.admit(self.tenant, day, [(target,)]):
                    continue  # the sender knows of no such point, so it is not told
                self._series[day, target.id] = target
            self._metrics.setdefault(day, set()).add(target.metric)
            self.add_samples(np.array([target.id], np.uint64), np.array([time]), np.zeros(1, np.int64), np.ones(1))

    def _sample_rows(self, found: Ids, time: Indices, start: Indices, value: Floats) -> pa.Table:
        columns = [
            pa.repeat(self.tenant, len(found)),
            pa.array(found),
            milliseconds(time),
            milliseconds(start),
            pa.array(value),
        ]
        return pa.Table.from_arrays(columns, schema=SAMPLES)


def _attributes(pairs: Sequence[bytes]) -> Attributes:
    try:
        return read_attributes(map(KeyValue.FromString, pairs))
    except (ProtobufError, RecursionError):
        # What cannot be read of an ornament does not cost the exemplar.
        return Attributes({}, "")


def _by_day(points: Points) -> Iterator[tuple[int, Indices]]:
    """Yield the days of the points that are kept, each with their rows."""
    kept = points.sieve.rows
    time = points.time[kept]
    for day in days_of(time):
        yield day, kept[time // NANOSECONDS_PER_DAY == day]
