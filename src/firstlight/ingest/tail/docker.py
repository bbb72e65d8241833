"""Follows the containers of a Docker engine: reads what they write, has it stored, and then notes how far that was.

Containers that have stopped are read to their end, too, so what one wrote while this process was away is not lost. When
the engine goes away, it is waited for, and everything goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.discovery.ask import sequence, text
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.tail.attributes import attributes
from firstlight.ingest.tail.delivery import CUT, GARBLED, Surroundings, deliver
from firstlight.ingest.tail.docker_container import Container
from firstlight.ingest.tail.docker_engine import Engine, engine_at
from firstlight.ingest.tail.docker_mark import Mark
from firstlight.ingest.tail.docker_origin import container_origin
from firstlight.ingest.tail.docker_reading import Reading
from firstlight.ingest.tail.multiline import starts
from firstlight.ingest.tail.notes import Notes
from firstlight.ingest.tail.runs import Gathered
from firstlight.ingest.tail.settings import TailSettings
from firstlight.ingest.tail.wrapped import texts
from firstlight.model.batch import Batch
from firstlight.wire.logs.sheet import Sheet
from firstlight.wire.origins import Origin

SOURCE: Final = "docker"

Found = list[tuple[str, Origin, list[Gathered]]]


class DockerTailer:
    """Follows the containers that the settings name. Belongs to one event loop."""

    def __init__(
        self, settings: TailSettings, file: Path, around: Surroundings, environ: Mapping[str, str], retry: float = 2.0
    ) -> None:
        """Take where it is noted how far was read; raise PositionsUnreadable if that cannot be understood."""
        self._settings = settings
        self._around = around
        self._notes = Notes.load(file)
        self._engine = Engine(engine_at(settings.docker.socket or "auto", environ), environ)
        self._retry = retry
        self._containers: dict[str, Container] = {}
        self._readings: dict[str, Reading] = {}
        self._is_first = not file.exists()
        self._room = asyncio.Condition()
        self._saving = asyncio.Lock()

    async def run(self) -> None:
        """Follow, until cancelled."""
        await self._notes.recover(self._around.has)
        async with self._engine.client() as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep(client, tasks))
            tasks.create_task(self._engine.listen(client, self._started, self._retry))
            while True:
                if not await self._store():
                    await asyncio.sleep(self._settings.poll)

    async def _keep(self, client: Client, tasks: asyncio.TaskGroup) -> None:
        """Look again and again which containers there are, and read those that are not read."""
        while True:
            known = await self._engine.containers(client)
            if known is not None and self._adopt(known, client, tasks):
                await self._save()
            await self._engine.news(self._retry if known is None else self._settings.discover)

    def _adopt(self, known: Mapping[str, Mapping[str, Any]], client: Client, tasks: asyncio.TaskGroup) -> bool:
        """Read the containers that are known; return whether there is something to note."""
        settings = self._settings.docker
        at_end = self._is_first and settings.start == "end"
        self._is_first = False
        for gone in [one for one in self._containers if one not in known and not self._readings[one].active]:
            if not self._containers[gone].held:
                del self._containers[gone], self._readings[gone]
        for gone in [one for one in self._notes.marks if one not in known and one not in self._containers]:
            del self._notes.marks[gone]
        for key, state in known.items():
            reading = self._readings.get(key)
            if reading is None and not self._wanted(state):
                continue
            if reading is None:
                if len(self._containers) >= self._settings.max_files:
                    self._engine.complain(f"{len(self._containers)} containers are followed; raise tail.max_files")
                    continue
                told = self._notes.marks.get(key)
                mark = Mark.of(told) if told else Mark(self._around.now_ns() if at_end else 0)
                if at_end:
                    self._notes.marks[key] = mark.told()
                container = Container(mark, starts(settings.multiline), self._settings.max_line)
                self._containers[key] = container
                reading = self._readings[key] = Reading(key, container, self._engine, self._who, self._hold)
            if not reading.active and reading.is_wanted(state):
                reading.active = True
                tasks.create_task(reading.run(client, self._retry))
        return at_end

    def _started(self, key: str) -> None:
        for name, reading in self._readings.items():
            if key in ("", name):
                reading.again = True

    def _wanted(self, state: Mapping[str, Any]) -> bool:
        settings = self._settings.docker
        names = [text(name).lstrip("/") for name in sequence(state.get("Names"))] or [""]
        # Of several, the others are how containers with links to it call it, such as /web/db.
        name = min(names, key=lambda one: one.count("/"))
        return any(fnmatchcase(name, one) for one in settings.include) and not any(
            fnmatchcase(name, one) for one in settings.exclude
        )

    def _who(self, inspected: Mapping[str, Any]) -> Origin:
        return container_origin(self._around.book, inspected, self._settings.docker.labels)

    async def _save(self) -> None:
        async with self._saving:
            await self._around.save(self._notes.save)

    async def _hold(self) -> None:
        """Return when there is room for more that is not stored."""
        async with self._room:
            while sum(one.held for one in self._containers.values()) >= self._settings.max_read:
                await self._room.wait()

    async def _store(self) -> bool:
        """Store what there is; return whether there was something."""
        now = asyncio.get_running_loop().time()
        found: Found = []
        read, marks = 0, {}
        for key, one in self._containers.items():
            taken = one.take(now, self._settings.wait)
            if taken and one.origin is not None:
                found.append((key, one.origin, taken))
                one.mark = one.mark_after(taken)
                marks[key] = one.mark.told()
                read, one.read = read + one.read, 0
        if not found:
            return False
        observed_ns = self._around.stamps.next()
        self._notes.intent = observed_ns, marks

        await self._save()

        def prepare() -> tuple[Batch, dict[str, int]]:
            sheet, altered = _sheet(found)
            return self._around.book.batch(DEFAULT_TENANT, sheet, observed_ns), altered

        batch, altered = await self._around.in_worker(prepare)
        await deliver(self._around, batch, SOURCE, read=read, altered=altered)
        self._notes.settle()
        async with self._room:
            self._room.notify_all()
        return True


def _sheet(found: Found) -> tuple[Sheet, dict[str, int]]:
    counts = [len(taken) for _, _, taken in found]
    records = [one for _, _, taken in found for one in taken]
    body, garbled = texts([one.text for one in records])
    cut = np.flatnonzero([one.is_cut for one in records])
    sheet = Sheet(
        origins=[origin for _, origin, _ in found],
        origin_of=np.repeat(np.arange(len(found)), counts),
        ts=np.array([one.ts for one in records], np.int64),
        body=pa.array(body, pa.string()),
        attributes=attributes(len(records), cut, np.array([one.stream for one in records], np.int64)),
    )
    return sheet, {CUT: len(cut), GARBLED: garbled}
