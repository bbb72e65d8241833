"""Remote write, version 1: `prometheus.WriteRequest`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.unknown_fields import UnknownFieldSet

from firstlight.model.batch import Batch
from firstlight.wire.origins import NANOSECONDS_PER_DAY
from firstlight.wire.otlp.columns import parents
from firstlight.wire.otlp.series import Unfit
from firstlight.wire.prometheus.book import Book, Page
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.labels import NO_METRIC_NAME, Labels
from firstlight.wire.remote.chosen import choose
from firstlight.wire.remote.heads import heads_of
from firstlight.wire.remote.labels import BAD_LABEL, read_labels
from firstlight.wire.remote.messages import Reader, reader_1
from firstlight.wire.remote.metadata import read_metadata
from firstlight.wire.remote.plain import Plain, plain

MAX_SERIES: Final = 2_000_000
"""How many series are recognised; beyond that all are read again."""


@dataclass(frozen=True, slots=True)
class Write1Decoder:
    """Reads requests of version 1; what it remembers between them only saves work. Safe to use from several threads."""

    book: Book
    reader: Reader = field(default_factory=reader_1)
    pages: dict[str, Page] = field(default_factory=dict)

    def decode(self, body: bytes, *, tenant: str, now_ns: int) -> Batch:
        """Return what a WriteRequest carries; raise DecodeError if it cannot be read."""
        lengths = self.reader.outline_of(body).series
        page = self.pages.get(tenant)
        if page is None:
            page = self.pages.setdefault(tenant, self.book.page(tenant, self._read, limit=MAX_SERIES))
        intake = Intake(page)
        series = plain(body, lengths)
        rest = body if series is None else _take_plain(series, page, intake)
        if rest:
            self._take(rest, page, intake, now_ns)
        return intake.batch()

    def _take(self, body: bytes, page: Page, intake: Intake, now_ns: int) -> None:
        """Read a request column by column."""
        request = self.reader.read(body)
        told = request.column(1).flatten()
        if len(told):
            intake.add_metadata(read_metadata(page.tenant, told), now_ns // NANOSECONDS_PER_DAY)
        series = request.column(0).flatten()
        found = page.find(heads_of(series.field("labels")))
        samples = series.field("samples")
        numbers = samples.flatten()
        if len(numbers):
            time, value = (numbers.field(name).to_numpy(zero_copy_only=False) for name in ("timestamp", "value"))
            intake.add_samples(choose(found, parents(samples)), time, value)
        histograms = series.field("histograms")
        whole = histograms.flatten()
        if len(whole):
            intake.add_histograms(choose(found, parents(histograms)), whole)
        exemplars = series.field("exemplars")
        examples = exemplars.flatten()
        if len(examples):
            time, value = (examples.field(name).to_numpy(zero_copy_only=False) for name in ("timestamp", "value"))
            labels = [_pairs(one) for one in examples.field("labels")]
            intake.add_exemplars(choose(found, parents(exemplars)), time, value, labels)

    def _read(self, head: bytes) -> Labels:
        """Return the labels that a head is made of. Raise Unfit if there are others than labels in it, or bad ones."""
        try:
            series: Any = self.reader.head.FromString(head)
        except ProtobufError:
            raise Unfit(BAD_LABEL) from None
        if len(UnknownFieldSet(series)):
            raise Unfit(BAD_LABEL)
        return read_labels((one.name, one.value) for one in series.labels)


def _take_plain(series: Plain, page: Page, intake: Intake) -> bytes:
    """Take the series that are plain; return a request of the others."""
    found = page.find(series.heads)
    others = [row for row, reason in found.unfit.items() if reason in (BAD_LABEL, NO_METRIC_NAME)]
    if not others:
        intake.add_samples(found, series.time, series.value)
        return b""
    kept = np.ones(len(found.keys), np.bool_)
    kept[others] = False
    rows = np.flatnonzero(kept)
    if len(rows):
        intake.add_samples(choose(found, rows), series.time[rows], series.value[rows])
    return series.without(kept)


def _pairs(labels: pa.ListScalar) -> list[tuple[bytes, bytes]]:
    return [(one["name"], one["value"]) for one in labels.as_py()]
