"""Receivers over HTTP, on a port of their own, before a store that a test decides about."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.routing import Route

from firstlight.config.units import ListenAddress
from firstlight.http.application import Application
from firstlight.http.listen import bound_address, open_socket
from firstlight.http.server import HttpServer
from firstlight.http.settings import HttpSettings
from firstlight.ingest.admission import Admission
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.receiver import Append
from firstlight.ingest.server import IngestServer
from firstlight.ingest.settings import IngestSettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry

ANYWHERE = ListenAddress("127.0.0.1", 0)

Routes = Callable[[HttpDoor], Sequence[Route]]


@dataclass(frozen=True, slots=True)
class Pushing:
    """Where it listens, and what it counts."""

    url: str
    telemetry: Telemetry

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the counts of an instrument by label values, without zeros."""
        family = next(one for one in self.telemetry.registry.collect() if one.name == name)
        return {tuple(value for _, value in one.labels): one.value for one in family.samples if one.value}


@asynccontextmanager
async def serving(append: Append, routes: Routes, settings: IngestSettings | None = None) -> AsyncIterator[Pushing]:
    """Serve the routes that `routes` makes with a door."""
    settings = settings or IngestSettings()
    http = HttpSettings(listen=ANYWHERE)
    telemetry = Telemetry(Registry())
    admission = Admission(settings, telemetry.ingest)
    with ThreadPoolExecutor(settings.workers) as workers:
        ingest = IngestServer(append, admission, telemetry.ingest, workers, time.time_ns)
        door = HttpDoor(ingest, admission, body_seconds=http.body_timeout)
        listener = open_socket(ANYWHERE, "http.listen")
        server = HttpServer(Application(list(routes(door)), telemetry.http), [listener], http, telemetry.http)
        await server.start()
        try:
            yield Pushing(f"http://{bound_address(listener)}", telemetry)
        finally:
            server.force()
            await server.stop()
