"""The whole store on a real engine: what is acknowledged is there, once, and what cannot be opened says why."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from firstlight.errors import StoreFull
from firstlight.model.batch import Rejections
from firstlight.model.tables import SCHEMAS
from firstlight.store.columns import TABLES
from firstlight.store.faults import StoreUnusable
from firstlight.store.open import Store
from firstlight.store.settings import StoreSettings, WriterSettings
from firstlight.store.writer import REFUSED
from tests.store.opening import opened
from tests.store.rows import NOW_NS, TODAY, batch, log_batch, logs, table

pytestmark = pytest.mark.anyio


async def bodies(store: Store) -> list[str]:
    found: list[str] = (await store.readers.query("SELECT body FROM log_records ORDER BY body"))["body"].to_pylist()
    return found


async def count(store: Store, kind: str, what: str) -> int:
    sql = f"SELECT {what} AS count FROM system.parts WHERE table = {{table:String}} AND active"
    number: int = (await store.client.query(sql, {"table": TABLES[kind]}))["count"][0].as_py()
    return number


@pytest.mark.parametrize("kind", SCHEMAS)
async def test_a_block_is_one_part(kind: str, store: Store) -> None:
    """However many requests and rows are in it: one part is all or nothing."""
    many = pa.concat_tables([table(kind, tenant=[f"{number}.{row}" for row in range(100)]) for number in range(300)])

    await store.writer.append(batch(**{kind: many}))

    assert (await count(store, kind, "count()"), await count(store, kind, "sum(rows)")) == (1, 30_000)


async def test_what_was_stored_is_there_when_opened_again(tmp_path: Path) -> None:
    for number in range(3):
        async with opened(tmp_path) as store:
            await store.writer.append(log_batch(str(number)))

    async with opened(tmp_path) as store:
        assert await bodies(store) == ["0", "1", "2"]


async def test_closing_stores_what_still_waits(tmp_path: Path) -> None:
    settings = StoreSettings(writer=WriterSettings(max_delay=10.0, settle=10.0))
    async with opened(tmp_path, settings) as store:
        waiting = asyncio.create_task(store.writer.append(log_batch("a")))
        await asyncio.sleep(0)

    assert await waiting == Rejections()
    async with opened(tmp_path) as store:
        assert await bodies(store) == ["a"]


async def test_poison_fails_alone_in_the_engine_too(store: Store) -> None:
    """Neighbours of its request and of its group are stored, once, and its own day's part too."""
    await store.client.command("ALTER TABLE log_records ADD CONSTRAINT no_poison CHECK body != 'X'")
    requests = [log_batch("a", "b"), log_batch("c", "X", "d", days=[TODAY - 1, TODAY, TODAY]), log_batch("e")]

    answers = await asyncio.gather(*map(store.writer.append, requests))

    assert answers == [Rejections(), Rejections({REFUSED: 1}), Rejections()]
    assert await bodies(store) == ["a", "b", "c", "d", "e"]


async def test_a_time_beyond_the_engines_days_fails_its_request_alone(store: Store) -> None:
    evil = batch(origins=table("origins", day=[2**30]), logs=logs("evil"))

    answers = await asyncio.gather(
        store.writer.append(evil), store.writer.append(log_batch("good")), return_exceptions=True
    )

    assert "out of" in str(answers[0])
    assert answers[1] == Rejections()
    assert await bodies(store) == ["good"]


async def test_a_disk_without_room_takes_nothing_in(tmp_path: Path) -> None:
    async with opened(tmp_path, StoreSettings(writer=WriterSettings(min_free_disk=1.0))) as store:
        with pytest.raises(StoreFull, match="of the disk's"):
            await store.writer.append(log_batch("a"))
        assert await bodies(store) == []


async def test_tells_how_it_is(store: Store, tmp_path: Path) -> None:
    await store.writer.append(batch(logs=logs("a", "b"), samples=table("samples", ts=[1_000, 2_000])))

    status = await store.status()

    logs_, samples = status.tables["logs"], status.tables["samples"]
    assert status.location == str(tmp_path / "store")
    assert (logs_.rows, logs_.parts, logs_.days, logs_.oldest_ns, logs_.newest_ns) == (2, 1, 1, NOW_NS, NOW_NS)
    assert (samples.rows, samples.oldest_ns, samples.newest_ns) == (2, 10**9, 2 * 10**9)
    assert (status.tables["spans"].rows, status.tables["spans"].newest_ns) == (0, None)
    assert 0 < status.disk_bytes == logs_.disk_bytes + samples.disk_bytes
    assert logs_.raw_bytes > 0
    assert 0 < status.disk.free <= status.disk.total


async def test_a_second_process_is_refused_before_the_engine_is_touched(store: Store, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from tests.store.opening import opened\n"
        "async def main():\n    async with opened(Path(sys.argv[1])): pass\n"
        "asyncio.run(main())"
    )
    ours = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, str(tmp_path / "store")],
        env=ours,
        capture_output=True,
        check=False,
    )

    assert f"process {os.getpid()} has it open" in second.stderr.decode()
    assert await store.writer.append(log_batch("a")) == Rejections()


async def test_a_directory_that_the_engine_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=r"has a \? in its name"):
        async with opened(tmp_path / "what?"):
            pass

    assert not (tmp_path / "what").exists()


@pytest.mark.parametrize("name", ["a space", "100%25", "ünï", "it's", "a&b=c+d"])
async def test_directories_of_any_other_name_are_opened(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path / name) as store:
        await store.writer.append(log_batch("a"))

    assert (tmp_path / name / "store").is_dir()


async def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    """The complaint is the engine's, with the place."""
    (tmp_path / "metadata").write_text("not a directory")

    with pytest.raises(StoreUnusable, match=f"cannot open {tmp_path}"):
        async with opened(tmp_path):
            pass
