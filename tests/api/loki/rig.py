"""Loki's API and its pushes, served over a real connection, about a store."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.routing import BaseRoute, Route

from firstlight.api.loki.deletion import Deletions
from firstlight.api.loki.followers import Followers
from firstlight.api.loki.routes import Needed, loki_routes
from firstlight.api.loki.shelf import Shelf
from firstlight.api.loki.status import Facts
from firstlight.ingest.admission import Admission
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.loki import LokiPush, LokiPushSettings, loki_push_routes
from firstlight.ingest.ndjson import Ndjson, ndjson_routes
from firstlight.ingest.server import IngestServer
from firstlight.ingest.settings import IngestSettings
from firstlight.query.engine import Engine
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import LogSource
from firstlight.query.metrics.settings import SESSION
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from firstlight.wire.loki.intake import PushIntake
from firstlight.wire.ndjson.reader import NdjsonReader
from tests.http.serving import serving
from tests.query.conftest import LIMITS
from tests.store.opening import opened

TENANT = "default"
SECOND = 10**9
NOW = 1_795_206_600 * SECOND
"""What time it is: half past eight in the evening of 2026-11-20, UTC, or so."""


@dataclass(frozen=True, slots=True)
class Loki:
    """A running server, and what is behind it."""

    client: httpx.AsyncClient
    url: str
    store: Store
    followers: Followers
    telemetry: Telemetry
    routes: Sequence[BaseRoute]
    cut: list[int] = field(default_factory=list)
    """How many lines were cut, at each time that some were."""

    async def push(self, labels: Mapping[str, str], *values: Any) -> None:
        """Push entries of one stream."""
        sent = {"streams": [{"stream": dict(labels), "values": list(values)}]}
        answer = await self.client.post("/loki/api/v1/push", json=sent)
        assert (answer.status_code, answer.text) == (204, "")

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Ask something of the API below its prefix, or of another path."""
        whole = path if path.startswith("/") else f"/loki/api/v1/{path}"
        return await self.client.get(whole, params=parameters)

    async def data(self, path: str, **parameters: Any) -> Any:
        """Return the data of a success."""
        answer = await self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@asynccontextmanager
async def served(
    directory: Path,
    *,
    push: LokiPushSettings | None = None,
    followers: Mapping[str, int] | None = None,
    logql: LogqlSettings | None = None,
) -> AsyncIterator[Loki]:
    """Serve the API of a store in `directory`."""
    telemetry, logql = Telemetry(Registry()), logql or LogqlSettings()
    admission = Admission(IngestSettings(), telemetry.ingest)
    cut: list[int] = []
    async with opened(directory, now_ns=lambda: NOW) as store:
        with ThreadPoolExecutor(2) as workers:
            book = LogBook()
            store.writer.committed.append(lambda kind, rows: book.learn(rows) if kind == "origins" else None)
            sessions = store.client.readers(2, SESSION)
            source = LogSource(sessions, workers, logql, now_ms=lambda: NOW // 10**6)
            store.writer.committed.append(source.learn)
            engine = Engine(LIMITS, telemetry.query)
            live = Followers(telemetry.query, **(followers or {}))
            store.writer.committed.append(live.committed)
            ingest = IngestServer(store.writer.append, admission, telemetry.ingest, workers, lambda: NOW)
            door = HttpDoor(ingest, admission, body_seconds=10.0)
            intake = PushIntake(book, (push or LokiPushSettings()).limits, cut.append)
            needed = Needed(
                door=LogqlDoor(source, engine, logql, time.monotonic),
                finder=source,
                shelf=Shelf(sessions, engine, source, TENANT),
                followers=live,
                facts=Facts("1.2.3", logql, config=lambda: "answers: true\n"),
                tenant=TENANT,
                deletions=Deletions(store.client, source, TENANT),
            )
            routes = [
                *loki_push_routes(door, LokiPush(intake, max_json=IngestSettings().max_json)),
                *ndjson_routes(door, Ndjson(NdjsonReader(book, on_cut=cut.append))),
                *loki_routes(needed, lambda: NOW),
            ]
            async with (
                serving(cast("list[Route]", routes)) as server,
                httpx.AsyncClient(base_url=server.url, timeout=30) as client,
            ):
                yield Loki(client, server.url, store, live, telemetry, routes, cut)
                live.close()
