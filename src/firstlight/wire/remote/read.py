"""Remote read: requests, and the two kinds of answers to them.

Law: <https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/>. Whoever answers selects the series and
their samples; here these become bytes. `SAMPLES` is one message, compressed with snappy; `STREAMED_XOR_CHUNKS` is a
frame after the other, each with a part of one series.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final

import cramjam
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message_factory import GetMessageClass

from firstlight.errors import DecodeError, brief
from firstlight.wire.fields import varint
from firstlight.wire.otlp.columns import Indices
from firstlight.wire.prometheus.labels import Labels
from firstlight.wire.protobuf import declare
from firstlight.wire.remote.castagnoli import crc32c
from firstlight.wire.remote.chunks import XOR, parts, xor_chunk
from firstlight.wire.remote.messages import HISTOGRAM, SPAN
from firstlight.wire.remote.spans import Floats

SAMPLES_TYPE: Final = "application/x-protobuf"
STREAMED_TYPE: Final = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
MAX_FRAME: Final = 32 * 1024
"""How many bytes of chunks are in one frame, about: few enough for a quick checksum."""

MAX_QUERIES: Final = 1000

_TYPES: Final = declare(
    "firstlight.remote.read",
    {
        "ReadRequest": "queries 1 Query*; accepted_response_types 2 int32*",
        "Query": "start_timestamp_ms 1 int64; end_timestamp_ms 2 int64; matchers 3 Matcher*; hints 4 Hints",
        "Matcher": "type 1 int32; name 2 string; value 3 string",
        "Hints": """step_ms 1 int64; func 2 string; start_ms 3 int64; end_ms 4 int64; grouping 5 string*; by 6 bool;
            range_ms 7 int64""",
        "ReadResponse": "results 1 QueryResult*",
        "QueryResult": "timeseries 1 TimeSeries*",
        "TimeSeries": "labels 1 Label*; samples 2 Sample*; histograms 4 Histogram*",
        "Label": "name 1 string; value 2 string",
        "Sample": "value 1 double; timestamp 2 int64",
        "Histogram": HISTOGRAM,
        "BucketSpan": SPAN,
        "ChunkedReadResponse": "chunked_series 1 ChunkedSeries*; query_index 2 int64",
        "ChunkedSeries": "labels 1 Label*; chunks 2 Chunk*",
        "Chunk": "min_time_ms 1 int64; max_time_ms 2 int64; type 3 int32; data 4 bytes",
    },
).message_types_by_name

ReadRequestMessage: Final[Any] = GetMessageClass(_TYPES["ReadRequest"])
ReadResponseMessage: Final[Any] = GetMessageClass(_TYPES["ReadResponse"])
ChunkedMessage: Final[Any] = GetMessageClass(_TYPES["ChunkedReadResponse"])


class ResponseType(IntEnum):
    """How an answer is written."""

    SAMPLES = 0
    STREAMED_XOR_CHUNKS = 1


class MatchType(IntEnum):
    """How a label is compared."""

    EQUAL = 0
    NOT_EQUAL = 1
    MATCHES = 2
    NOT_MATCHES = 3


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label must be."""

    name: str
    type: MatchType
    value: str


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """Which series are asked for, and of which time: both ends belong to it, in milliseconds."""

    start: int
    end: int
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked for, and how the answer is wanted."""

    queries: tuple[ReadQuery, ...]
    response_type: ResponseType


@dataclass(frozen=True, slots=True)
class ReadSeries:
    """A series of an answer: labels, the metric's name among them, and samples in the order of their times.

    `histograms` are messages of remote write's `Histogram`, as keyword arguments have it, for series that have them.
    """

    labels: Labels
    time: Indices
    value: Floats
    histograms: Sequence[dict[str, Any]] = ()


def read_request(body: bytes) -> ReadRequest:
    """Return what a request, decompressed, asks for. Raise DecodeError if it cannot be read or answered."""
    try:
        found = ReadRequestMessage.FromString(body)
    except ProtobufError as error:
        raise DecodeError(f"cannot read the body as a remote read request: {error}") from None
    if len(found.queries) > MAX_QUERIES:
        raise DecodeError(f"cannot answer {len(found.queries)} queries in one request; want at most {MAX_QUERIES}")
    return ReadRequest(tuple(map(_query, found.queries)), _response_type(found.accepted_response_types))


def _query(query: Any) -> ReadQuery:
    matchers = []
    for one in query.matchers:
        if one.type not in list(MatchType):
            raise DecodeError(f"cannot match the label {brief(one.name)}: the type is {one.type}; want 0 to 3")
        matchers.append(Matcher(one.name, MatchType(one.type), one.value))
    return ReadQuery(query.start_timestamp_ms, query.end_timestamp_ms, tuple(matchers))


def _response_type(accepted: Sequence[int]) -> ResponseType:
    """Return the first type that is accepted, and known."""
    if not accepted:
        return ResponseType.SAMPLES
    for one in accepted:
        if one in list(ResponseType):
            return ResponseType(one)
    raise DecodeError(
        f"cannot answer in one of the response types {', '.join(map(str, accepted))}; "
        "want 0 (SAMPLES) or 1 (STREAMED_XOR_CHUNKS)"
    )


def samples_response(results: Iterable[Iterable[ReadSeries]]) -> bytes:
    """Return the answer to each query, in their order, as one message compressed with snappy."""
    found = ReadResponseMessage()
    for result in results:
        series_of = found.results.add().timeseries
        for series in result:
            one = series_of.add(labels=_labels(series.labels), histograms=series.histograms)
            for time, value in zip(series.time.tolist(), series.value, strict=True):
                one.samples.add(value=value, timestamp=time)
    return bytes(cramjam.snappy.compress_raw(found.SerializeToString()))


def streamed_response(results: Iterable[Iterable[ReadSeries]]) -> Iterator[bytes]:
    """Yield the frames of an answer: for each query, its series one after the other, which are sorted by labels.

    Raise DecodeError for native histograms: their chunks are not written yet.
    """
    for index, result in enumerate(results):
        for series in result:
            if series.histograms:
                raise DecodeError(
                    "cannot write native histograms as chunks: that is not supported yet; "
                    "ask for the response type SAMPLES, or for other series"
                )
            yield from _frames(series, index)


def _frames(series: ReadSeries, index: int) -> Iterator[bytes]:
    chunks: list[Any] = []
    size = 0
    edges = parts(len(series.time)).tolist()
    for start, end in pairwise(edges):
        time = series.time[start:end]
        data = xor_chunk(time, series.value[start:end])
        chunks.append({"min_time_ms": int(time[0]), "max_time_ms": int(time[-1]), "type": XOR, "data": data})
        size += len(data)
        if size > MAX_FRAME or end == edges[-1]:
            one = {"labels": _labels(series.labels), "chunks": chunks}
            yield _frame(ChunkedMessage(chunked_series=[one], query_index=index).SerializeToString())
            chunks, size = [], 0


def _frame(message: bytes) -> bytes:
    return varint(len(message)) + crc32c(message).to_bytes(4) + message


def _labels(labels: Labels) -> list[dict[str, str]]:
    return [{"name": name, "value": labels[name]} for name in sorted(labels)]
