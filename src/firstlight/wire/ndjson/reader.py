"""Bodies of lines to batches: the lines of a piece are read as one array of JSON, and one by one if that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from firstlight.errors import brief
from firstlight.model.batch import Batch, Rejections, join
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import Sheet
from firstlight.wire.loki.lenient_json import loads
from firstlight.wire.loki.limits import MIB
from firstlight.wire.loki.long_lines import cut_lines
from firstlight.wire.ndjson.columns import BadRecord, Columns

PIECE: Final = 1024 * 1024
"""How many bytes are read at once: as objects of Python they take several times as many."""

MAX_LINE: Final = 16 * MIB
"""How large one record may be."""

TOGETHER: Final = 8
"""From how many records with the same names on they are read column by column."""

MAX_TOLD: Final = 100
"""How many lines are told of one by one."""

LINE: Final = "line "


@dataclass(slots=True)
class _Refused:
    """Lines that are refused: each with its number, until there are many."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, number: int, reason: str, detail: str = "") -> None:
        """Count a line. What is before the colon is a reason for the metrics, the same for all lines alike."""
        told = f"{reason}: {LINE}{number}{f', {detail}' if detail else ''}"
        self.counts[told if len(self.counts) < MAX_TOLD else reason] = (
            self.counts.get(reason, 0) + 1 if len(self.counts) >= MAX_TOLD else 1
        )


class NdjsonReader:
    """Reads bodies. Safe to use from several threads."""

    def __init__(
        self, book: LogBook, *, max_line: int = MIB, on_cut: Callable[[int], None] = lambda count: None
    ) -> None:
        """Take how long the body of a record may be, and what is told how many were cut."""
        self._book = book
        self._max_line = max_line
        self._on_cut = on_cut

    def read(self, body: bytes, *, tenant: str, now_ns: int, service: str = "") -> Batch:
        """Return the records of a body; `service` is that of those that name none."""
        refused = _Refused()
        batches = [
            self._batch(columns, refused, tenant=tenant, now_ns=now_ns)
            for columns in self._pieces(body, refused, service)
            if len(columns)
        ]
        found = join(batches) if batches else Batch({}, 0)
        return replace(found, rejected=Rejections(refused.counts) + found.rejected)

    def _pieces(self, body: bytes, refused: _Refused, service: str) -> Iterator[Columns]:
        if body.lstrip()[:1] == b"[" and (records := _array(body)) is not None:
            for start in range(0, len(records), 5_000):
                columns = Columns(self._book, service)
                some = records[start : start + 5_000]
                _add_records(columns, refused, some, [b""] * len(some), start + 1)
                yield columns
            return
        number = 0
        for lines in _lines(body):
            columns = Columns(self._book, service)
            _add_lines(columns, refused, lines, number + 1)
            number += len(lines)
            yield columns

    def _batch(self, columns: Columns, refused: _Refused, *, tenant: str, now_ns: int) -> Batch:
        sheet = columns.sheet()
        body, cut = cut_lines(sheet.body, self._max_line)
        if cut:
            self._on_cut(cut)
        sheet = replace(sheet, body=body)
        bad = np.flatnonzero(sheet.ts < 0)
        if len(bad):
            for row in bad.tolist():
                refused.add(columns.numbers[row], "time not readable", brief(columns.time_text(row), 40))
        numbers = np.array(columns.numbers)
        if len(bad) or (np.diff(numbers) < 0).any():
            order = np.argsort(numbers, kind="stable")
            sheet = _rows(sheet, order[sheet.ts[order] >= 0])
        return self._book.batch(tenant, sheet, now_ns) if len(sheet) else Batch({}, 0)


def _array(body: bytes) -> list[Any] | None:
    """Return a body that is one array of records; None if it is lines that begin so."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else None


def _lines(body: bytes) -> Iterator[list[bytes]]:
    """Yield the lines of a body, about a piece at a time."""
    at = 0
    while at < len(body):
        end = body.find(b"\n", at + PIECE)
        end = len(body) if end < 0 else end + 1
        piece = body[at:end]
        yield piece.removesuffix(b"\n").split(b"\n")
        at = end


def _add_lines(columns: Columns, refused: _Refused, lines: list[bytes], first: int) -> None:
    if all(line[:1] == b"{" for line in lines):
        try:
            records = orjson.loads(b"[" + b",".join(lines) + b"]")
        except orjson.JSONDecodeError:
            pass
        else:
            # A line may hold two objects, or half of one that the next completes: then they are not as many as lines.
            if len(records) == len(lines):
                _add_records(columns, refused, records, lines, first)
                return
    for number, line in enumerate(lines, first):
        _add_line(columns, refused, number, line)


def _add_records(
    columns: Columns, refused: _Refused, records: list[dict[str, Any]], lines: list[bytes], first: int
) -> None:
    """Add records: those with the same names together, if they are enough for that to be worth while."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, record in enumerate(records):
        alike.setdefault(tuple(record), []).append(place)
    for places in alike.values():
        some = [records[place] for place in places]
        if len(places) >= TOGETHER and columns.add_alike([first + place for place in places], some):
            continue
        for place, record in zip(places, some, strict=True):
            _add(columns, refused, first + place, record, lines[place])


def _add_line(columns: Columns, refused: _Refused, number: int, line: bytes) -> None:
    line = line.strip(b" \t\r")
    if not line:
        return
    if len(line) > MAX_LINE:
        refused.add(number, "line too long", f"of {len(line)} bytes; want at most {MAX_LINE}")
        return
    if line[:1] != b"{":
        columns.add_text(number, line.decode("utf-8", "replace"))
        return
    try:
        record = loads(line)
    except orjson.JSONDecodeError as error:
        refused.add(number, "not JSON", str(error))
        return
    _add(columns, refused, number, record, line)


def _add(columns: Columns, refused: _Refused, number: int, record: dict[str, Any], line: bytes) -> None:
    try:
        columns.add(number, record, line or orjson.dumps(record))
    except BadRecord as error:
        refused.add(number, str(error))


def _rows(sheet: Sheet, rows: npt.NDArray[np.int64]) -> Sheet:
    """Return the records of these rows."""
    kept = pa.array(rows)

    def of(column: pa.Array | None) -> pa.Array | None:
        return None if column is None else column.take(kept)

    return replace(
        sheet,
        origin_of=sheet.origin_of[rows],
        ts=sheet.ts[rows],
        body=sheet.body.take(kept),
        severity=None if sheet.severity is None else sheet.severity[rows],
        severity_text=of(sheet.severity_text),
        attributes=of(sheet.attributes),
        attribute_types=of(sheet.attribute_types),
        trace_id=of(sheet.trace_id),
        span_id=of(sheet.span_id),
    )
