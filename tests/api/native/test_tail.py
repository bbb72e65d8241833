"""The live tail: who follows sees what is committed, once it is, and is told what was left out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from firstlight.api.native.tail import Tail, Wanted
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.api.conftest import ROOM, Api
from tests.query.world import TRACE_ID, columns, logs, spans, trace_id, world
from tests.store.rows import log_batch, table

pytestmark = pytest.mark.anyio

PATH = "/api/firstlight/v1/logs/tail"


@asynccontextmanager
async def following(api: Api, **parameters: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Follow, and hand over the lines that come, from the first on."""
    async with (
        httpx.AsyncClient(base_url=api.url) as client,
        client.stream("GET", PATH, params=parameters) as answer,
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
        lines = answer.aiter_lines()
        assert json.loads(await anext(lines)) == {"following": True}
        yield (json.loads(line) async for line in lines)


async def next_record(lines: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """Return the next line that is no sign of life."""
    while (line := await anext(lines)) == {"heartbeat": True}:
        pass
    return line


async def test_shows_what_was_committed(api: Api) -> None:
    async with following(api) as lines:
        await api.store.writer.append(log_batch("one", "two"))
        first, second = await next_record(lines), await next_record(lines)

    assert [first["body"], second["body"]] == ["one", "two"]
    assert first["ts"] == "2024-10-04T12:00:00.000000000Z"


async def test_shows_a_record_as_the_view_does(api: Api) -> None:
    """What is followed reads like what is looked up."""
    record = next(log for log in logs() if log["severity"] == 17)
    async with following(api, level="error") as lines:
        await api.store.writer.append(log_batch("nobody wants this"))
        api.tail.committed("logs", columns("logs", iter([record])))
        shown = await next_record(lines)
    async with httpx.AsyncClient(base_url=api.url) as client:
        listed = await client.get("/api/firstlight/v1/logs", params={"level": "error", "order": "oldest", "limit": 1})

    assert shown == listed.json()["logs"][0]


async def test_gives_signs_of_life(api: Api) -> None:
    async with following(api) as lines:
        assert await anext(lines) == {"heartbeat": True}


async def test_refuses_more_than_may_follow(api: Api) -> None:
    async with following(api), following(api), following(api), httpx.AsyncClient(base_url=api.url) as client:
        answer = await client.get(PATH)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_refuses_what_makes_no_sense(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        answer = await client.get(PATH, params={"level": "eror"})

    assert answer.status_code == 400
    assert 'did you mean "error"?' in answer.json()["error"]


async def test_ends_when_the_server_stops(api: Api) -> None:
    async with following(api) as lines:
        api.tail.close()
        assert [line async for line in lines if line != {"heartbeat": True}] == []


WANTED = [
    # what               wanted                                     bodies
    ("all",              Wanted(),                                  ["GET /checkout for user 0", "add for user 0", "card declined for user 0", "GET /checkout for user 1"]),
    ("a service",        Wanted(service="cart"),                    ["add for user 0"]),
    ("a level",          Wanted(severity=17),                       ["card declined for user 0"]),
    ("words",            Wanted(contains="DECLINED"),               ["card declined for user 0"]),
    ("no pattern",       Wanted(contains="card.*"),                 []),
    ("a trace",          Wanted(trace_id=trace_id(1)),              ["GET /checkout for user 1"]),
    ("all of it",        Wanted("shop", 9, "user", trace_id(0)),    ["GET /checkout for user 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "bodies"), [row[1:] for row in WANTED], ids=[row[0] for row in WANTED])
def test_wanted(wanted: Wanted, bodies: list[str]) -> None:
    assert wanted.among(world().tables["logs"].slice(0, 4))["body"].to_pylist() == bodies


async def test_who_reads_slowly_loses_the_oldest_and_is_told() -> None:
    instruments = QueryInstruments(Registry())
    tail = Tail(instruments, room=ROOM)
    followed = tail.follow(Wanted())
    await anext(followed)
    for number in range(3):
        tail.committed("logs", table("logs", body=[f"{number}.{one}" for one in range(4)]))
    told, rest = await anext(followed), await anext(followed) + await anext(followed)

    assert json.loads(told) == {"dropped": 12 - ROOM}
    assert [json.loads(line)["body"] for line in rest.splitlines()] == ["1.3", "2.0", "2.1", "2.2", "2.3"]
    assert instruments.tail_dropped_records.collect().samples[0].value == 12 - ROOM
    await followed.aclose()


async def test_nothing_is_done_when_nobody_follows() -> None:
    """Not even rows of the right kind are looked at."""
    tail = Tail(QueryInstruments(Registry()))

    tail.committed("logs", None)
    async for _ in tail.follow(Wanted()):
        tail.committed("spans", columns("spans", spans()))
        break


async def test_who_left_is_forgotten() -> None:
    instruments = QueryInstruments(Registry())
    tail = Tail(instruments)
    followed = tail.follow(Wanted(trace_id=bytes.fromhex(TRACE_ID)))
    await anext(followed)
    assert instruments.tail_subscribers.collect().samples[0].value == 1
    await followed.aclose()

    assert instruments.tail_subscribers.collect().samples[0].value == 0
