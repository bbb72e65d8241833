"""From a batch that was read to the store: tried again until it is taken, since its reader can wait; and counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeVar

from firstlight.errors import StoreError, UserError
from firstlight.ingest.receiver import Append
from firstlight.model.batch import Batch
from firstlight.telemetry import IngestInstruments
from firstlight.wire.logs.book import LogBook

Stored = Callable[[int], Awaitable[bool]]
"""Says whether the store has records that were observed at this time, in nanoseconds."""

RETRY: Final = 2.0
"""Seconds until what failed is tried again."""

CUT: Final = "line too long, cut"
GARBLED: Final = "bytes that are no text, replaced"
REFUSED: Final = "refused by the store"

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Stamps:
    """Times of observation, each later than those before, so that each belongs to one batch. For several threads."""

    now_ns: Callable[[], int]
    _last: int = field(default=0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def next(self) -> int:
        """Return another."""
        with self._lock:
            self._last = max(self.now_ns(), self._last + 1)
            return self._last


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What reading logs where they are needs of the rest."""

    append: Append
    stored: Stored
    book: LogBook
    telemetry: IngestInstruments
    workers: Executor
    now_ns: Callable[[], int]
    stamps: Stamps = field(init=False)
    """The times that batches are observed at."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stamps", Stamps(self.now_ns))

    async def save(self, save: Callable[[], None]) -> None:
        """Return when it is noted how far was read; while that cannot be written, such as on a full disk, wait."""
        while True:
            try:
                return await self.in_worker(save)
            except OSError as error:
                _log.warning("cannot note how far logs were read: %s; nothing more is read until that works", error)
                await asyncio.sleep(RETRY)

    async def has(self, observed_ns: int) -> bool:
        """Return whether the store has records that were observed at this time, when it says so."""
        while True:
            try:
                return await self.stored(observed_ns)
            except UserError as error:
                _log.warning("cannot find out how far logs were read: %s; nothing is read until that works", error)
                await asyncio.sleep(RETRY)

    async def in_worker(self, work: Callable[[], T]) -> T:
        """Return what `work` does, in another thread; when cancelled, end when it has ended."""
        future = asyncio.get_running_loop().run_in_executor(self.workers, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # What it uses is closed next.
            await asyncio.wait([future])
            raise


async def deliver(around: Surroundings, batch: Batch, source: str, *, read: int, altered: Mapping[str, int]) -> None:
    """Return when the batch is stored, or the store said that it never will be.

    `read` is how many bytes it was, and `altered` how many of its records are kept otherwise than they were written.
    """
    labels, telemetry = (source, "logs"), around.telemetry
    telemetry.received_bytes.add(read, *labels)
    refused = 0
    while batch.tables:
        try:
            refused = (await around.append(batch)).total
        except StoreError as error:
            if error.retryable:
                await asyncio.sleep(getattr(error, "retry_after", 1.0))
                continue
            _log.warning("cannot store %d records of %s: %s", batch.items, source, error)
            refused = batch.items
        break
    telemetry.items.add(max(0, batch.items - refused), *labels)
    for reason, count in ((REFUSED, refused), *altered.items(), *batch.rejected.counts.items()):
        if count:
            telemetry.rejected_items.add(count, *labels, reason)
