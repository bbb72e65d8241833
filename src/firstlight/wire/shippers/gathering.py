"""Where the records of one read come together, before they become a batch.

A record that cannot be kept is refused alone, by reason. One that is kept with less than was sent, because its line was
too long or its bytes were no UTF-8, is marked, and counted as altered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from firstlight.model.batch import Batch, Rejections
from firstlight.wire.logs.book import BEFORE_1970, LogBook
from firstlight.wire.logs.sheet import SheetBuilder
from firstlight.wire.otlp.records import TIME_OUT_OF_RANGE

MAX_LINE: Final = 1024 * 1024
"""How many bytes of one line are kept."""

MAX_FIELDS: Final = 1_000
"""How many attributes of one record are kept."""

TRUNCATED_MARK: Final = "log.truncated"
"""The attribute of a record of which not everything was kept."""

TRUNCATED: Final = "truncated"
NOT_UTF8: Final = "not UTF-8"

FULL_RECORDS: Final = 20_000
FULL_BYTES: Final = 16 * 1024 * 1024

_MAX_NS: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One log record as a protocol told it. `ts_ns` is 0 where it gave no time; `truncated` if its end is missing."""

    body: str
    ts_ns: int = 0
    resource: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    severity: int = 0
    severity_text: str = ""
    trace_id: bytes = b""
    span_id: bytes = b""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """A batch, and how many of its records are kept otherwise than they were sent, by what was done to them."""

    batch: Batch
    altered: Mapping[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.batch.tables or self.batch.rejected.total or self.altered)


class Gathering:
    """Collects records until a batch is made of them. Belongs to whoever fills it."""

    def __init__(self, book: LogBook) -> None:
        self._book = book
        self._builder = SheetBuilder()
        self._bytes = 0
        self._refused: Counter[str] = Counter()
        self._altered: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._builder)

    @property
    def full(self) -> bool:
        """Whether there is enough for a batch."""
        return len(self._builder) >= FULL_RECORDS or self._bytes >= FULL_BYTES

    def text(self, raw: bytes) -> str:
        """Return bytes as a text; those that are no UTF-8 are replaced, and that is counted."""
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self._altered[NOT_UTF8] += 1
            return raw.decode(errors="replace")

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count records that cannot be kept."""
        self._refused[reason] += count

    def add(self, record: Record) -> None:
        """Take a record, cut to what may be kept of it."""
        if not 0 <= record.ts_ns <= _MAX_NS:
            self.refuse(BEFORE_1970 if record.ts_ns < 0 else TIME_OUT_OF_RANGE)
            return
        body, attributes, truncated = record.body, record.attributes, record.truncated
        # A character is four bytes at most, so most lines need not be encoded to be measured.
        if len(body) * 4 > MAX_LINE:
            raw = body.encode()
            if len(raw) > MAX_LINE:
                body, truncated = raw[:MAX_LINE].decode(errors="ignore"), True
        if len(attributes) > MAX_FIELDS:
            attributes, truncated = dict(list(attributes.items())[:MAX_FIELDS]), True
        if truncated:
            attributes = {**attributes, TRUNCATED_MARK: True}
            self._altered[TRUNCATED] += 1
        self._bytes += len(body) + 64 * len(attributes)
        self._builder.add(
            self._book.origin(record.resource),
            record.ts_ns,
            body,
            record.severity,
            record.severity_text,
            attributes,
            record.trace_id,
            record.span_id,
        )

    def drain(self, tenant: str, now_ns: int) -> Gathered:
        """Return what was gathered, those records without a time at `now_ns`, and begin anew."""
        rejected = Rejections(dict(self._refused))
        if len(self._builder):
            batch = self._book.batch(tenant, self._builder.sheet(), now_ns, rejected)
        else:
            batch = Batch({}, 0, rejected)
        gathered = Gathered(batch, dict(self._altered))
        self._builder, self._bytes = SheetBuilder(), 0
        self._refused.clear()
        self._altered.clear()
        return gathered
