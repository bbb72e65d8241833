"""An HTTP server on a port of its own, and a client that may behave badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.routing import Route

from firstlight.config.units import ListenAddress
from firstlight.http.application import Application
from firstlight.http.listen import bound_address, open_socket
from firstlight.http.server import HttpServer
from firstlight.http.settings import HttpSettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry

ANYWHERE = ListenAddress("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server."""

    address: ListenAddress
    server: HttpServer
    telemetry: Telemetry

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address}"

    async def say(self, data: bytes) -> bytes:
        """Send `data` over a connection of its own, and return all that comes until the server closes it."""
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port)
        writer.write(data)
        answer = await reader.read()
        writer.close()
        return answer

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the values of an instrument by label values, without zeros."""
        family = next(one for one in self.telemetry.registry.collect() if one.name == name)
        return {tuple(value for _, value in one.labels): one.value for one in family.samples if one.value}


@asynccontextmanager
async def serving(routes: Sequence[Route], settings: HttpSettings | None = None) -> AsyncIterator[Serving]:
    """Answer on `routes`."""
    telemetry = Telemetry(Registry())
    settings = settings or HttpSettings()
    listener = open_socket(ANYWHERE, "http.listen")
    address = bound_address(listener)
    server = HttpServer(Application(routes, telemetry.http), [listener], settings, telemetry.http)
    await server.start()
    try:
        yield Serving(address, server, telemetry)
    finally:
        server.force()
        await server.stop()
