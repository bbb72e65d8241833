"""A disk that fills up: senders are told to try later, nothing acknowledged is lost, and with room it goes on."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstlight.errors import StoreFull
from firstlight.store.disk import LEAST, disk_of
from firstlight.store.open import Store
from firstlight.store.settings import RetentionSettings, StoreSettings, WriterSettings
from tests.store.opening import opened
from tests.store.rows import TODAY, log_batch

pytestmark = pytest.mark.anyio


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(tmp_path)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system, and only on Linux")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


async def fill(store: Store, day: int, name: str) -> int:
    """Append until the store is full; return how many rows it acknowledged."""
    rows = 0
    for number in range(1000):
        bodies = [hashlib.sha256(f"{name}.{number}.{row}".encode()).hexdigest() for row in range(2000)]
        try:
            await store.writer.append(log_batch(*bodies, days=[day] * len(bodies)))
        except StoreFull:
            return rows
        rows += len(bodies)
    raise AssertionError("the disk never filled")


async def count(store: Store) -> int:
    number: int = (await store.readers.query("SELECT count() AS count FROM log_records"))["count"][0].as_py()
    return number


@pytest.mark.parametrize("min_free", [0.02, 0.0], ids=["stopped before", "stopped by the engine"])
async def test_full_is_told_and_passes(small_disk: Path, min_free: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both when we stop in time and when the engine itself runs out of room, and after opening again."""
    if not min_free:
        monkeypatch.setattr("firstlight.store.disk.LEAST", 0)
    settings = StoreSettings(writer=WriterSettings(max_delay=0, min_free_disk=min_free))
    others = small_disk / "others"
    others.write_bytes(bytes(20 * 1024**2))
    async with opened(small_disk / "store", settings, RetentionSettings(min_free_disk=0)) as store:
        stored = await fill(store, TODAY, "first")
        stored += await fill(store, TODAY, "again")
        assert await count(store) == stored > 0

    async with opened(small_disk / "store", settings, RetentionSettings(min_free_disk=0)) as store:
        assert await count(store) == stored
        others.unlink()
        await until_there_is_room(small_disk)
        await store.writer.append(log_batch("y"))
        assert await count(store) == stored + 1


async def test_retention_makes_room_when_nothing_can_be_taken_in(small_disk: Path) -> None:
    """The room that is kept free is enough for the engine to drop the oldest day."""
    settings = StoreSettings(writer=WriterSettings(max_delay=0))
    async with opened(small_disk / "store", settings, RetentionSettings(min_free_disk=0.8)) as store:
        await fill(store, TODAY - 1, "old")

        async with asyncio.timeout(30):
            while not (drops := await store.retention.enforce()):  # noqa: ASYNC110 - merges may hold the last room
                await asyncio.sleep(0.05)

        assert [drop.partition.day for drop in drops] == [TODAY - 1]
        assert await count(store) == 0
        await until_there_is_room(small_disk)
        await store.writer.append(log_batch("new"))


async def until_there_is_room(directory: Path) -> None:
    """The engine deletes what was dropped or merged soon, not at once."""
    async with asyncio.timeout(30):
        while disk_of(directory).free < 2 * LEAST:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.05)
