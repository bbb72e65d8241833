"""Follows log files: reads what is new, has it stored, and then notes how far that was.

A batch is retried until the store takes it, and nothing more is read meanwhile. What a stop or a crash leaves unread is
read at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.tail.attributes import attributes
from firstlight.ingest.tail.crowd import Crowd
from firstlight.ingest.tail.delivery import CUT, GARBLED, Surroundings, deliver
from firstlight.ingest.tail.followed import Followed
from firstlight.ingest.tail.kubernetes_files import PodFiles
from firstlight.ingest.tail.positions import Intent, Position, Positions
from firstlight.ingest.tail.records import Records
from firstlight.ingest.tail.settings import TailSettings
from firstlight.model.batch import Batch
from firstlight.wire.logs.sheet import Sheet

SOURCE: Final = "files"

_log = logging.getLogger(__name__)


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

    def __init__(self, settings: TailSettings, file: Path, around: Surroundings, pods: PodFiles | None = None) -> None:
        """Take where positions are kept; raise PositionsUnreadable if that file cannot be understood."""
        self._settings = settings
        self._around = around
        self._positions = Positions.load(file)
        self._pods = pods
        self._crowd = Crowd(settings, self._positions, around.book, pods)
        self._first = 0

    async def run(self) -> None:
        """Follow, until cancelled."""
        loop = asyncio.get_running_loop()
        discovered = -self._settings.discover
        try:
            await self._settle()
            if self._pods is not None:
                await self._pods.known()
            while True:
                if loop.time() - discovered >= self._settings.discover:
                    await self._around.in_worker(self._crowd.discover)
                    discovered = loop.time()
                now = loop.time()
                found = await self._around.in_worker(partial(self._read, now))
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
            is_stored = await self._around.has(intent.observed_ns)
            self._positions.settle(intent.positions if is_stored else ())
            await self._around.save(self._positions.save)

    async def _store(self, found: _Round) -> None:
        self._positions.intent = Intent(found.observed_ns, found.positions)
        await self._around.save(self._positions.save)
        altered = {CUT: found.cut, GARBLED: found.garbled}
        await deliver(self._around, found.batch, SOURCE, read=found.read, altered=altered)
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
            self._crowd.drop(lambda one: now - one.quiet_since > one.patience(settings.wait))
            return None
        observed_ns = self._around.stamps.next()
        batch = self._around.book.batch(DEFAULT_TENANT, _sheet(parts), observed_ns)
        positions = [one.position for one, _ in parts]
        garbled = sum(found.garbled for _, found in parts)
        cut = sum(len(found.cut) for _, found in parts)
        return _Round(batch, [one for one, _ in parts], positions, observed_ns, read, cut, garbled)


def _sheet(parts: list[tuple[Followed, Records]]) -> Sheet:
    counts = [len(found) for _, found in parts]
    length = sum(counts)
    firsts = np.concatenate([[0], np.cumsum(counts)])
    cut = np.concatenate([found.cut + first for first, (_, found) in zip(firsts, parts, strict=False)])
    nothing = np.zeros(length, np.int64)
    return Sheet(
        origins=[one.origin for one, _ in parts],
        origin_of=np.repeat(np.arange(len(parts)), counts),
        ts=np.concatenate([nothing[: len(found)] if found.ts is None else found.ts for _, found in parts]),
        body=pa.concat_arrays([found.body for _, found in parts]),
        attributes=attributes(
            length,
            cut.astype(np.int64),
            np.concatenate([nothing[: len(found)] if found.streams is None else found.streams for _, found in parts]),
        ),
    )
