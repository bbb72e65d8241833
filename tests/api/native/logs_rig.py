"""What our own API tells of logs, served over a real connection, about a store; lines come in as NDJSON."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.routing import Route

from firstlight.api.loki.followers import Followers
from firstlight.api.native.logs_asked import Logs
from firstlight.api.native.logs_routes import logs_routes
from firstlight.api.native.routes import PREFIX
from firstlight.ingest.admission import Admission
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.ndjson import Ndjson, ndjson_routes
from firstlight.ingest.server import IngestServer
from firstlight.ingest.settings import IngestSettings
from firstlight.query.engine import Engine
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import LogSource
from firstlight.query.logs.patterns import PatternSource
from firstlight.query.logs.searches import FILE, SavedSearches
from firstlight.query.metrics.settings import SESSION
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder
from firstlight.wire.ndjson.reader import NdjsonReader
from tests.http.serving import serving
from tests.query.conftest import LIMITS
from tests.query.logql.stored import Row
from tests.store.opening import opened
from tests.store.rows import NOW_NS

SECOND = 10**9
TENANT = "default"
LOGS = f"{PREFIX}/logs"


@dataclass(frozen=True, slots=True)
class LogsApi:
    """A running server, and what is behind it."""

    client: httpx.AsyncClient
    url: str
    store: Store
    book: LogBook
    logs: Logs
    paths: Sequence[str]

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Ask for something below `logs/`."""
        return await self.client.get(f"{LOGS}/{path}", params=parameters)

    async def told(self, path: str, **parameters: Any) -> Any:
        """Return what is answered to what makes sense."""
        answer = await self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def write(self, rows: Sequence[Row]) -> None:
        """Store lines; they are `at` so many seconds before now."""
        sheet = SheetBuilder()
        for row in rows:
            origin = self.book.origin(row.resource, labels=None if row.by_resource else dict(row.labels))
            sheet.add(
                origin, ago(row.at), row.line, row.severity, row.severity_text,
                attributes=row.metadata, trace_id=row.trace_id,
            )  # fmt: skip
        refused = await self.store.writer.append(self.book.batch(TENANT, sheet.sheet(), NOW_NS))
        assert not refused.total, refused.message


def ago(seconds: float) -> int:
    """Return the time so many seconds before now."""
    return NOW_NS - round(seconds * SECOND)


def labels_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Return all that a row says of a line beside it."""
    return {**row["labels"], **row["metadata"], **row["parsed"]}


@asynccontextmanager
async def logs_served(directory: Path) -> AsyncIterator[LogsApi]:
    """Serve the API of a store in `directory`."""
    telemetry, settings = Telemetry(Registry()), LogqlSettings()
    admission = Admission(IngestSettings(), telemetry.ingest)
    async with opened(directory / "store") as store:
        with ThreadPoolExecutor(2) as workers:
            book = LogBook()
            store.writer.committed.append(lambda kind, rows: book.learn(rows) if kind == "origins" else None)
            sessions = store.client.readers(2, SESSION)
            source = LogSource(sessions, workers, settings, now_ms=lambda: NOW_NS // 10**6)
            store.writer.committed.append(source.learn)
            engine = Engine(LIMITS, telemetry.query)
            followers = Followers(telemetry.query)
            store.writer.committed.append(followers.committed)
            ingest = IngestServer(store.writer.append, admission, telemetry.ingest, workers, lambda: NOW_NS)
            door = HttpDoor(ingest, admission, body_seconds=10.0)
            logs = Logs(
                source=source,
                door=LogqlDoor(source, engine, settings, time.monotonic),
                engine=engine,
                patterns=PatternSource(sessions, engine),
                followers=followers,
                searches=SavedSearches(directory / FILE),
                tenant=TENANT,
            )
            own = logs_routes(logs, PREFIX, lambda: NOW_NS)
            routes = cast("list[Route]", [*own, *ndjson_routes(door, Ndjson(NdjsonReader(book)))])
            async with (
                serving(routes) as server,
                httpx.AsyncClient(base_url=server.url, timeout=30) as client,
            ):
                yield LogsApi(client, server.url, store, book, logs, [route.path for route in own])
                followers.close()
