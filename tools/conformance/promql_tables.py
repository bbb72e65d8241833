"""Series of language tests as the tables in which a server stores them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.model.batch import Batch
from firstlight.model.series import series_id
from firstlight.model.tables import HISTOGRAMS, SAMPLES
from firstlight.query.promql.histogram import Histogram
from firstlight.query.promql.histogram_columns import to_columns
from firstlight.query.promql.labels import NAME
from firstlight.query.promql.values import Labels
from firstlight.wire.prometheus.book import Book
from tools.conformance.promql_memory import Sample

DAY_MS: Final = 86_400_000

Worlds = Mapping[str, Mapping[Labels, Mapping[int, Sample]]]
"""Series with their samples by time, for each tenant."""


def stored(worlds: Worlds) -> Batch:
    """Return what several tenants store, as one request."""
    rows = list(_rows(worlds))
    floats = [row for row in rows if not isinstance(row[3], Histogram)]
    histograms = [row for row in rows if isinstance(row[3], Histogram)]
    tables = {"series": pa.concat_tables(_series(worlds))}
    if floats:
        columns = [*_common(floats), pa.array([row[3] for row in floats], pa.float64())]
        tables["samples"] = pa.Table.from_arrays(columns, schema=SAMPLES)
    if histograms:
        tables["histograms"] = _histograms(histograms)
    return Batch(tables, items=len(floats) + len(histograms))


_Row = tuple[str, int, int, float | Histogram, int]
"""Tenant, series, time, value, and when the counter began."""


def _rows(worlds: Worlds) -> Iterator[_Row]:
    for tenant, series in worlds.items():
        for labels, samples in series.items():
            own = _id(labels)
            for time, (value, start) in sorted(samples.items()):
                yield tenant, own, time, value, start


def _series(worlds: Worlds) -> Iterator[pa.Table]:
    book = Book()
    yield book.series_rows("", 0, {})
    for tenant, series in worlds.items():
        for day in sorted({time // DAY_MS for samples in series.values() for time in samples}):
            found = {
                _id(labels): {NAME: "", **dict(labels)}
                for labels, samples in series.items()
                if any(time // DAY_MS == day for time in samples)
            }
            yield book.series_rows(tenant, day, found)


def _id(labels: Labels) -> int:
    named = dict(labels)
    return series_id(named.pop(NAME, ""), named)


def _common(rows: Iterable[_Row]) -> list[pa.Array]:
    """Return the columns that floats and histograms begin with."""
    tenants, ids, times, _, starts = zip(*rows, strict=True)
    return [pa.array(tenants), pa.array(ids, pa.uint64()), _milliseconds(times), _milliseconds(starts)]


def _milliseconds(times: Iterable[int]) -> pa.Array:
    return pa.array(np.fromiter(times, np.int64)).cast(pa.timestamp("ms"))


def _histograms(rows: list[_Row]) -> pa.Table:
    found = to_columns([row[3] for row in rows if isinstance(row[3], Histogram)])
    columns = dict(zip(HISTOGRAMS.names, _common(rows), strict=False)) | found
    nothing = pa.array(np.full(len(rows), np.nan))
    return pa.Table.from_arrays([columns.get(name, nothing) for name in HISTOGRAMS.names], schema=HISTOGRAMS)
