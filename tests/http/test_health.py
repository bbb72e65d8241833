"""Whether the server says that it lives, and is ready, and what stands against that."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from firstlight.http.health import Health, health_routes, starting_route
from tests.http.serving import serving

pytestmark = pytest.mark.anyio


async def fine() -> str:
    return ""


async def broken() -> str:
    return "the disk is full"


async def hanging() -> str:
    await asyncio.sleep(1000)
    return ""


READY = [
    # what                      phase        checks                                   status  complaints
    ("while it starts",         "starting",  {"store": broken},                       503,    {"server": "starting"}),
    ("when nothing is asked",   "",          {},                                      200,    {}),
    ("when all is well",        "",          {"store": fine, "lanes": fine},          200,    {}),
    ("when something is wrong", "",          {"store": broken, "lanes": fine},        503,    {"store": "the disk is full"}),
    ("when nobody answers",     "",          {"store": hanging, "lanes": broken},     503,    {"store": "no answer in 0.1 s", "lanes": "the disk is full"}),
    ("while it stops",          "stopping",  {"store": fine},                         503,    {"server": "stopping"}),
]  # fmt: skip


def expose(accept: str) -> tuple[bytes, str]:
    return f"for {accept}".encode(), "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("phase", "checks", "status", "complaints"), [row[1:] for row in READY], ids=[row[0] for row in READY]
)
async def test_readiness(
    phase: str, checks: dict[str, object], status: int, complaints: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firstlight.http.health.CHECK_SECONDS", 0.1)
    health = Health(phase)
    for name, check in checks.items():
        health.watch(name, check)  # type: ignore[arg-type]
    async with serving(health_routes(health, expose)) as server, httpx.AsyncClient() as client:
        got = await client.get(f"{server.url}/readyz")

    assert (got.status_code, got.json()) == (status, {"ready": status == 200, "complaints": complaints})


async def test_asks_to_come_again_while_it_starts() -> None:
    """A sender that is told "not found" would throw its records away."""
    async with serving([*health_routes(Health(), expose), starting_route()]) as server, httpx.AsyncClient() as client:
        got = await client.post(f"{server.url}/v1/logs", content=b"a body")
        lives = await client.get(f"{server.url}/healthz")

    assert (got.status_code, got.headers["retry-after"], lives.status_code) == (503, "1", 200)
    assert got.json() == {"error": "cannot answer /v1/logs yet: the server is starting; try again"}


async def test_lives_while_it_is_not_ready() -> None:
    async with serving(health_routes(Health(), expose)) as server, httpx.AsyncClient() as client:
        got = await client.get(f"{server.url}/healthz")

    assert (got.status_code, got.text) == (200, "ok\n")


async def test_metrics_are_in_the_format_that_is_asked_for() -> None:
    async with serving(health_routes(Health(), expose)) as server, httpx.AsyncClient() as client:
        got = await client.get(f"{server.url}/metrics", headers={"accept": "this"})

    assert got.text == "for this"
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
