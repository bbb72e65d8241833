"""The requests of remote write, as they are read: wire-compatible with Prometheus' own, shaped for columns.

Texts are declared as bytes, so that one that is not UTF-8 costs one series and not the request. The labels of version 1
are bytes whole: the same ones come with every request, and are recognised without being read.

Law: <https://prometheus.io/docs/specs/prw/remote_write_spec/> and `…_2_0/`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from ptars import HandlerPool

from firstlight.errors import DecodeError
from firstlight.wire.otlp.soundness import HARMLESS, LENGTH_BEYOND_MEMORY
from firstlight.wire.otlp.split import DENSEST, SPARE
from firstlight.wire.protobuf import declare

HISTOGRAM: Final = """count_int 1 uint64 oneof:count; count_float 2 double oneof:count; sum 3 double;
    schema 4 sint32; zero_threshold 5 double; zero_count_int 6 uint64 oneof:zero_count;
    zero_count_float 7 double oneof:zero_count; negative_spans 8 BucketSpan*; negative_deltas 9 sint64*;
    negative_counts 10 double*; positive_spans 11 BucketSpan*; positive_deltas 12 sint64*; positive_counts 13 double*;
    reset_hint 14 int32; timestamp 15 int64; custom_values 16 double*; start_timestamp 17 int64"""

SPAN: Final = "offset 1 sint32; length 2 uint32"

VERSION_1: Final = {
    "WriteRequest": "timeseries 1 TimeSeries*; metadata 3 MetricMetadata*",
    "Columns": "timeseries 1 TimeSeries*; metadata 3 MetricMetadata*",
    "TimeSeries": "labels 1 bytes*; samples 2 Sample*; exemplars 3 Exemplar*; histograms 4 Histogram*",
    "Sample": "value 1 double; timestamp 2 int64",
    "Exemplar": "labels 1 Label*; value 2 double; timestamp 3 int64",
    "Label": "name 1 bytes; value 2 bytes",
    "Histogram": HISTOGRAM,
    "BucketSpan": SPAN,
    "MetricMetadata": "type 1 int32; metric_family_name 2 bytes; help 4 bytes; unit 5 bytes",
    "Head": "labels 1 Label*",
    "Outline": "series 1 bytes*; others 3 bytes*",
}
"""`prometheus.WriteRequest`."""

VERSION_2: Final = {
    "Request": "symbols 4 bytes*; timeseries 5 TimeSeries*",
    "Columns": "timeseries 5 TimeSeries*",
    "TimeSeries": """labels_refs 1 uint32*; samples 2 Sample*; histograms 3 Histogram*; exemplars 4 Exemplar*;
        metadata 5 Metadata; created_timestamp 6 int64""",
    "Sample": "value 1 double; timestamp 2 int64; start_timestamp 3 int64",
    "Exemplar": "labels_refs 1 uint32*; value 2 double; timestamp 3 int64",
    "Metadata": "type 1 int32; help_ref 3 uint32; unit_ref 4 uint32",
    "Histogram": HISTOGRAM,
    "BucketSpan": SPAN,
    "Head": "labels_refs 1 uint32*",
    "Outline": "series 5 bytes*; others 4 bytes*",
}
"""`io.prometheus.write.v2.Request`; the created timestamp of a series is that of its release candidates."""


@dataclass(frozen=True, slots=True)
class Outline:
    """How long the series of a request are, and its other parts: symbols, or metadata."""

    series: npt.NDArray[np.int64]
    others: list[bytes]

    def may_harm(self, body: bytes) -> bool:
        """Say whether the official library must look first, for the reasons that `wire.otlp.soundness` gives."""
        if len(body) <= HARMLESS:
            return False
        sizes = np.concatenate([self.series, _lengths(self.others)])
        # What is in no part is unknown to us, and may be a group in a group.
        return int(sizes.max(initial=0)) > HARMLESS or int(sizes.sum()) + 6 * len(sizes) + HARMLESS < len(body)


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns the bytes of one request into nested Arrow columns."""

    name: str
    request: type[Message]
    outline: type[Message]
    head: type[Message]
    """Of a series, its labels and nothing else."""
    handler: Any

    def outline_of(self, body: bytes) -> Outline:
        """Return the outline of a request. Raise DecodeError if it is malformed, or full of nothing."""
        try:
            found: Any = self.outline.FromString(body)
        except ProtobufError as error:
            raise self._unreadable(error) from None
        series = _lengths(found.series)
        if len(series) > len(body) // DENSEST + SPARE:
            raise self._unreadable(
                f"it is made of series nearly empty; want {DENSEST} bytes a series or more on average"
            )
        return Outline(series, list(found.others))

    def read(self, body: bytes, outline: Outline | None = None) -> pa.RecordBatch:
        """Return the request as one row. Raise DecodeError if it is malformed."""
        try:
            if LENGTH_BEYOND_MEMORY.to_bytes(4) in body or (outline or self.outline_of(body)).may_harm(body):
                self.request.FromString(body)
            found: pa.RecordBatch = self.handler.list_to_record_batch([body])
        except (ProtobufError, ValueError) as error:
            raise self._unreadable(error) from None
        return found

    def _unreadable(self, reason: object) -> DecodeError:
        return DecodeError(f"cannot read the body as a {self.name}: {reason}")


def _lengths(parts: Collection[bytes]) -> npt.NDArray[np.int64]:
    return np.fromiter(map(len, parts), np.int64, len(parts))


def reader_1() -> Reader:
    """Return the reader of version 1."""
    return _reader("remote write request (prometheus.WriteRequest)", VERSION_1, "WriteRequest")


def reader_2() -> Reader:
    """Return the reader of version 2."""
    return _reader("remote write request (io.prometheus.write.v2.Request)", VERSION_2, "Request")


def _reader(name: str, messages: dict[str, str], request: str) -> Reader:
    file = declare(f"firstlight.remote.{request.lower()}", messages)
    types = file.message_types_by_name
    handler = HandlerPool([file]).get_for_message(types["Columns"])
    return Reader(
        name,
        request=GetMessageClass(types[request]),
        outline=GetMessageClass(types["Outline"]),
        head=GetMessageClass(types["Head"]),
        handler=handler,
    )
