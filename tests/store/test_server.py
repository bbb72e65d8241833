"""The same store on a ClickHouse server: everything that holds of the engine inside, over HTTP."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from firstlight.errors import StoreBusy
from firstlight.model.batch import Rejections
from firstlight.model.tables import SCHEMAS
from firstlight.store.columns import TABLES
from firstlight.store.faults import QueryFailed, StoreUnusable
from firstlight.store.open import Store
from firstlight.store.settings import RetentionSettings, StoreSettings, WriterSettings
from firstlight.store.writer import REFUSED
from tests.store.bridge import PASSWORD, USER
from tests.store.opening import opened
from tests.store.rows import TODAY, batch, log_batch, table

pytestmark = pytest.mark.anyio

LOGIN = f"{USER}:{PASSWORD.replace('/', '%2F')}"
SECONDS_PER_DAY = 86_400


class Server:
    """A process that plays a ClickHouse server."""

    def __init__(self, directory: Path) -> None:
        ours = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "tests.store.bridge", str(directory)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=ours, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def settings(self, login: str = LOGIN) -> StoreSettings:
        """Return settings that name this server."""
        url = f"clickhouse://{login}@127.0.0.1:{self.port}/telemetry"
        return StoreSettings(url=url, writer=WriterSettings(max_delay=0))

    def stop(self) -> None:
        """End the process at once, if it still runs."""
        with self.process:
            self.process.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with nothing in it."""
    it = Server(tmp_path / "server")
    yield it
    it.stop()


@pytest.fixture
async def store(server: Server, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Store]:
    """A store on the server."""
    async with opened(tmp_path / "unused", server.settings(), RetentionSettings(logs=5 * SECONDS_PER_DAY)) as it:
        yield it
    assert not (tmp_path / "unused").exists()


async def bodies(store: Store) -> list[str]:
    found: list[str] = (await store.readers.query("SELECT body FROM log_records ORDER BY body"))["body"].to_pylist()
    return found


async def test_every_kind_is_stored_and_asked_for(store: Store) -> None:
    for kind in SCHEMAS:
        sent = table(kind, tenant=["é", "\0"])

        assert await store.writer.append(batch(**{kind: sent})) == Rejections()

        found = await store.readers.query(f"SELECT * FROM {TABLES[kind]} ORDER BY tenant DESC")
        assert found.select(sent.column_names).cast(sent.schema).equals(sent), kind


async def test_a_block_is_one_part(store: Store) -> None:
    many = pa.concat_tables([table("logs", tenant=[f"{number}"] * 100) for number in range(300)])

    await store.writer.append(batch(logs=many))

    assert (await store.status()).tables["logs"].parts == 1


async def test_poison_fails_alone(store: Store) -> None:
    await store.client.command("ALTER TABLE log_records ADD CONSTRAINT no_poison CHECK body != 'X'")

    answers = await asyncio.gather(*map(store.writer.append, [log_batch("a", "X"), log_batch("b")]))

    assert answers == [Rejections({REFUSED: 1}), Rejections()]
    assert await bodies(store) == ["a", "b"]


async def test_a_server_that_is_gone_is_busy_and_names_no_secret(store: Store, server: Server) -> None:
    server.stop()

    with pytest.raises(StoreBusy) as caught:
        await store.writer.append(log_batch("a"))

    assert "cannot store: " in str(caught.value)
    assert PASSWORD not in str(caught.value)


async def test_queries_are_bound_streamed_limited_and_stopped(store: Store) -> None:
    readers = store.client.readers(1, {"readonly": 1, "log_comment": "mine"})
    answer = await readers.query("SELECT {x:String} AS x, getSetting('readonly') AS readonly", {"x": "it's"})
    assert answer.to_pylist() == [{"x": "it's", "readonly": 1}]
    pieces = [piece async for piece in readers.stream("SELECT number FROM numbers(100000)", output="CSV")]
    assert b"".join(pieces).count(b"\n") == 100_000
    with pytest.raises(QueryFailed) as caught:
        await readers.query("CREATE TABLE x (y Int8) ENGINE = Memory")
    assert (caught.value.code, caught.value.name) == (164, "READONLY")
    assert str(caught.value).startswith("default: Cannot execute query in readonly mode")

    endless = asyncio.create_task(
        readers.query("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))")
    )
    await asyncio.sleep(0.3)
    endless.cancel()
    assert (await readers.query("SELECT 1 AS one"))["one"].to_pylist() == [1]


async def test_retention_drops_days(store: Store) -> None:
    await store.writer.append(log_batch("old", "new", days=[TODAY - 6, TODAY]))

    drops = await store.retention.enforce()

    assert [drop.partition.day for drop in drops] == [TODAY - 6]
    assert await bodies(store) == ["new"]


async def test_is_found_again(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        async with opened(tmp_path / "unused", server.settings()) as store:
            await store.writer.append(log_batch("a"))

    async with opened(tmp_path / "unused", server.settings()) as store:
        assert await bodies(store) == ["a", "a"]
        assert (await store.status()).location == f"clickhouse://127.0.0.1:{server.port}/telemetry"


async def test_a_wrong_password_is_refused_and_not_shown(server: Server, tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable) as caught:
        async with opened(tmp_path, server.settings("me:wr0ng")):
            pass

    assert str(caught.value).startswith(f"cannot open clickhouse://127.0.0.1:{server.port}/telemetry: ")
    assert "Authentication failed" in str(caught.value)
    assert "wr0ng" not in str(caught.value)


async def test_nobody_there_is_refused(server: Server, tmp_path: Path) -> None:
    server.stop()

    with pytest.raises(StoreUnusable, match=f"cannot open clickhouse://127.0.0.1:{server.port}/telemetry"):
        async with opened(tmp_path, server.settings()):
            pass
