"""Queries: bound, answered, stopped when nobody waits for them any more, and no more at once than are allowed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from firstlight.store.client import Client
from firstlight.store.faults import QueryFailed, StoreUnusable

pytestmark = pytest.mark.anyio

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"
ROWS = "SELECT number FROM numbers(200000)"


async def running(client: Client) -> int:
    answer = await client.query("SELECT count() AS count FROM system.processes WHERE query LIKE '%sipHash64(number)%'")
    return int(answer["count"][0].as_py()) - 1  # this one


async def until_running(client: Client, count: int) -> None:
    async with asyncio.timeout(20):
        while await running(client) != count:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.01)


async def test_parameters_are_bound_and_never_read_as_sql(client: Client) -> None:
    text = "it's; DROP TABLE x -- \\ \n é"

    answer = await client.readers(1).query(
        "SELECT {text:String} AS text, {n:UInt64} AS n", {"text": text, "n": 2**64 - 1}
    )

    assert answer.to_pylist() == [{"text": text, "n": 2**64 - 1}]


async def test_an_answer_without_rows_has_its_columns(client: Client) -> None:
    answer = await client.readers(1).query("SELECT 1 AS a, 'x' AS b WHERE 0")

    assert answer.column_names == ["a", "b"]
    assert answer.num_rows == 0


async def test_a_query_that_fails_says_why(client: Client) -> None:
    with pytest.raises(QueryFailed) as caught:
        await client.readers(1).query("SELECT nothing")

    assert (caught.value.code, caught.value.name) == (47, "UNKNOWN_IDENTIFIER")
    assert str(caught.value).startswith("Unknown expression identifier `nothing`")


async def test_streams_in_pieces(client: Client) -> None:
    pieces = [piece async for piece in client.readers(1).stream(ROWS, output="JSONEachRow")]

    assert len(pieces) > 1
    assert b"".join(pieces).count(b"\n") == 200_000


async def test_a_stream_that_nobody_reads_to_its_end_lets_the_next_begin(client: Client) -> None:
    readers = client.readers(1)
    async with aclosing(readers.stream("SELECT number FROM numbers(1000000000000)", output="JSONEachRow")) as stream:
        async for _ in stream:
            break

    assert (await readers.query("SELECT 1 AS one"))["one"].to_pylist() == [1]


async def test_a_cancelled_query_is_stopped_and_the_next_may_begin(client: Client) -> None:
    readers = client.readers(1)
    query = asyncio.create_task(readers.query(ENDLESS))
    await until_running(client, 1)

    query.cancel()

    assert (await readers.query("SELECT 1 AS one"))["one"].to_pylist() == [1]
    assert query.cancelled()
    assert await running(client) == 0


async def test_a_query_cancelled_before_it_began_is_never_run(client: Client) -> None:
    readers = client.readers(1)
    query = asyncio.create_task(readers.query(ENDLESS))
    await asyncio.sleep(0)
    query.cancel()

    assert (await readers.query("SELECT 1 AS one"))["one"].to_pylist() == [1]


async def test_stopping_one_query_stops_no_other(client: Client) -> None:
    readers = client.readers(2)
    queries = [asyncio.create_task(readers.query(ENDLESS)) for _ in range(2)]
    await until_running(client, 2)

    queries[0].cancel()
    await until_running(client, 1)

    assert not queries[1].done()
    queries[1].cancel()
    await until_running(client, 0)


async def test_who_comes_too_many_waits_for_a_turn(client: Client) -> None:
    readers = client.readers(1)
    first = asyncio.create_task(readers.query(ENDLESS))
    await until_running(client, 1)
    second = asyncio.create_task(readers.query("SELECT 1"))
    await asyncio.sleep(0.05)

    assert not second.done()
    first.cancel()
    assert (await second).num_rows == 1


LIMITS = [
    # what             settings                          query                                          code
    ("writes",         {"readonly": 1},                  "CREATE TABLE t (x Int8) ENGINE = Memory",     164),
    ("its own limits", {"readonly": 1},                  "SELECT 1 SETTINGS max_execution_time = 9",    164),
    ("files",          {"readonly": 1},                  "SELECT * FROM file('/etc/passwd', RawBLOB)",  164),
    ("too long",       {"max_execution_time": 1},        ENDLESS,                                       159),
    ("too much memory", {"max_memory_usage": 10_000_000}, "SELECT groupArray(number) FROM numbers(10000000)", 241),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "sql", "code"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
async def test_settings_hold_for_every_query(client: Client, settings: dict[str, int], sql: str, code: int) -> None:
    readers = client.readers(1, settings)
    for _ in range(2):
        with pytest.raises(QueryFailed) as caught:
            await readers.query(sql)

        assert caught.value.code == code


async def test_closing_stops_what_still_runs(client: Client) -> None:
    readers = client.readers(2)
    query = asyncio.create_task(readers.query(ENDLESS))
    await until_running(client, 1)

    await readers.close()

    with pytest.raises(QueryFailed, match="cancelled"):
        await query
    with pytest.raises(StoreUnusable, match="it is closed"):
        await readers.query("SELECT 1")
