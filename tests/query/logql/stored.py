"""Lines in a store, written as receivers write them, behind a door like the server's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from firstlight.query.engine import Engine
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.result import Answered, Direction, Matrix, ScalarResult, Streams, VectorResult
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import LogSource
from firstlight.query.metrics.settings import SESSION
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import reading
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store
from firstlight.telemetry import QueryInstruments
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder
from tests.store.opening import opened
from tests.store.rows import NOW_NS

SECOND = 10**9
BEGIN = NOW_NS - 3600 * SECOND
"""When the time of these tests begins."""

TENANT = "default"
LIMITS = QuerySettings()


@dataclass(frozen=True)
class Row:
    """A line `at` so many seconds after the beginning."""

    at: float
    line: str
    labels: Mapping[str, str] = field(default_factory=lambda: {"app": "a"})
    metadata: Mapping[str, str] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)
    severity: int = 0
    severity_text: str = ""
    trace_id: bytes = b""
    by_resource: bool = False
    """Whether the labels are made of the resource, and not given."""


@dataclass
class Logs:
    """A store and what answers queries of it."""

    store: Store
    source: LogSource
    door: LogqlDoor
    engine: Engine
    book: LogBook

    workers: Executor

    def by(self, settings: LogqlSettings) -> Logs:
        """Return the same store with a door that has other settings."""
        source = LogSource(self.source.sessions, self.workers, settings, now_ms=lambda: NOW_NS // 10**6)
        door = LogqlDoor(source, self.engine, settings, time.monotonic)
        return replace(self, source=source, door=door)

    async def write(self, rows: Sequence[Row], tenant: str = TENANT) -> None:
        """Store lines."""
        sheet = SheetBuilder()
        for row in rows:
            labels = None if row.by_resource else dict(row.labels)
            origin = self.book.origin(row.resource, labels=labels)
            sheet.add(
                origin, BEGIN + round(row.at * SECOND), row.line, row.severity, row.severity_text,
                attributes=row.metadata, trace_id=row.trace_id,
            )  # fmt: skip
        refused = await self.store.writer.append(self.book.batch(tenant, sheet.sheet(), BEGIN))
        assert not refused.total, refused.message

    async def lines(
        self,
        query: str,
        start: float = -1,
        end: float = 3600,
        limit: int = 1000,
        direction: Direction = Direction.FORWARD,
        interval: float = 0,
        *,
        categorize: bool = False,
    ) -> Streams:
        """Return the answer to a log query."""
        answered = await self.door.query_range(
            query, at(start), at(end), SECOND, tenant=TENANT, limit=limit, direction=direction,
            interval_ns=round(interval * SECOND), categorize=categorize,
        )  # fmt: skip
        assert isinstance(answered.result, Streams)
        return answered.result

    async def texts(self, query: str, **asked: float) -> list[str]:
        """Return what the lines that a query finds say, in the order of time."""
        found = await self.lines(query, **asked)  # type: ignore[arg-type] # numbers of seconds, all of them
        entries = [entry for stream in found.streams for entry in stream.entries]
        return [entry.line for entry in sorted(entries, key=lambda entry: entry.ts)]

    async def range(self, query: str, start: float, end: float, step: float) -> dict[str, list[float | None]]:
        """Return the values of each series at the steps."""
        answered = await self.door.query_range(query, at(start), at(end), round(step * SECOND), tenant=TENANT)
        assert isinstance(answered.result, Matrix)
        count = round((end - start) / step) + 1
        found: dict[str, list[float | None]] = {}
        for series in answered.result.series:
            values: list[float | None] = [None] * count
            for when, value in zip(series.times.tolist(), series.values.tolist(), strict=True):
                values[(when - at(start)) // round(step * SECOND)] = value
            found[shown(series.labels)] = values
        return found

    async def instant(self, query: str, when: float) -> dict[str, float] | float:
        """Return the value of each series at a time, or the number that a literal is."""
        answered: Answered = await self.door.query(query, at(when), tenant=TENANT)
        if isinstance(answered.result, ScalarResult):
            return answered.result.value
        assert isinstance(answered.result, VectorResult)
        return {shown(sample.labels): sample.value for sample in answered.result.samples}


def at(seconds: float) -> int:
    """Return a time of these tests in nanoseconds since 1970."""
    return BEGIN + round(seconds * SECOND)


def shown(labels: Sequence[tuple[str, str]]) -> str:
    """Return labels as one word: `app=a,pod=1`."""
    return ",".join(f"{name}={value}" for name, value in labels)


@asynccontextmanager
async def logs(directory: Path, settings: LogqlSettings | None = None) -> AsyncIterator[Logs]:
    """Hold a store open, with a door to it."""
    settings = settings or LogqlSettings(detected_level=False)
    async with opened(directory) as store:
        with ThreadPoolExecutor(2) as workers:
            sessions = store.client.readers(4, {**reading(LIMITS), **SESSION})
            source = LogSource(sessions, workers, settings, now_ms=lambda: NOW_NS // 10**6)
            store.writer.committed.append(source.learn)
            book = LogBook()
            store.writer.committed.append(lambda kind, rows: book.learn(rows) if kind == "origins" else None)
            engine = Engine(LIMITS, QueryInstruments(Registry()))
            yield Logs(store, source, LogqlDoor(source, engine, settings, time.monotonic), engine, book, workers)
