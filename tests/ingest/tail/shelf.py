"""A store in memory, and what else those who read logs where they are need in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from firstlight.ingest.tail.delivery import Surroundings
from firstlight.model.batch import Batch, Rejections
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook


class Shelf:
    """A store in memory. `fails` says what to raise before something is taken, `dies` after it."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.origins: dict[int, dict[str, Any]] = {}
        self.fails: list[Exception] = []
        self.dies = False

    async def append(self, batch: Batch) -> Rejections:
        """Keep what came."""
        if self.fails:
            raise self.fails.pop()
        self.rows += batch.tables["logs"].to_pylist()
        if "origins" in batch.tables:
            self.origins |= {row["origin_id"]: row for row in batch.tables["origins"].to_pylist()}
        if self.dies:
            await asyncio.Event().wait()
        return Rejections()

    async def stored(self, observed_ns: int) -> bool:
        """Return whether something was observed at this time."""
        return any(row["observed_ts"].value == observed_ns for row in self.rows)

    @property
    def bodies(self) -> list[str]:
        """The lines that are kept."""
        return [row["body"] for row in self.rows]

    def labels(self, body: str) -> dict[str, str]:
        """Return the labels of the stream of a line."""
        return dict(self._origin(body)["labels"])

    def resource(self, body: str) -> dict[str, str]:
        """Return the resource of a line."""
        return dict(self._origin(body)["resource"])

    def row(self, body: str) -> dict[str, Any]:
        """Return the first record with this body."""
        return next(row for row in self.rows if row["body"] == body)

    def _origin(self, body: str) -> dict[str, Any]:
        return self.origins[self.row(body)["origin_id"]]

    async def settled(self, wanted: list[str], more: float = 0.4) -> None:
        """Wait for what is wanted, and a little longer for what is not."""
        await until(lambda: len(self.bodies) >= len(wanted))
        await asyncio.sleep(more)
        assert sorted(self.bodies) == sorted(wanted)


class Clock:
    """Time that goes on whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * 10**9

    def __call__(self) -> int:
        self.now += 1
        return self.now


@contextmanager
def surroundings(shelf: Shelf) -> Iterator[Surroundings]:
    """Yield what stores on `shelf`."""
    with ThreadPoolExecutor(2) as workers:
        yield Surroundings(shelf.append, shelf.stored, LogBook(), Telemetry(Registry()).ingest, workers, Clock())


@asynccontextmanager
async def running(run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run a task until the block ends."""
    task = asyncio.ensure_future(run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is read tells nobody
            await asyncio.sleep(0.02)
