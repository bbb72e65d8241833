"""Elasticsearch's protocol, in and out, about a store of its own: what the server puts together, without the server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.routing import Route

from firstlight.api.elastic.routes import elastic_routes
from firstlight.http.application import Application
from firstlight.ingest.admission import Admission
from firstlight.ingest.elastic.keeper import Keeper
from firstlight.ingest.elastic.routes import elastic_ingest_routes
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.server import IngestServer
from firstlight.ingest.settings import IngestSettings
from firstlight.query.engine import Engine
from firstlight.query.settings import QuerySettings
from firstlight.sdk.metrics import Registry
from firstlight.store.open import open_store
from firstlight.store.settings import RetentionSettings, StoreSettings, WriterSettings
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook

TENANT = "default"


@asynccontextmanager
async def routes(directory: Path, now_ns: Callable[[], int] = time.time_ns) -> AsyncIterator[Sequence[Route]]:
    """Hold open what answers as the server does on Elasticsearch's paths."""
    telemetry, queries, settings = Telemetry(Registry()), QuerySettings(), IngestSettings()
    store = await open_store(
        StoreSettings(writer=WriterSettings(max_delay=0.0)),
        RetentionSettings(),
        telemetry.store,
        directory=directory / "store",
        now_ns=now_ns,
    )
    try:
        book = LogBook()
        store.writer.committed.append(lambda kind, rows: book.learn(rows) if kind == "origins" else None)
        admission = Admission(settings, telemetry.ingest)
        keeper = Keeper(directory / "elasticsearch.json", now_ns)
        with ThreadPoolExecutor(settings.workers) as workers:
            ingest = IngestServer(store.writer.append, admission, telemetry.ingest, workers, now_ns)
            door = HttpDoor(ingest, admission, body_seconds=30)
            engine = Engine(queries, telemetry.query)
            sessions = store.client.readers(queries.max_running)
            yield [
                *elastic_ingest_routes(door, book, keeper),
                *elastic_routes(keeper, sessions, engine, store.client, TENANT, now_ms=lambda: now_ns() // 1_000_000),
            ]
    finally:
        await store.close()


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client of such an application."""
    async with routes(directory) as found:
        transport = httpx.ASGITransport(Application(found, Telemetry(Registry()).http))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client
