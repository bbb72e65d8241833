"""Reads the journal of systemd through `journalctl`, which runs as a child and writes entries as they come.

Not by a reader of the files of our own: their format has five kinds of compression and hashing, and files that are
rotated while they are read; `journalctl` is on every machine that has a journal, and knows where an entry is after
files of the journal were removed.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from firstlight.errors import DecodeError, brief
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.tail.delivery import Surroundings, deliver
from firstlight.ingest.tail.notes import Notes
from firstlight.ingest.tail.settings import JournalLogs
from firstlight.wire.journal.export import ExportReader
from firstlight.wire.shippers.gathering import Gathered, Gathering

SOURCE: Final = "journal"
PROGRAM: Final = "journalctl"
STEP: Final = 1024 * 1024
"""Bytes that are read at a time."""

CURSOR: Final = "cursor"

LAST_WORDS: Final = 4096

GRACE: Final = 2.0
"""Seconds in which the child must have ended when it is told to."""

_log = logging.getLogger(__name__)


class JournalTailer:
    """Follows a journal. Belongs to one event loop."""

    def __init__(
        self,
        settings: JournalLogs,
        file: Path,
        around: Surroundings,
        program: Sequence[str] = (PROGRAM,),
        retry: float = 5.0,
    ) -> None:
        """Take where it is noted how far was read; raise PositionsUnreadable if that cannot be understood."""
        self._settings = settings
        self._around = around
        self._notes = Notes.load(file)
        self._program = tuple(program)
        self._retry = retry
        self._said = ""

    async def run(self) -> None:
        """Follow, until cancelled."""
        await self._notes.recover(self._around.has)
        while True:
            try:
                await self._follow()
            except (OSError, DecodeError) as error:
                self._complain(f"cannot read the journal: {error}")
            await asyncio.sleep(self._retry)

    def command(self) -> list[str]:
        """Return what is run, as far as was read now."""
        settings, cursor = self._settings, str(self._notes.marks.get(CURSOR, ""))
        told = [*self._program, "--output=export", "--follow", "--all", "--quiet", "--no-pager"]
        if settings.directory is not None:
            told.append(f"--directory={settings.directory}")
        told += [f"--unit={unit}" for unit in settings.units]
        if cursor:
            return [*told, "--no-tail", f"--after-cursor={cursor}"]
        return [*told, "--no-tail" if settings.start == "beginning" else "--lines=0"]

    async def _follow(self) -> None:
        reader, gathering = ExportReader(), Gathering(self._around.book)
        async with _running(self.command()) as child:
            if child.stdout is None or child.stderr is None:
                raise OSError("BUG: the child has no pipes")
            complaints = asyncio.create_task(_last_words(child.stderr))
            try:
                while data := await child.stdout.read(STEP):
                    await self._take(reader, gathering, data)
                status = await child.wait()
                words = brief((await complaints).decode(errors="replace").strip(), 300)
            finally:
                complaints.cancel()
        self._complain(f"{self._program[0]} ended with status {status}: {words}; it is started again")

    async def _take(self, reader: ExportReader, gathering: Gathering, data: bytes) -> None:
        observed_ns = self._around.stamps.next()
        gathered, fault = await self._around.in_worker(partial(_decoded, reader, gathering, data, observed_ns))
        if not gathered.empty:
            self._notes.intent = observed_ns, {CURSOR: reader.cursor} if reader.cursor else {}
            await self._around.save(self._notes.save)
            await deliver(self._around, gathered.batch, SOURCE, read=len(data), altered=gathered.altered)
            self._notes.settle()
        if fault is not None:
            raise fault

    def _complain(self, words: str) -> None:
        if words != self._said:
            self._said = words
            _log.warning("tail.journal: %s", words)


def _decoded(
    reader: ExportReader, gathering: Gathering, data: bytes, observed_ns: int
) -> tuple[Gathered, DecodeError | None]:
    """Return the entries that end in `data`, too few for more than one batch, and what is wrong after them."""
    fault = None
    try:
        for record in reader.take(data, gathering):
            gathering.add(record)
    except DecodeError as error:
        fault = error
    return gathering.drain(DEFAULT_TENANT, observed_ns), fault


async def _last_words(stream: asyncio.StreamReader) -> bytes:
    """Return the end of what a child complains of, read as it comes, so that it never waits for that."""
    kept = b""
    while data := await stream.read(LAST_WORDS):
        kept = (kept + data)[-LAST_WORDS:]
    return kept


@asynccontextmanager
async def _running(command: Sequence[str]) -> AsyncIterator[Process]:
    """Run a child, and see to it that it has ended afterwards."""
    child = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=STEP)
    try:
        yield child
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.terminate()
            try:
                await asyncio.wait_for(child.wait(), GRACE)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
