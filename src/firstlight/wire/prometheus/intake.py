"""Gathers the samples of one request, push or scrape, and the rows these refer to, into a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.batch import Batch, Rejections
from firstlight.model.staleness import STALE
from firstlight.model.tables import SAMPLES, SCHEMAS
from firstlight.wire.otlp.columns import Indices
from firstlight.wire.otlp.records import Sieve
from firstlight.wire.prometheus.book import Found, Page
from firstlight.wire.prometheus.exposition import NO_TIME, Exemplar, Exposition, Family
from firstlight.wire.remote.exemplars import exemplar_rows
from firstlight.wire.remote.histograms import Shape
from firstlight.wire.remote.times import MILLISECONDS_PER_DAY, milliseconds, refuse_times, sensible_start
from firstlight.wire.stored import Metadata, metadata_rows

Floats = npt.NDArray[np.float64]

"""Prometheus' "this series has ended": a NaN that only its bits tell from others."""


class Intake:
    """Gathers the rows of one request; `batch` returns them. Times are milliseconds since 1970.

    A sample fails alone: it is counted with its reason in `batch().rejected`. What relabelling dropped is not counted.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._items = 0
        self._rejected = Rejections()
        self._tables: dict[str, list[pa.Table]] = {}
        self._metadata: set[Metadata] = set()
        self._days: set[int] = set()
        self._unstored: dict[int, dict[int, dict[str, str]]] = {}
        self._refused: set[int] = set()

    def add_samples(self, found: Found, time: Indices, value: Floats, start: Indices | None = None) -> None:
        """Take a sample for each key of `found`; `start` is when its counter began, 0 if that is not known."""
        rows = self._kept(found, time)
        if not len(rows):
            return
        time = time[rows]
        columns = [
            pa.repeat(self._page.tenant, len(rows)),
            pa.array(found.ids[rows]),
            milliseconds(time),
            milliseconds(np.zeros(len(rows), np.int64) if start is None else sensible_start(start[rows], time)),
            pa.array(value[rows]),
        ]
        self._add("samples", pa.Table.from_arrays(columns, schema=SAMPLES))

    def add_stale(self, ids: npt.NDArray[np.uint64], time: int) -> None:
        """Take the sign that the series `ids`, which were taken before, have ended."""
        if not len(ids):
            return
        self._items += len(ids)
        columns = [
            pa.repeat(self._page.tenant, len(ids)),
            pa.array(ids),
            milliseconds(np.full(len(ids), time)),
            milliseconds(np.zeros(len(ids), np.int64)),
            pa.array(np.full(len(ids), STALE)),
        ]
        self._add("samples", pa.Table.from_arrays(columns, schema=SAMPLES))

    def add_histograms(self, found: Found, columns: pa.StructArray | None) -> None:
        """Take a native histogram for each key of `found`; `columns` are those of remote write's `Histogram`."""
        if columns is None:
            return
        floats = columns.field("count_float").is_valid().to_numpy(zero_copy_only=False)
        for kind in (False, True):
            chosen = np.flatnonzero(floats == kind)
            if not len(chosen):
                continue
            shape = Shape.of(columns.take(pa.array(chosen)), floats=kind)
            of = found if len(chosen) == len(floats) else _part(found, chosen)
            sieve = Sieve(len(chosen))
            shape.check(sieve)
            rows = self._kept(of, shape.number("timestamp"), sieve)
            if len(rows):
                shape = Shape.of(columns.take(pa.array(chosen[rows])), floats=kind)
                start = sensible_start(shape.number("start_timestamp"), shape.number("timestamp"))
                self._add("histograms", shape.rows(self._page.tenant, of.ids[rows], start))

    def add_exemplars(
        self, found: Found, time: Indices, value: Floats, labels: Sequence[Sequence[tuple[bytes, bytes]]]
    ) -> None:
        """Take an exemplar for each key of `found`. What is no good is left out: an exemplar is an ornament."""
        sieve = Sieve(len(time))
        refuse_times(sieve, time)
        rows = np.intersect1d(sieve.rows, found.rows)
        if self._refused:
            rows = rows[~_are(found, rows, self._refused)]
        if len(rows):
            chosen = [labels[row] for row in rows.tolist()]
            self._add("exemplars", exemplar_rows(self._page.tenant, found.ids[rows], time[rows], value[rows], chosen))

    def add_exposition(self, body: Exposition, now: int, *, honor_timestamps: bool = True) -> tuple[Found, Found]:
        """Take all that a body says; `now` is the time of what tells none, or whose time is not honored.

        Return the series of its samples and of its native histograms.
        """
        found, whole = self._page.find(body.keys), self._page.find(body.histogram_keys)
        self.add_families(body.families)
        times = body.times_at(now, honor=honor_timestamps)
        self.add_samples(found, times, body.values, body.starts)
        self._add_exposed(found, body.exemplars, times)
        histograms = body.histograms_at(now, honor=honor_timestamps)
        if histograms is not None:
            self.add_histograms(whole, histograms)
            self._add_exposed(whole, body.histogram_exemplars, histograms.field("timestamp").to_numpy())
        return found, whole

    def _add_exposed(self, found: Found, exemplars: Sequence[Exemplar], times: Indices) -> None:
        if exemplars:
            rows = np.array([one.row for one in exemplars])
            own = np.array([one.time for one in exemplars], np.int64)
            values = np.array([one.value for one in exemplars])
            time = np.where(own == NO_TIME, times[rows], own)
            self.add_exemplars(_part(found, rows), time, values, [one.labels for one in exemplars])

    def add_families(self, families: Iterable[Family]) -> None:
        """Take what a body tells of its families."""
        tenant = self._page.tenant
        self.add_metadata(Metadata(tenant, one.name, one.type or "unknown", one.unit, one.help) for one in families)

    def add_metadata(self, told: Iterable[Metadata], day: int | None = None) -> None:
        """Take metadata of the days that the samples have, or besides of `day`, counted from 1970."""
        self._metadata.update(told)
        if day is not None:
            self._days.add(day)

    def refuse(self, rejected: Rejections) -> None:
        """Count what was refused before it came here."""
        self._rejected += rejected

    def batch(self) -> Batch:
        """Return everything taken, with the rows of series and metadata that the store may not have yet."""
        types = {one.metric: one.type for one in self._metadata}
        for day, missing in self._unstored.items():
            self._add("series", self._page.book.series_rows(self._page.tenant, day, missing, _with_suffixes(types)))
        untold = [(day, one) for day in sorted(self._days) for one in self._page.book.untold(day, self._metadata)]
        if untold:
            self._add("metadata", metadata_rows(untold))
        tables = {kind: pa.concat_tables(self._tables[kind]) for kind in SCHEMAS if kind in self._tables}
        return Batch(tables, self._items, self._rejected)

    def _add(self, kind: str, rows: pa.Table) -> None:
        self._tables.setdefault(kind, []).append(rows)

    def _kept(self, found: Found, time: Indices, sieve: Sieve | None = None) -> Indices:
        """Return the rows to keep, having counted all and noted their series."""
        sieve = sieve or Sieve(len(time))
        refuse_times(sieve, time)
        for row, reason in found.unfit.items():
            sieve.refuse_row(reason, row)
        kept = found.places > 0 if sieve.kept is None else (found.places > 0) & sieve.kept
        rows = np.flatnonzero(kept)
        beyond: list[Indices] = []
        for day, of_day in _by_day(time, rows):
            self._days.add(day)
            news = self._page.unstored(found, day, of_day)
            if news.labels:
                self._unstored.setdefault(day, {}).update((one, dict(labels)) for one, labels in news.labels.items())
            if news.refused:
                beyond.append(of_day[_are(found, of_day, news.refused)])
                self._refused.update(news.refused)
                for row in beyond[-1].tolist():
                    sieve.refuse_row(news.refused[int(found.ids[row])], row)
        self._rejected += sieve.rejections
        if beyond:
            rows = np.setdiff1d(rows, np.concatenate(beyond), assume_unique=True)
        self._items += len(rows)
        return rows


SUFFIXES = ("_bucket", "_sum", "_count", "_total", "_info", "_created", "_gsum", "_gcount")


def _with_suffixes(types: dict[str, str]) -> dict[str, str]:
    return {family + suffix: kind for family, kind in types.items() for suffix in SUFFIXES} | types


def _part(found: Found, rows: Indices) -> Found:
    place = {row: at for at, row in enumerate(rows.tolist())}
    unfit = {place[row]: reason for row, reason in found.unfit.items() if row in place}
    keys = [found.keys[row] for row in rows.tolist()]
    return Found(keys, found.ids[rows], unfit, found.places[rows], found.memory)


def _are(found: Found, rows: Indices, ids: Collection[int]) -> npt.NDArray[np.bool_]:
    """Return which of `rows` have one of the series `ids`."""
    return np.isin(found.ids[rows], np.fromiter(ids, np.uint64, len(ids)))


def _by_day(time: Indices, rows: Indices) -> Iterator[tuple[int, Indices]]:
    if not len(rows):
        return
    days = time[rows] // MILLISECONDS_PER_DAY
    if days[0] == days[-1] and days.min() == days.max():
        yield int(days[0]), rows
        return
    for day in np.unique(days).tolist():
        yield day, rows[days == day]
