"""The way in, whole, on ports of its own, before a store that a test decides about."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from firstlight.config.units import ListenAddress
from firstlight.http.application import Application
from firstlight.http.grpc_server import GrpcServer
from firstlight.http.listen import bound_address, open_socket
from firstlight.http.server import HttpServer
from firstlight.http.settings import HttpSettings
from firstlight.ingest.admission import Admission
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.otlp.grpc import OtlpGrpc, export_handler
from firstlight.ingest.otlp.http import OtlpHttp
from firstlight.ingest.otlp.signals import SIGNALS, Decoder
from firstlight.ingest.receiver import Append
from firstlight.ingest.server import IngestServer
from firstlight.ingest.settings import IngestSettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import Telemetry
from firstlight.wire.otlp.decoder import OtlpDecoder
from firstlight.wire.otlp.names import Translation

ANYWHERE = ListenAddress("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Rig:
    """Where it listens, and what it counts."""

    http: str
    grpc: str
    ingest: IngestServer
    http_server: HttpServer
    grpc_server: GrpcServer
    telemetry: Telemetry

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the counts of an instrument by label values, without zeros."""
        family = next(one for one in self.telemetry.registry.collect() if one.name == name)
        return {tuple(value for _, value in one.labels): one.value for one in family.samples if one.value}


@asynccontextmanager
async def running(
    append: Append,
    settings: IngestSettings | None = None,
    *,
    decoder: Decoder | None = None,
    http: HttpSettings | None = None,
) -> AsyncIterator[Rig]:
    """Serve OTLP over HTTP and gRPC."""
    settings = settings or IngestSettings()
    http = http or HttpSettings(listen=ANYWHERE)
    telemetry = Telemetry(Registry())
    decoder = decoder or OtlpDecoder(Translation())
    admission = Admission(settings, telemetry.ingest)
    with ThreadPoolExecutor(settings.workers) as workers:
        ingest = IngestServer(append, admission, telemetry.ingest, workers, time.time_ns)
        door = HttpDoor(ingest, admission, body_seconds=http.body_timeout)
        routes = [door.route(signal.path, OtlpHttp(signal, decoder, max_json=settings.max_json)) for signal in SIGNALS]
        listener = open_socket(ANYWHERE, "http.listen")
        http_server = HttpServer(Application(routes, telemetry.http), [listener], http, telemetry.http)
        methods = [
            export_handler(signal, OtlpGrpc(signal, decoder), ingest, message_seconds=http.body_timeout)
            for signal in SIGNALS
        ]
        grpc_server = GrpcServer(methods, ANYWHERE, "otlp.grpc", max_message=settings.max_decompressed)
        url = f"http://{bound_address(listener)}"
        await http_server.start()
        target = str(await grpc_server.start())
        try:
            yield Rig(url, target, ingest, http_server, grpc_server, telemetry)
        finally:
            await grpc_server.stop(0)
            http_server.force()
            await http_server.stop()
