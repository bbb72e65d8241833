"""Follows log files: reads what is new, has it stored, and then notes how far that was.

A batch is retried until the store takes it, and nothing more is read meanwhile. What a stop or a crash leaves unread is
read at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from firstlight.errors import StoreError
from firstlight.ingest.receiver import Append
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.tail.crowd import Crowd
from firstlight.ingest.tail.followed import Followed
from firstlight.ingest.tail.positions import Intent, Position, Positions
from firstlight.ingest.tail.records import Records
from firstlight.ingest.tail.settings import TailSettings
from firstlight.model.batch import Batch
from firstlight.model.tables import ATTRIBUTES
from firstlight.telemetry import IngestInstruments
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import Sheet

LABELS: Final = ("files", "logs")
TRUNCATED: Final = "log.truncated"
"""The attribute of records that were too long to be kept whole."""

Stored = Callable[[int], Awaitable[bool]]
"""Says whether the store has records that were observed at this time, in nanoseconds."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What following files needs of the rest."""

    append: Append
    stored: Stored
    book: LogBook
    telemetry: IngestInstruments
    workers: Executor
    now_ns: Callable[[], int]


@dataclass(frozen=True, slots=True)
class _Round:
    batch: Batch
    files: list[Followed]
    positions: list[Position]
    observed_ns: int
    read: int
    cut: int
    garbled: int


class Tailer:
    """Follows the files that the settings name. Belongs to one event loop."""

    def __init__(self, settings: TailSettings, file: Path, around: Surroundings) -> None:
        """Take where positions are kept; raise PositionsUnreadable if that file cannot be understood."""
        self._settings = settings
        self._around = around
        self._positions = Positions.load(file)
        self._crowd = Crowd(settings, self._positions, around.book)
        self._first = 0
        self._last_ns = 0

    async def run(self) -> None:
        """Follow, until cancelled."""
        loop = asyncio.get_running_loop()
        discovered = -self._settings.discover
        try:
            await self._settle()
            while True:
                if loop.time() - discovered >= self._settings.discover:
                    await self._in_worker(self._crowd.discover)
                    discovered = loop.time()
                now = loop.time()
                found = await self._in_worker(partial(self._read, now))
                if found is None:
                    await asyncio.sleep(self._settings.poll)
                    continue
                await self._store(found)
        finally:
            self._crowd.close()

    async def _settle(self) -> None:
        """Find out what became of what was about to be stored when the process ended."""
        intent = self._positions.intent
        if intent is not None:
            is_stored = await self._around.stored(intent.observed_ns)
            self._positions.settle(intent.positions if is_stored else ())
            await self._in_worker(self._positions.save)

    async def _store(self, found: _Round) -> None:
        self._positions.intent = Intent(found.observed_ns, found.positions)
        await self._in_worker(self._positions.save)
        telemetry = self._around.telemetry
        telemetry.received_bytes.add(found.read, *LABELS)
        refused = 0
        while True:
            try:
                refused = (await self._around.append(found.batch)).total
            except StoreError as error:
                if error.retryable:
                    await asyncio.sleep(getattr(error, "retry_after", 1.0))
                    continue
                _log.warning("cannot store %d records of files: %s", found.batch.items, error)
                refused = found.batch.items
            break
        telemetry.items.add(max(0, found.batch.items - refused), *LABELS)
        for reason, count in (
            ("refused by the store", refused),
            ("line too long, cut", found.cut),
            ("bytes that are no text, replaced", found.garbled),
            *found.batch.rejected.counts.items(),
        ):
            if count:
                telemetry.rejected_items.add(count, *LABELS, reason)
        for one in found.files:
            one.advance()
        self._positions.settle(found.positions)

    def _read(self, now: float) -> _Round | None:
        """Return what is new in some of the files, as much as is read at a time; None if there is nothing."""
        settings, files = self._settings, list(self._crowd)
        room, parts = settings.max_read, []
        read = 0
        for place in range(len(files)):
            one = files[(self._first + place) % len(files)]
            try:
                if one.check():
                    _log.info("%s was begun anew, and is read from its beginning", one.content.path)
                found = one.read(room, settings.max_line, now, settings.wait)
            except OSError as error:
                _log.warning("cannot read %s: %s", one.content.path, error)
                continue
            if len(found):
                parts.append((one, found))
                room -= found.consumed
                read += found.consumed
            if room < settings.max_line:
                self._first = (self._first + place + 1) % len(files)
                break
        if not parts:
            self._crowd.drop(lambda one: now - one.quiet_since > settings.wait)
            return None
        self._last_ns = max(self._around.now_ns(), self._last_ns + 1)
        batch = self._around.book.batch(DEFAULT_TENANT, _sheet(parts), self._last_ns)
        positions = [one.position for one, _ in parts]
        garbled = sum(found.garbled for _, found in parts)
        cut = sum(len(found.cut) for _, found in parts)
        return _Round(batch, [one for one, _ in parts], positions, self._last_ns, read, cut, garbled)

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._around.workers, work)


def _sheet(parts: list[tuple[Followed, Records]]) -> Sheet:
    counts = [len(found) for _, found in parts]
    length = sum(counts)
    firsts = np.concatenate([[0], np.cumsum(counts)])
    cut = np.concatenate([found.cut + first for first, (_, found) in zip(firsts, parts, strict=False)])
    return Sheet(
        origins=[one.origin for one, _ in parts],
        origin_of=np.repeat(np.arange(len(parts)), counts),
        ts=np.zeros(length, np.int64),
        body=pa.concat_arrays([found.body for _, found in parts]),
        attributes=_marks(cut.astype(np.int64), length) if len(cut) else None,
    )


def _marks(rows: np.ndarray, length: int) -> pa.MapArray:
    marked = np.zeros(length, np.int32)
    marked[rows] = 1
    offsets = pa.array(np.concatenate([[0], np.cumsum(marked)]).astype(np.int32))
    names, values = pa.array([TRUNCATED] * len(rows)), pa.array(["true"] * len(rows))
    return pa.MapArray.from_arrays(offsets, names, values).cast(ATTRIBUTES)
