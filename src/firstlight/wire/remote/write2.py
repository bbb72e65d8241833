"""Remote write, version 2: `io.prometheus.write.v2.Request`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.model.batch import Batch
from firstlight.model.series import METRIC_BITS
from firstlight.wire.otlp.columns import Indices, parents
from firstlight.wire.prometheus.book import Book, Found, Page
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.labels import METRIC_NAME, Labels
from firstlight.wire.remote.chosen import choose
from firstlight.wire.remote.labels import read_labels
from firstlight.wire.remote.messages import Reader, reader_2
from firstlight.wire.remote.metadata import type_of
from firstlight.wire.remote.symbols import Labelled, Symbols
from firstlight.wire.remote.write1 import MAX_SERIES
from firstlight.wire.stored import Metadata


@dataclass(frozen=True, slots=True)
class Write2Decoder:
    """Reads requests of version 2; what it remembers between them only saves work. Safe to use from several threads."""

    book: Book
    reader: Reader = field(default_factory=reader_2)
    pages: dict[str, Page] = field(default_factory=dict)

    def decode(self, body: bytes, *, tenant: str) -> Batch:
        """Return what a Request carries; raise DecodeError if it cannot be read."""
        outline = self.reader.outline_of(body)
        request = self.reader.read(body, outline)
        symbols = Symbols(outline.others)
        series = request.column(0).flatten()
        page = self.pages.get(tenant)
        if page is None:
            page = self.pages.setdefault(tenant, self.book.page(tenant, _read, limit=MAX_SERIES))
        intake = Intake(page)
        created = series.field("created_timestamp").to_numpy()
        found = page.find(symbols.keys(series.field("labels_refs")))
        intake.add_metadata(_metadata(tenant, found, series.field("metadata"), symbols))
        samples = series.field("samples")
        numbers = samples.flatten()
        if len(numbers):
            of = parents(samples)
            time, value = (numbers.field(name).to_numpy() for name in ("timestamp", "value"))
            intake.add_samples(choose(found, of), time, value, _started(numbers, created[of]))
        histograms = series.field("histograms")
        whole = histograms.flatten()
        if len(whole):
            of = parents(histograms)
            start = _started(whole, created[of])
            intake.add_histograms(choose(found, of), _with_start(whole, start))
        exemplars = series.field("exemplars")
        examples = exemplars.flatten()
        if len(examples):
            time, value = (examples.field(name).to_numpy() for name in ("timestamp", "value"))
            labels = [symbols.sound_pairs(one.as_py()) for one in examples.field("labels_refs")]
            intake.add_exemplars(choose(found, parents(exemplars)), time, value, labels)
        return intake.batch()


def _read(key: bytes) -> Labels:
    assert isinstance(key, Labelled), "keys are looked at one by one to be read"
    return read_labels(key.pairs())


def _started(columns: pa.StructArray, created: Indices) -> Indices:
    """Return when series began: as samples say, or else the series, as in release candidates of the specification."""
    start: Indices = columns.field("start_timestamp").to_numpy()
    return np.where(start > 0, start, created)


def _with_start(columns: pa.StructArray, start: Indices) -> pa.StructArray:
    names = [one.name for one in columns.type]
    fields = [pa.array(start) if name == "start_timestamp" else columns.field(name) for name in names]
    return pa.StructArray.from_arrays(fields, names)


def _metadata(tenant: str, found: Found, told: pa.StructArray, symbols: Symbols) -> Iterator[Metadata]:
    """Yield what series say of their metrics; that the series of one metric say the same is seen before it is read."""
    kinds, helps, units = (
        pc.fill_null(told.field(name), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        for name in ("type", "help_ref", "unit_ref")
    )
    rows = np.flatnonzero(((kinds != 0) | (helps != 0) | (units != 0)) & (found.places > 0))
    if not len(rows):
        return
    # The first bits of an id say the metric.
    metrics = (found.ids[rows] >> np.uint64(64 - METRIC_BITS)).astype(np.int64)
    mixed = ((metrics * 31 + kinds[rows]) * (len(symbols.texts) + 1) + helps[rows]) * (len(symbols.texts) + 1)
    for row in rows[np.unique(mixed + units[rows], return_index=True)[1]].tolist():
        yield Metadata(
            tenant,
            _read(found.keys[row])[METRIC_NAME],
            type_of(int(kinds[row])),
            symbols.text(int(units[row])),
            symbols.text(int(helps[row])),
        )
