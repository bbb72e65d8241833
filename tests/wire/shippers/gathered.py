"""What came of bytes, as plain values that a table can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from firstlight.model.batch import Batch
from firstlight.wire.logs.book import LogBook
from firstlight.wire.shippers.dialogue import Dialogue
from firstlight.wire.shippers.gathering import Gathered, Gathering, Record

NOW = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z."""


@dataclass(slots=True)
class Told:
    """What several batches hold."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    altered: dict[str, int] = field(default_factory=dict)
    answers: bytes = b""

    def add(self, gathered: Gathered) -> None:
        """Take in one more batch."""
        self.rows += rows_of(gathered.batch)
        for reason, count in gathered.batch.rejected.counts.items():
            self.refused[reason] = self.refused.get(reason, 0) + count
        for what, count in gathered.altered.items():
            self.altered[what] = self.altered.get(what, 0) + count

    def column(self, name: str) -> list[Any]:
        """Return one column of the rows."""
        return [row[name] for row in self.rows]


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    """Return the records of a batch; times are 0 where none was given."""
    if "logs" not in batch.tables:
        return []
    origins = {row["origin_id"]: row for row in batch.tables["origins"].to_pylist()}
    return [_row(row, origins) for row in batch.tables["logs"].to_pylist()]


def _row(row: dict[str, Any], origins: dict[int, dict[str, Any]]) -> dict[str, Any]:
    given = row["ts"] != row["observed_ts"]
    return {
        "body": row["body"],
        "ts": row["ts"].value if given else 0,
        "severity": row["severity"],
        "word": row["severity_text"],
        "resource": dict(origins[row["origin_id"]]["resource"]),
        "attributes": dict(row["attributes"]),
        "types": row["attribute_types"],
        "trace": row["trace_id"].hex().strip("0"),
        "span": row["span_id"].hex().strip("0"),
    }


def told(fill: Callable[[Gathering], None]) -> Told:
    """Return what is gathered by `fill`."""
    gathering, found = Gathering(LogBook()), Told()
    fill(gathering)
    found.add(gathering.drain("default", NOW))
    return found


def told_record(record: Record | None) -> dict[str, Any]:
    """Return one record as a row."""
    assert record is not None
    [row] = told(lambda gathering: gathering.add(record)).rows
    return row


def converse(dialogue: Dialogue, *parts: bytes, end: bool = True) -> Told:
    """Return what comes of these parts of a stream; each batch has origins of its own."""
    found = Told()
    for part in parts:
        gathering = Gathering(LogBook())
        for answer in dialogue.take(part, NOW, gathering):
            found.add(gathering.drain("default", NOW))
            found.answers += answer
            gathering.__init__(LogBook())  # type: ignore[misc]  # a book that knows nothing tells origins again
    if end:
        gathering = Gathering(LogBook())
        dialogue.end(NOW, gathering)
        found.add(gathering.drain("default", NOW))
    return found


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """Yield `data` in parts of a size."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
