"""The SQL door of a store on a ClickHouse server: the same answers, and the same fence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firstlight.errors import QueryError
from firstlight.query.engine import Engine
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.sql.door import SqlDoor
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.query.conftest import LIMITS
from tests.query.sql.asking import answer_of, bytes_of, rows_of
from tests.query.world import TRACE_ID, TRACES, world
from tests.store.opening import opened
from tests.store.test_server import Server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def remote(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[SqlDoor]:
    """The door of a store on a server, in a database with another name than usual."""
    server = Server(tmp_path_factory.mktemp("server") / "server")
    try:
        async with opened(Path("unused"), server.settings()) as store:
            await store.writer.append(world())
            yield SqlDoor(store.client, Engine(LIMITS, QueryInstruments(Registry())), LIMITS)
    finally:
        server.stop()


async def test_answers(remote: SqlDoor) -> None:
    answer = await answer_of(
        remote,
        "SELECT service, count() FROM spans WHERE trace_id = {id:String} GROUP BY service ORDER BY service",
        id=TRACE_ID,
    )

    assert answer["rows"] == [["cart", 1], ["payments", 1], ["shop", 1]]
    assert answer["statistics"]["rows_read"] == 3 * TRACES


async def test_resource_is_there_when_it_is_asked_for(remote: SqlDoor) -> None:
    assert await rows_of(remote, "SELECT DISTINCT resource['host.name'] FROM logs WHERE service = 'cart'") == [
        ["host-1"]
    ]
    assert "resource" not in (await answer_of(remote, "SELECT body FROM logs LIMIT 1"))["columns"][0]["name"]


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "arrow"])
async def test_every_form(remote: SqlDoor, form: str) -> None:
    assert b"card declined" in await bytes_of(remote, "SELECT body FROM logs WHERE level = 'error'", form)


async def test_json_is_cut(remote: SqlDoor) -> None:
    answer = await answer_of(remote, "SELECT number FROM numbers(1000000)")

    assert (answer["row_count"], answer["truncated"]) == (LIMITS.max_rows, True)


REFUSED = [
    # what                  statement
    ("a table",             "SELECT * FROM telemetry.log_records"),
    ("a view elsewhere",    "SELECT * FROM firstlight_sql.logs"),
    ("a file",              "SELECT file('/etc/passwd')"),
    ("another statement",   "DROP VIEW logs"),
    ("another setting",     "SELECT 1 SETTINGS max_execution_time = 0"),
]  # fmt: skip


@pytest.mark.parametrize("statement", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(remote: SqlDoor, statement: str) -> None:
    with pytest.raises(QueryError):
        await rows_of(remote, statement)


async def test_a_failed_query(remote: SqlDoor) -> None:
    with pytest.raises(QueryFault) as caught:
        await rows_of(remote, "SELECT throwIf(number = 5) FROM numbers(10)")

    assert caught.value.reason is Reason.FAILED
    assert str(caught.value) == "cannot answer: Value passed to 'throwIf' function is non-zero"
