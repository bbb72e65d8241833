"""Results of LogQL as JSON, in the forms and with the texts that Loki has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import orjson

from firstlight.api.loki.endpoint import CATEGORIZE
from firstlight.query.logql.result import (
    Answered,
    Entry,
    Matrix,
    Result,
    ScalarResult,
    Series,
    Stream,
    Streams,
    VectorResult,
)
from firstlight.query.logql.stats import Stats

MILLISECOND: Final = 10**6


def result_type(result: Result) -> str:
    """Return what an answer calls the type of a result."""
    match result:
        case Streams():
            return "streams"
        case Matrix():
            return "matrix"
        case VectorResult():
            return "vector"
        case ScalarResult():
            return "scalar"


def data_of(answered: Answered, *, categorized: bool = False) -> Iterator[bytes]:
    """Yield the `data` of an answer, in pieces."""
    yield b'{"resultType":"' + result_type(answered.result).encode() + b'",'
    if categorized:
        yield b'"encodingFlags":["' + CATEGORIZE.encode() + b'"],'
    yield b'"result":'
    yield from rendered(answered.result, categorized=categorized)
    yield b',"stats":' + orjson.dumps(stats_json(answered.stats)) + b"}"


def rendered(result: Result, *, categorized: bool = False) -> Iterator[bytes]:
    """Yield a result as the `result` of an answer."""
    match result:
        case Streams():
            yield from _listed(stream_json(one, categorized=categorized) for one in result.streams)
        case Matrix():
            yield from _listed(map(_series, result.series))
        case VectorResult():
            time = second(result.time)
            yield from _listed(
                b'{"metric":'
                + orjson.dumps(dict(one.labels))
                + b',"value":['
                + time
                + b',"'
                + number(one.value)
                + b'"]}'
                for one in result.samples
            )
        case ScalarResult():
            # Loki says the time of a scalar in milliseconds, unlike all others, and clients know it so.
            yield b"[" + str(result.time // MILLISECOND).encode() + b',"' + number(result.value) + b'"]'


def stream_json(stream: Stream, *, categorized: bool = False) -> bytes:
    """Return a stream and its lines."""
    values: list[Any]
    if categorized:
        values = [(str(entry.ts), entry.line, _categories(entry)) for entry in stream.entries]
    else:
        values = [(str(entry.ts), entry.line) for entry in stream.entries]
    return orjson.dumps({"stream": dict(sorted(stream.labels.items())), "values": values})


def _categories(entry: Entry) -> Mapping[str, Any]:
    found = {}
    if entry.metadata:
        found["structuredMetadata"] = dict(sorted(entry.metadata.items()))
    if entry.parsed:
        found["parsed"] = dict(sorted(entry.parsed.items()))
    return found


def _series(series: Series) -> bytes:
    pairs = zip(series.times.tolist(), series.values.tolist(), strict=True)
    values = b",".join(b"[" + second(time) + b',"' + number(value) + b'"]' for time, value in pairs)
    return b'{"metric":' + orjson.dumps(dict(series.labels)) + b',"values":[' + values + b"]}"


def second(time_ns: int) -> bytes:
    """Return a time in seconds, with as many of its milliseconds as it has.

    >>> second(1795206599999000000)
    b'1795206599.999'
    """
    whole, part = divmod(time_ns // MILLISECOND, 1000)
    return f"{whole}.{part:03}".rstrip("0").encode() if part else str(whole).encode()


def number(value: float) -> bytes:
    """Return the value of a sample: its shortest digits, and never an exponent.

    >>> number(1e21), number(0.5), number(float("-inf"))
    (b'1000000000000000000000', b'0.5', b'-Inf')
    """
    if value == int(value) if np.isfinite(value) and abs(value) < 2**53 else False:
        return b"-0" if value == 0 and np.signbit(value) else str(int(value)).encode()
    if not np.isfinite(value):
        return b"NaN" if np.isnan(value) else b"+Inf" if value > 0 else b"-Inf"
    return np.format_float_positional(value, trim="-").encode()


def _listed(items: Iterable[bytes]) -> Iterator[bytes]:
    mark = b"["
    for item in items:
        yield mark + item
        mark = b","
    yield b"]" if mark == b"," else b"[]"


def stats_json(stats: Stats) -> dict[str, Any]:
    """Return what a query took, by the names of Loki's statistics. All that is read is read from the store."""
    seconds = sum(stats.seconds.values())
    waited = stats.seconds.get("wait", 0.0)
    nothing = {"compressedBytes": 0, "decompressedBytes": 0, "decompressedLines": 0}
    return {
        "summary": {
            "bytesProcessedPerSecond": _rate(stats.bytes, seconds),
            "linesProcessedPerSecond": _rate(stats.lines, seconds),
            "totalBytesProcessed": stats.bytes,
            "totalLinesProcessed": stats.lines,
            "execTime": max(seconds - waited, 0.0),
            "queueTime": waited,
            "subqueries": 0,
            "totalEntriesReturned": stats.entries,
            "splits": 0,
            "shards": 0,
            "totalPostFilterLines": stats.entries,
            "totalStructuredMetadataBytesProcessed": 0,
        },
        "querier": {
            "store": {
                "totalChunksRef": stats.streams,
                "totalChunksDownloaded": stats.streams,
                "chunksDownloadTime": 0,
                "chunk": {**nothing, "decompressedBytes": stats.bytes, "decompressedLines": stats.lines},
            }
        },
        "ingester": {
            "totalReached": 0,
            "totalChunksMatched": 0,
            "totalBatches": 0,
            "totalLinesSent": 0,
            "store": {"totalChunksRef": 0, "totalChunksDownloaded": 0, "chunksDownloadTime": 0, "chunk": nothing},
        },
    }


def _rate(count: int, seconds: float) -> int:
    return int(count / seconds) if seconds else 0
