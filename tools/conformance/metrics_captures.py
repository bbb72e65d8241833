"""Metrics that real clients pushed: what we make of their bytes is what is in them.

A capture is a file of bytes beside a JSON file that tells how they came. Remote write is held against what the official
protobuf library reads; of the others all must be taken, and something must come of it.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pyarrow as pa

from firstlight.http.decompress import decompress
from firstlight.ingest.influx import Influx
from firstlight.ingest.pushgateway.keeper import Keeper
from firstlight.ingest.pushgateway.receiver import Pushgateway
from firstlight.ingest.receiver import Context, Receiver, Reply
from firstlight.ingest.remote_write import DEFAULT_ENCODING, RemoteWrite
from firstlight.model.batch import Batch
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.statsd import UNSUPPORTED_CHECK, UNSUPPORTED_EVENT, Statsd
from firstlight.wire.remote.decoder import RemoteWriteDecoder
from firstlight.wire.remote.messages import reader_1, reader_2
from tools.conformance.case import Case, expect

LIMIT = 64 * 1024 * 1024
NOW_NS = 1_780_000_000_000_000_000

Row = tuple[str, tuple[tuple[str, str], ...], int, int]
"""Metric, labels, time, and the bits of the value."""


def remote_write_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each write request: its samples are those that the official library reads."""
    for path, told in _captures(folder):
        yield Case(path.name, partial(_same_samples, path, told))


def pushgateway_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each push to a group: all of it is taken."""
    with tempfile.TemporaryDirectory() as directory:
        receiver = Pushgateway(Keeper(Book(), Path(directory) / "groups.json", lambda: NOW_NS))
        for path, told in _captures(folder):
            yield Case(path.name, partial(_taken, receiver, path, told))


def influx_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each body of lines: all of it is taken."""
    receiver = Influx(Book())
    for path, told in _captures(folder):
        yield Case(path.name, partial(_taken, receiver, path, told))


def statsd_cases(folder: Path) -> Iterator[Case]:
    """Yield a case for each datagram: it is taken, or named as what is not supported."""
    for path in sorted(folder.glob("*.bin")):
        yield Case(path.name, partial(_added_up, path))


def _captures(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for path in sorted(folder.glob("*.bin")):
        yield path, json.loads(path.with_suffix(".json").read_text())


def _received(receiver: Receiver[Reply], path: Path, told: Mapping[str, Any]) -> tuple[bytes, Context, Batch]:
    headers = {name.lower(): value for name, value in told["headers"].items()}
    media, *rest = headers.get("content-type", "").split(";")
    parameters = dict(one.strip().split("=", 1) for one in rest if "=" in one)
    parts = urlsplit(told["path"])
    context = Context(
        "default", NOW_NS, media.strip().lower(), parameters, told["method"], parts.path, dict(parse_qsl(parts.query))
    )
    encoding = headers.get("content-encoding", "")
    if not encoding and receiver.name == "remote_write":
        encoding = DEFAULT_ENCODING
    body = decompress(path.read_bytes(), encoding, limit=LIMIT, grow=lambda size: None)
    batch = receiver.decode(body, context)
    expect(batch.rejected.message, "", of="what was refused")
    expect(receiver.reply(batch, context).status in (200, 202, 204), True, of="that all of it was accepted")
    return body, context, batch


def _taken(receiver: Receiver[Reply], path: Path, told: Mapping[str, Any]) -> None:
    _, _, batch = _received(receiver, path, told)
    expect(batch.items > 0, True, of="that samples came of it")


def _added_up(path: Path) -> None:
    statsd = Statsd()
    taken = statsd.take(path.read_bytes(), NOW_NS // 1_000_000)
    unsupported = sum(statsd.refused.get(reason, 0) for reason in (UNSUPPORTED_EVENT, UNSUPPORTED_CHECK))
    expect(sum(statsd.refused.values()), unsupported, of=f"what was refused ({statsd.refused})")
    samples, _ = statsd.flush("default", NOW_NS // 1_000_000)
    expect(bool(samples) or bool(unsupported), bool(taken) or bool(unsupported), of="that samples came of it")


def _same_samples(path: Path, told: Mapping[str, Any]) -> None:
    body, context, batch = _received(RemoteWrite(RemoteWriteDecoder(Book())), path, told)
    wanted = _wanted_2(body) if "v2" in context.parameters.get("proto", "") else _wanted_1(body)
    expect(Counter(_found(batch)), Counter(wanted), of="the samples")


def _wanted_1(body: bytes) -> Iterator[Row]:
    reader = reader_1()
    request: Any = reader.request.FromString(body)
    for series in request.timeseries:
        head: Any = reader.head(labels=[])
        for label in series.labels:
            head.labels.add().MergeFromString(label)
        yield from _rows({one.name.decode(): one.value.decode() for one in head.labels}, series.samples)


def _wanted_2(body: bytes) -> Iterator[Row]:
    request: Any = reader_2().request.FromString(body)
    texts = [text.decode() for text in request.symbols]
    for series in request.timeseries:
        refs = [texts[place] for place in series.labels_refs]
        yield from _rows(dict(zip(refs[::2], refs[1::2], strict=True)), series.samples)


def _rows(labels: dict[str, str], samples: Any) -> Iterator[Row]:
    name = labels.pop("__name__")
    for one in samples:
        yield name, tuple(sorted(labels.items())), one.timestamp, int(np.float64(one.value).view(np.uint64))


def _found(batch: Batch) -> Iterator[Row]:
    if "samples" not in batch.tables:
        return
    series = {row["series_id"]: row for row in batch.tables["series"].to_pylist()}
    table = batch.tables["samples"]
    columns = (
        table["series_id"].to_pylist(),
        table["ts"].cast(pa.int64()).to_pylist(),
        table["value"].to_numpy().view(np.uint64).tolist(),
    )
    for one, time, bits in zip(*columns, strict=True):
        yield series[one]["metric"], tuple(sorted(series[one]["labels"])), time, bits
