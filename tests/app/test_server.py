"""The whole server: it starts, takes everything in, keeps it, is reloaded and stops."""

from __future__ import annotations

import json
import logging
import socket
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from firstlight.app.server import Server
from firstlight.http.listen import ListenError
from firstlight.store.faults import StoreUnusable
from tests.app.running import running, settings_for
from tests.ingest.requests import GOOD, NOW, logs

pytestmark = pytest.mark.anyio

PROTOBUF = {"content-type": "application/x-protobuf"}


async def rows(server: Server, sql: str) -> list[Any]:
    """Return what the store answers."""
    store = server.store
    assert store is not None
    found: list[Any] = (await store.readers.query(sql)).to_pylist()
    return found


@pytest.mark.parametrize("port", ["http", "otlp_http"])
async def test_keeps_what_it_takes_over_http(tmp_path: Path, port: str) -> None:
    """Every signal on every port, and still there when the server has been restarted."""
    settings = settings_for(tmp_path)
    async with running(settings) as it, httpx.AsyncClient() as client:
        for signal, request in GOOD.items():
            url = f"{getattr(it, port)}/v1/{signal}"
            got = await client.post(url, content=request.SerializeToString(), headers=PROTOBUF)
            assert (got.status_code, got.content) == (200, b"")
    async with running(settings) as it:
        counts = [
            (await rows(it.server, f"SELECT count() AS n FROM {table}"))[0]["n"]
            for table in ("log_records", "span_records", "samples")
        ]

    assert counts == [2, 2, 2]


async def test_keeps_what_it_takes_over_grpc(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path)) as it, grpc.aio.insecure_channel(it.otlp_grpc) as channel:
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
        )
        await method(logs("over grpc").SerializeToString())
        found = await rows(it.server, "SELECT body FROM log_records")

    assert found == [{"body": "over grpc"}]


async def test_what_is_known_to_be_stored_is_not_sent_again(tmp_path: Path) -> None:
    """Origins come with the first request only: the decoder is told what has become durable."""
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        for _ in range(3):
            await client.post(f"{it.http}/v1/logs", content=logs("a").SerializeToString(), headers=PROTOBUF)
        inserted = await metrics(client, it.http)

    assert inserted['firstlight_store_inserted_rows_total{kind="logs"}'] == 3
    assert inserted['firstlight_store_inserted_rows_total{kind="origins"}'] == 1


async def metrics(client: httpx.AsyncClient, url: str) -> dict[str, float]:
    """Return what `/metrics` says, by series."""
    text = (await client.get(f"{url}/metrics")).text
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
    }


async def test_answers_what_it_has_taken(tmp_path: Path) -> None:
    """By SQL, and counted in the status."""
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        await client.post(f"{it.http}/v1/logs", content=logs("a", "b").SerializeToString(), headers=PROTOBUF)
        question = {"query": "SELECT body FROM logs ORDER BY body"}
        got = await client.post(f"{it.http}/api/firstlight/v1/sql", json=question)
        status = await client.get(f"{it.http}/api/firstlight/v1/status")

    assert got.json()["rows"] == [["a"], ["b"]]
    assert status.json()["ingest"]["logs"]["items"] == 2


async def test_a_stop_lets_go_of_who_follows(tmp_path: Path) -> None:
    """A live tail never ends by itself; it would keep a stop waiting until the last."""
    async with (
        running(settings_for(tmp_path)) as it,
        httpx.AsyncClient() as client,
        client.stream("GET", f"{it.http}/api/firstlight/v1/logs/tail") as tail,
    ):
        lines = tail.aiter_lines()
        first = await anext(lines)
        await client.post(f"{it.http}/v1/logs", content=logs("a").SerializeToString(), headers=PROTOBUF)
        second = await anext(lines)
        await it.server.stop()
        rest = [line async for line in lines]

    assert json.loads(first) == {"following": True}
    assert json.loads(second)["body"] == "a"
    assert rest == []


