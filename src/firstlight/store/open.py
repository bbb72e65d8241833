"""The store, opened: the engine with its schema up to date, a writer, retention, and a way to ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from firstlight.store import columns, disk, migrate
from firstlight.store.client import Client, Readers
from firstlight.store.location import Directory, Location, parse
from firstlight.store.retention import Retention
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.store.status import StoreStatus, status
from firstlight.store.writer import Writer
from firstlight.telemetry import StoreInstruments


class Store:
    """Everything that one process has of its store. To be opened with `open_store`."""

    def __init__(self, client: Client, writer: Writer, retention: Retention, readers: Readers) -> None:
        self.client = client
        self.writer = writer
        self.retention = retention
        """Does nothing until somebody runs it."""
        self.readers = readers
        """For queries of our own making; for those of users, see `Client.readers`."""

    async def status(self) -> StoreStatus:
        """Return what is stored and how it is. Raise QueryFailed if the engine does not say."""
        return await status(self.client, self.retention)

    async def close(self) -> None:
        """Make durable what was taken in, and let go of the engine."""
        await self.writer.close()
        await self.client.close()


async def open_store(
    settings: StoreSettings,
    retention: RetentionSettings,
    instruments: StoreInstruments,
    *,
    directory: Path,
    now_ns: Callable[[], int],
    upstream: Callable[[], int] = lambda: 0,
) -> Store:
    """Return the store that `settings` name, or else the one in `directory`. Raise StoreUnusable if it cannot be used.

    `upstream` returns how many requests are about to be appended: while there are some, inserts wait for them a little.
    """
    location = parse(settings.url) if settings.url else Directory(directory)
    client = await Client.open(location, memory=settings.memory)
    try:
        await migrate.migrate(client, migrate.shipped())
        await columns.check(client)
    except BaseException:
        await client.close()
        raise
    reserve = settings.writer.min_free_disk
    return Store(
        client,
        Writer(client.lane, settings.writer, instruments, check_room=_room_check(location, reserve), upstream=upstream),
        Retention(client, retention, instruments, reserve=reserve, now_ns=now_ns),
        client.readers(settings.readers),
    )


def _room_check(location: Location, reserve: float) -> Callable[[], None]:
    """Return what raises StoreFull when the disk is; a server looks after its own disk."""
    if not isinstance(location, Directory):
        return lambda: None
    path = location.path
    return lambda: disk.check_room(disk.disk_of(path), reserve)
