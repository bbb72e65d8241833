"""Expositions that are pushed: text, OpenMetrics or protobuf, read whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from firstlight.errors import DecodeError, brief
from firstlight.model.batch import Batch
from firstlight.wire.prometheus.book import Book, Found, Page
from firstlight.wire.prometheus.exposition import NO_TIME, Exemplar, Exposition
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.protobuf import ProtobufReader
from firstlight.wire.prometheus.reader import TextReader
from firstlight.wire.remote.chosen import choose
from firstlight.wire.stored import Metadata

TEXT: Final = "text/plain"
OPENMETRICS: Final = "application/openmetrics-text"
PROTOBUF: Final = "application/vnd.google.protobuf"
MESSAGE: Final = "io.prometheus.client.MetricFamily"


def read_exposition(
    book: Book, tenant: str, body: bytes, content_type: str, parameters: Mapping[str, str], *, native: bool = True
) -> tuple[Page, Exposition]:
    """Return what a body says, and the page that knows its series. Raise DecodeError if it cannot be read.

    What is neither OpenMetrics nor protobuf is read as text, whatever it is called: that is what clients mean.
    """
    reader: TextReader | ProtobufReader
    if content_type == PROTOBUF:
        if parameters.get("proto", MESSAGE) != MESSAGE or parameters.get("encoding", "delimited") != "delimited":
            found = brief(";".join(f"{name}={value}" for name, value in parameters.items()))
            raise DecodeError(f"cannot read the protobuf of {found}; want proto={MESSAGE};encoding=delimited")
        reader = ProtobufReader(book, tenant, native=native)
    else:
        reader = TextReader(book, tenant, openmetrics=content_type == OPENMETRICS)
    return reader.page, reader.read(body)


def batch_of(page: Page, told: Exposition, now_ms: int) -> Batch:
    """Return all samples of an exposition; those without a time are of `now_ms`."""
    intake = Intake(page)
    intake.add_metadata(Metadata(page.tenant, one.name, one.type, one.unit, one.help) for one in told.families)
    found = page.find(told.keys)
    if told.keys:
        intake.add_samples(found, told.times_at(now_ms), told.values, told.starts)
    whole = page.find(told.histogram_keys)
    if told.histograms is not None:
        intake.add_histograms(whole, told.histograms)
    for series, exemplars in ((found, told.exemplars), (whole, told.histogram_exemplars)):
        _add_exemplars(intake, series, exemplars, now_ms)
    return intake.batch()


def _add_exemplars(intake: Intake, found: Found, exemplars: tuple[Exemplar, ...], now_ms: int) -> None:
    if exemplars:
        times = np.array([now_ms if one.time == NO_TIME else one.time for one in exemplars], np.int64)
        values = np.array([one.value for one in exemplars], np.float64)
        rows = np.array([one.row for one in exemplars], np.int64)
        intake.add_exemplars(choose(found, rows), times, values, [one.labels for one in exemplars])
