"""The whole server in this process, on ports of its own, with the real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from firstlight.app.server import Server
from firstlight.app.settings import Settings
from firstlight.config.read import read

ANYWHERE = [
    "http.listen=127.0.0.1:0",
    "otlp.grpc=127.0.0.1:0",
    "otlp.http=127.0.0.1:0",
    "prometheus.scrape_self=false",
    "prometheus.scrape_host=false",
]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that has started."""

    server: Server
    http: str
    otlp_http: str
    otlp_grpc: str


def settings_for(directory: Path, *overrides: str) -> Settings:
    """Return settings for a server whose data are in `directory`."""
    return read(Settings, overrides=[f"data={directory / 'data'}", *ANYWHERE, *overrides])


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Hold a server open."""
    server = Server(settings)
    listening = await server.start()
    try:
        where = listening.addresses
        yield Running(server, where["HTTP"], where["OTLP/HTTP"], where["OTLP/gRPC"])
    finally:
        await server.stop()
