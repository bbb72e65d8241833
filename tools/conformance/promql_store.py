"""A store with series of language tests in it, asked through the same door as the server's clients."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final, TypeVar

from firstlight.errors import QueryError
from firstlight.query.engine import Engine
from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.source import Source
from firstlight.query.promql.door import Answered, PromqlDoor
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.refusals import in_prometheus_words
from firstlight.query.promql.run import at_instant, over_range
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import reading
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store, open_store
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.telemetry import QueryInstruments, StoreInstruments
from tools.conformance.promql_check import Execute, Failed, Outcome
from tools.conformance.promql_outcome import outcome
from tools.conformance.promql_tables import Worlds, stored
from tools.conformance.promqltest import Grid

AT_ONCE: Final = 4
"""How many queries run at the same time."""

QUERIES: Final = QuerySettings(max_running=AT_ONCE)
STORE: Final = StoreSettings(readers=2 * AT_ONCE)

T = TypeVar("T")

RECENT: Final = 64 * 1024**2


class StoredSource:
    """A store on an event loop of its own. Its methods are for other threads."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, store: Store, settings: PromqlSettings, workers: Executor
    ) -> None:
        readers = store.client.readers(STORE.readers, {**reading(QUERIES), **SESSION})
        # What is stored here is of 1970, and recent then.
        source = Source(readers, now_ms=lambda: 0, is_told_all=True, recent_bytes=RECENT)
        store.writer.committed.append(source.learn)
        engine = Engine(QUERIES, QueryInstruments(Registry()))
        self._door = PromqlDoor(source, engine, settings, workers, time.perf_counter)
        self._store = store
        self._loop = loop

    def load(self, worlds: Worlds) -> None:
        """Store what several tenants have."""
        batch = stored(worlds)
        refused = self._await(self._store.writer.append(batch))
        assert not refused.total, refused.message

    def execute(self, tenant: str) -> Execute:
        """Return what asks the door about the series of a tenant."""

        def ask(query: str, grid: Grid) -> Outcome:
            steps = over_range(grid.start, grid.end, grid.step) if grid.step else at_instant(grid.start)
            try:
                self._await(self._door.range(query, steps, tenant=tenant))
                # The second answer is from memory, as far as such a query is remembered.
                found: Answered = self._await(self._door.range(query, steps, tenant=tenant))
            except QueryError as error:
                raise Failed(in_prometheus_words(error)) from None
            except EvaluationFailed as error:
                raise Failed(str(error)) from None
            return outcome(found.result, found.warnings, found.infos)

        return ask

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def opened(settings: PromqlSettings) -> Iterator[StoredSource]:
    """Hold a store open in a folder that goes with it; queries are evaluated as `settings` say."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="promql-store", daemon=True)
    thread.start()
    try:
        with tempfile.TemporaryDirectory(prefix="firstlight-promql-") as folder, ThreadPoolExecutor(2) as workers:
            store = asyncio.run_coroutine_threadsafe(_open(Path(folder) / "store"), loop).result()
            try:
                yield StoredSource(loop, store, settings, workers)
            finally:
                asyncio.run_coroutine_threadsafe(store.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(directory: Path) -> Store:
    instruments = StoreInstruments(Registry())
    return await open_store(STORE, RetentionSettings(), instruments, directory=directory, now_ns=time.time_ns)
