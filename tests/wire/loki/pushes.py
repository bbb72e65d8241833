"""Pushes as tests write them, and what a batch holds as they read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from firstlight.model.batch import Batch
from firstlight.wire.logs.book import LogBook
from firstlight.wire.loki.intake import PushIntake
from firstlight.wire.loki.json_push import read_push
from firstlight.wire.loki.limits import PushLimits
from firstlight.wire.loki.protobuf import ProtobufPushes
from firstlight.wire.loki.push import Push

SECOND = 10**9
NOW = 1_795_206_600 * SECOND

Entry = tuple[Mapping[str, str], int, str, Mapping[str, str]]
"""Labels, time, line, structured metadata."""


def in_json(*streams: tuple[Mapping[str, str], Sequence[Any]]) -> bytes:
    """Return a push in JSON."""
    return json.dumps({"streams": [{"stream": labels, "values": values} for labels, values in streams]}).encode()


def in_protobuf(*streams: tuple[str | bytes, Iterable[tuple[int, str | bytes, Mapping[str, str]]]]) -> bytes:
    """Return a push in protobuf: labels as text, and of each entry time, line and metadata."""
    request: Any = ProtobufPushes().reader.request()
    for labels, entries in streams:
        stream = request.streams.add(labels=_bytes(labels))
        for time_ns, line, metadata in entries:
            entry = stream.entries.add(line=_bytes(line))
            entry.timestamp.seconds, entry.timestamp.nanos = divmod(time_ns, SECOND)
            for name, value in metadata.items():
                entry.metadata.add(name=name.encode(), value=value.encode())
    found: bytes = request.SerializeToString()
    return found


def taken(push: Push | bytes, limits: PushLimits | None = None, cut: list[int] | None = None) -> Batch:
    """Return the batch that a push comes to."""
    counts: list[int] = [] if cut is None else cut
    intake = PushIntake(LogBook(), limits, counts.append)
    return intake.batch(read_push(push) if isinstance(push, bytes) else push, tenant="t", now_ns=NOW)


def entries(batch: Batch) -> list[Entry]:
    """Return the entries of a batch."""
    if "logs" not in batch.tables:
        return []
    labels = {row["origin_id"]: dict(row["labels"]) for row in batch.tables["origins"].to_pylist()}
    rows = batch.tables["logs"]
    times = rows["ts"].cast("int64").to_pylist()
    return [
        (labels[row["origin_id"]], time, row["body"], dict(row["attributes"]))
        for time, row in zip(times, rows.to_pylist(), strict=True)
    ]


def refused(batch: Batch) -> dict[str, int]:
    """Return what was refused of a batch, by reason."""
    return dict(batch.rejected.counts)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
