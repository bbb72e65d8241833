"""The status over HTTP: what comes in, how fast, what is stored, what was refused."""

from __future__ import annotations

import httpx
import pytest

from firstlight.api.native.rates import Rates, by_label
from firstlight.sdk.metrics import Registry
from tests.api.conftest import Api, Clock
from tests.query.world import TRACES

pytestmark = pytest.mark.anyio

PATH = "/api/firstlight/v1/status"


async def test_status(api: Api) -> None:
    ingest = api.telemetry.ingest
    ingest.items.add(600, "otlp_http", "logs")
    ingest.items.add(60, "otlp_grpc", "logs")
    ingest.received_bytes.add(1000, "otlp_http", "logs")
    ingest.rejected_items.add(3, "otlp_http", "logs", "time out of range")
    ingest.requests.add(1, "otlp_http", "logs", "accepted")
    ingest.requests.add(2, "otlp_http", "logs", "busy")
    api.clock.now += 30
    async with httpx.AsyncClient(base_url=api.url) as client:
        status = (await client.get(PATH)).json()

    assert (status["version"], status["uptime_seconds"]) == ("1.2.3", 40.0)
    assert status["ingest"] == {
        "logs": {"items": 660, "per_second": 22.0},
        "traces": {"items": 0, "per_second": 0.0},
        "metrics": {"items": 0, "per_second": 0.0},
    }
    assert status["received_bytes"] == 1000
    assert status["rejected_items"] == {"time out of range": 3}
    assert status["refused_requests"] == {"busy": 2}
    logs = status["store"]["tables"]["logs"]
    assert (logs["rows"], logs["days"], logs["newest"][:19]) == (3 * TRACES + 1, 1, "2024-10-04T11:59:59")
    assert status["store"]["disk_bytes"] > logs["disk_bytes"] > 0
    assert status["store"]["disk"]["free_bytes"] > 0
    assert status["store"]["retention"]["logs"] == "30d"
    assert status["store"]["dropped"] == []


async def test_refuses_parameters(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        answer = await client.get(PATH, params={"verbose": "1"})

    assert answer.status_code == 400


RATES = [
    # what                     times of looking, and what was counted then      now, and the count   per second
    ("at once",                [],                                              (100.5, 10),         10.0),
    ("in the first minute",    [(105, 50), (110, 100)],                         (120, 200),          10.0),
    ("later",                  [(time, time * 2) for time in range(105, 400, 5)], (400, 800),        2.0),
    ("after a pause",          [(105, 100), (110, 100), (500, 100)],            (501, 100),          0.0),
]  # fmt: skip


@pytest.mark.parametrize(("looks", "now", "rate"), [row[1:] for row in RATES], ids=[row[0] for row in RATES])
def test_rates(looks: list[tuple[float, int]], now: tuple[float, int], rate: float) -> None:
    """What a minute brought, or less of it if the server is younger."""
    clock, counts = Clock(), {"logs": 0.0}
    rates = Rates(lambda: counts, clock)
    for time, count in looks:
        clock.now, counts["logs"] = time, count
        rates.look()
    clock.now, counts["logs"] = now

    assert rates.per_second() == {"logs": rate}


def test_counts_by_a_label() -> None:
    counter = Registry().counter("a_total", "A.", ("protocol", "signal"))
    counter.add(1, "x", "logs")
    counter.add(2, "y", "logs")
    counter.add(4, "y", "traces")

    assert by_label(counter, "signal") == {"logs": 3.0, "traces": 4.0}
