"""`firstlight status`: what it shows of a server, and what it exits with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstlight.cli.main import main
from tests.app.running import running, settings_for
from tests.cli.answering import READY, STATUS, Answer, answering, in_berlin, said_by
from tests.ingest.requests import GOOD

GIB = 1024**3


def table(rows: int) -> dict[str, Any]:
    """Return what the server says of a table with so many rows."""
    times = {"oldest": "2024-01-01T23:00:00.000000000Z", "newest": "2024-01-02T03:04:05.678000000Z"}
    return {
        "rows": rows,
        "disk_bytes": rows * 100,
        "raw_bytes": rows * 500,
        "days": 2 if rows else 0,
        **(times if rows else dict.fromkeys(times)),
    }


TOLD: dict[str, Any] = {
    "version": "1.2.3",
    "uptime_seconds": 7325.4,
    "ingest": {"logs": {"items": 12_345, "per_second": 99.94}, "traces": {"items": 0, "per_second": 0.0}},
    "received_bytes": 1,
    "rejected_items": {"no time": 2, "trace_id not 16 bytes": 1_000},
    "refused_requests": {"busy": 3},
    "under_way": {"requests": 1, "queued_bytes": 2048, "live_tails": 2},
    "store": {
        "location": "/data/store",
        "disk_bytes": 3 * GIB,
        "disk": {"total_bytes": 100 * GIB, "free_bytes": 25 * GIB},
        "tables": {"logs": table(12_345), "spans": table(0)},
        "retention": {
            "logs": "30d",
            "traces": "14d",
            "metrics": "90d",
            "max_disk_bytes": "50GiB",
            "min_free_disk": "10%",
            "check_interval": "1m",
        },
        "dropped": [{"time": "", "kind": "logs", "day": "2023-12-01", "rows": 1, "bytes": 1, "reason": "too old"}],
    },
    "queries": {},
}

TEXT = """\
firstlight 1.2.3 at URL: ready, up for 2 h 2 m
  data      /data/store
  disk      3 GiB used, 25 GiB free (25%)
  kept      logs 30d, traces 14d, metrics 90d, at most 50GiB on disk, 10% of the disk left free
  now       1 request coming in, 2 KiB waiting to be stored, 2 live tails
  dropped   logs of 2023-12-01: too old

received   items  a second
logs      12,345      99.9
traces         0       0.0

rejected (items refused while others of their request were not)
  1,000  trace_id not 16 bytes
  2  no time

refused (requests refused whole)
  3  busy

stored    rows   on disk  unpacked  days  oldest               newest
logs    12,345  1.18 MiB  5.89 MiB     2  2024-01-02 00:00:00  2024-01-02 04:04:05
spans        0       0 B       0 B     0
"""

IS_READY = Answer.of({"ready": True, "complaints": {}})
NOT_READY = Answer.of({"ready": False, "complaints": {"store": "no answer in 2 s"}}, 503)


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_berlin():
        yield


def test_shows_how_the_server_is(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({READY: [IS_READY], STATUS: [Answer.of(TOLD)]}) as it:
        assert main(["status", "--server", it.url]) == 0

    assert capsys.readouterr().out.replace(it.url, "URL") == TEXT


def test_says_why_it_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({READY: [NOT_READY], STATUS: [Answer.of(TOLD)]}) as it:
        assert main(["status", "--server", it.url]) == 1

    assert capsys.readouterr().out.splitlines()[:2] == [
        f"firstlight 1.2.3 at {it.url}: not ready, up for 2 h 2 m",
        "  store: no answer in 2 s",
    ]


def test_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({READY: [IS_READY], STATUS: [Answer.of(TOLD)]}) as it:
        assert main(["status", "--format", "json", "--server", it.url]) == 0

    assert json.loads(capsys.readouterr().out) == {**TOLD, "ready": True, "complaints": {}}


def test_says_that_the_server_is_starting(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(
        {READY: [NOT_READY], STATUS: [Answer.of({"error": "the server is starting; try again"}, 503)]}
    ) as it:
        assert main(["status", "--server", it.url]) == 1

    assert capsys.readouterr().err == "the server is starting; try again\n"


@pytest.mark.anyio
async def test_asks_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        body = GOOD["logs"].SerializeToString()
        await client.post(f"{it.http}/v1/logs", content=body, headers={"content-type": "application/x-protobuf"})
        told = json.loads(await said_by(it, capsys, "status", "--format", "json"))
        text = await said_by(it, capsys, "status")

    assert (told["ready"], told["ingest"]["logs"]["items"], told["store"]["tables"]["logs"]["rows"]) == (True, 2, 2)
    assert f"firstlight {told['version']} at {it.http}: ready, up for " in text
