"""Batches of documents: each record is told apart from all others by the moment that it was observed at.

The documents of a request get moments of their own, a nanosecond apart, from which their ids are made: so that an id
costs nothing to keep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.model.batch import Batch
from firstlight.wire.elastic.documents import Documents, Learn, Sent
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import Sheet
from firstlight.wire.otlp.records import MAX_DAYS, Sieve

FAR_DAY: Final = "on a day too far from the others"
_ID: Final = re.compile("[0-7][0-9a-f]{15}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch, the id of each document, and what is wrong with those that are not in it, by their place."""

    batch: Batch
    ids: Sequence[str]
    complaints: dict[int, str]


class ElasticBook:
    """Makes batches of documents. Safe to use from several threads."""

    def __init__(self, book: LogBook, learn: Learn) -> None:
        self._book = book
        self._documents = Documents(learn)
        self._lock = Lock()
        self._next = 0

    def batch(self, tenant: str, sent: Sent, now_ns: int) -> Kept:
        """Return the records of documents."""
        count = len(sent.fields)
        if not count:
            return Kept(Batch({}, 0), (), {})
        with self._lock:  # reading is Python from end to end, so that threads would wait for each other anyway
            read = self._documents.read(sent)
            first = self._next = max(now_ns, self._next)
            self._next += count
        moments = np.arange(first, first + count, dtype=np.int64)
        complaints = {
            row: f"failed to parse field [@timestamp] of type [date]: cannot read [{text[:100]}]"
            for row, text in read.bad_times.items()
        }
        sheet = read.sheet
        ts = np.where(sheet.ts == 0, moments, sheet.ts)
        sieve = Sieve(count)
        for row in complaints:
            sieve.refuse_row("time unreadable", row)
        sieve.refuse_far_days(ts)
        kept = np.arange(count) if sieve.kept is None else sieve.rows
        lost = np.setdiff1d(np.arange(count), kept)
        complaints |= {
            int(row): f"the documents of a request may be of {MAX_DAYS} days; want requests of fewer"
            for row in lost
            if int(row) not in complaints
        }
        ids = _ids(sent.ids, moments)
        if not len(kept):
            return Kept(Batch({}, 0, sieve.rejections), ids, complaints)
        batch = self._book.batch(tenant, _chosen(sheet, ts, kept), first, sieve.rejections)
        rows = batch.tables["logs"]
        place = rows.schema.get_field_index("observed_ts")
        observed = pa.array(moments[kept], pa.int64()).cast(rows.schema.field(place).type)
        logs = rows.set_column(place, rows.schema.field(place), observed)
        return Kept(Batch({**batch.tables, "logs": logs}, batch.items, batch.rejected), ids, complaints)


def _chosen(
    sheet: Sheet, ts: np.ndarray[tuple[int], np.dtype[np.int64]], kept: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Sheet:
    if len(kept) == len(sheet):
        return Sheet(
            origins=sheet.origins,
            origin_of=sheet.origin_of,
            ts=ts,
            body=sheet.body,
            severity=sheet.severity,
            severity_text=sheet.severity_text,
            attributes=sheet.attributes,
            attribute_types=sheet.attribute_types,
            trace_id=sheet.trace_id,
            span_id=sheet.span_id,
        )
    rows = pa.array(kept)
    columns = pa.table(
        {
            "body": sheet.body,
            "severity_text": sheet.severity_text,
            "attributes": sheet.attributes,
            "attribute_types": sheet.attribute_types,
        }
    ).take(rows)
    return Sheet(
        origins=sheet.origins,
        origin_of=sheet.origin_of[kept],
        ts=ts[kept],
        severity=None if sheet.severity is None else sheet.severity[kept],
        trace_id=None if sheet.trace_id is None else sheet.trace_id.take(rows),
        span_id=None if sheet.span_id is None else sheet.span_id.take(rows),
        **{name: columns[name].combine_chunks() for name in columns.column_names},
    )


def _ids(given: Sequence[str], moments: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Sequence[str]:
    if any(given):
        return [one or id_of(moment) for one, moment in zip(given, moments.tolist(), strict=True)]
    digits = moments.astype(">i8").tobytes().hex()
    return [digits[start : start + 16] for start in range(0, len(digits), 16)]


def id_of(moment_ns: int) -> str:
    """Return the id of the record that was observed at a moment.

    >>> moment_of(id_of(1_700_000_000_000_000_000))
    1700000000000000000
    """
    return f"{moment_ns:016x}"


def moment_of(found: str) -> int | None:
    """Return the moment that an id was made from, or None if it is none of ours."""
    return int(found, 16) if _ID.fullmatch(found) else None