async def test_speaks_about_itself(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        await client.post(f"{it.http}/v1/logs", content=logs("a", "b").SerializeToString(), headers=PROTOBUF)
        lives = await client.get(f"{it.http}/healthz")
        ready = await client.get(f"{it.http}/readyz")
        counted = await metrics(client, it.http)
        openmetrics = await client.get(f"{it.http}/metrics", headers={"accept": "application/openmetrics-text"})

    assert (lives.status_code, lives.text) == (200, "ok\n")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "complaints": {}})
    assert counted['firstlight_ingest_items_total{protocol="otlp_http",signal="logs"}'] == 2
    assert counted["process_resident_memory_bytes"] > 0
    assert openmetrics.text.endswith("# EOF\n")


async def test_says_that_it_is_not_ready_when_the_store_does_not_answer(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        assert it.server.store is not None
        await it.server.store.client.command("DROP DATABASE firstlight")
        got = await client.get(f"{it.http}/readyz")

    assert got.status_code == 503
    assert list(got.json()["complaints"]) == ["store"]


async def test_a_second_server_does_not_get_the_directory(tmp_path: Path) -> None:
    """And leaves the first one as it is."""
    settings = settings_for(tmp_path)
    async with running(settings) as it, httpx.AsyncClient() as client:
        with pytest.raises(StoreUnusable, match="one process per directory"):
            await Server(settings).start()
        got = await client.get(f"{it.http}/readyz")

    assert got.status_code == 200


async def test_what_cannot_start_leaves_nothing_open(tmp_path: Path) -> None:
    """What fails last is the gRPC port: by then the store is open, and HTTP is answered."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(tmp_path, f"otlp.grpc=127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ListenError, match="another program listens there"):
            await Server(settings).start()
    async with running(settings):
        pass


async def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path)) as it:
        await it.server.stop()
        await it.server.stop()


RELOADED = [
    # what                        override                        what the log says of it
    ("retention",                 "retention.logs=7d",            "settings reloaded: retention.logs"),
    ("a limit",                   "ingest.max_body=1KiB",         "settings reloaded: ingest.max_body"),
    ("a port",                    "http.listen=127.0.0.1:9",      "settings that need a restart to change: http.listen"),
    ("threads",                   "ingest.workers=7",             "settings that need a restart to change: ingest.workers"),
    ("nothing",                   "compat=false",                 "settings reloaded: nothing new to take over"),
]  # fmt: skip


@pytest.mark.parametrize(("override", "words"), [row[1:] for row in RELOADED], ids=[row[0] for row in RELOADED])
async def test_says_what_a_reload_changes(
    tmp_path: Path, override: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(settings_for(tmp_path)) as it:
        it.server.reload(settings_for(tmp_path, override))

    assert words in [record.getMessage() for record in caplog.records]


async def test_a_reload_holds_from_the_next_request_on(tmp_path: Path) -> None:
    body = logs("x" * 2000).SerializeToString()
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        before = await client.post(f"{it.http}/v1/logs", content=body, headers=PROTOBUF)
        it.server.reload(settings_for(tmp_path, "ingest.max_body=1KiB"))
        after = await client.post(f"{it.http}/v1/logs", content=body, headers=PROTOBUF)

    assert (before.status_code, after.status_code) == (200, 413)


async def test_a_poisoned_request_does_not_spoil_its_neighbours(tmp_path: Path) -> None:
    """A time that no table can hold, among good records: it is refused alone, and told of."""
    request = logs("good", "good")
    request.MergeFrom(logs("bad", time_ns=2**64 - 1))
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        got = await client.post(f"{it.http}/v1/logs", content=request.SerializeToString(), headers=PROTOBUF)
        found = await rows(it.server, "SELECT body, toUnixTimestamp64Nano(ts) AS ts FROM log_records")

    assert got.status_code == 200
    assert b"1 refused: 1 time after 2262" in got.content
    assert found == [{"body": "good", "ts": NOW}] * 2
