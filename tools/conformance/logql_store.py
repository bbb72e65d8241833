"""A store with lines in it, written as receivers write them and asked through the same door as the server's clients."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final, TypeVar

from firstlight.query.engine import Engine
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.result import Answered
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import LogSource
from firstlight.query.metrics.settings import SESSION
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import reading
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store, open_store
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.telemetry import QueryInstruments, StoreInstruments
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder
from tools.conformance.logql_script import Entry

AT_ONCE: Final = 4
"""How many queries run at the same time."""

QUERIES: Final = QuerySettings(max_running=AT_ONCE)
STORE: Final = StoreSettings(readers=2 * AT_ONCE)

ORIGIN_NS: Final = 1_767_225_600 * 10**9
"""When the time of the tests begins: a record of 1970 is one without a time."""

T = TypeVar("T")


class LogStore:
    """A store on an event loop of its own. Its methods are for other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, store: Store, door: LogqlDoor) -> None:
        self._loop = loop
        self._store = store
        self._door = door

    def load(self, worlds: Mapping[str, Sequence[Entry]]) -> None:
        """Store what several tenants have."""
        book = LogBook()
        for tenant, entries in worlds.items():
            sheet = SheetBuilder()
            for entry in entries:
                origin = book.origin({}, labels=dict(entry.labels))
                sheet.add(origin, ORIGIN_NS + entry.ts, entry.line, attributes=dict(entry.metadata))
            batch = book.batch(tenant, sheet.sheet(), ORIGIN_NS)
            refused = self._await(self._store.writer.append(batch))
            assert not refused.total, refused.message

    def instant(self, tenant: str, query: str, at: int) -> Answered:
        """Return what a query answers at one time."""
        return self._await(self._door.query(query, ORIGIN_NS + at, tenant=tenant))

    def range(self, tenant: str, query: str, start: int, end: int, step: int) -> Answered:
        """Return what a query answers over a range of time."""
        return self._await(self._door.query_range(query, ORIGIN_NS + start, ORIGIN_NS + end, step, tenant=tenant))

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def opened(settings: LogqlSettings) -> Iterator[LogStore]:
    """Hold a store open in a folder that goes with it; queries are evaluated as `settings` say."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="logql-store", daemon=True)
    thread.start()
    try:
        with tempfile.TemporaryDirectory(prefix="firstlight-logql-") as folder, ThreadPoolExecutor(2) as workers:
            store = asyncio.run_coroutine_threadsafe(_open(Path(folder) / "store"), loop).result()
            readers = store.client.readers(STORE.readers, {**reading(QUERIES), **SESSION})
            source = LogSource(readers, workers, settings, now_ms=lambda: time.time_ns() // 1_000_000)
            store.writer.committed.append(source.learn)
            engine = Engine(QUERIES, QueryInstruments(Registry()))
            try:
                yield LogStore(loop, store, LogqlDoor(source, engine, settings, time.perf_counter))
            finally:
                asyncio.run_coroutine_threadsafe(store.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(directory: Path) -> Store:
    instruments = StoreInstruments(Registry())
    return await open_store(STORE, RetentionSettings(), instruments, directory=directory, now_ns=time.time_ns)
