"""Our own API, served over a real connection, about a store with a small world in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from firstlight.api.native.metrics import Metrics
from firstlight.api.native.rates import Rates, by_label
from firstlight.api.native.reading import Views
from firstlight.api.native.routes import native_routes
from firstlight.api.native.status import Told
from firstlight.api.native.tail import Tail
from firstlight.query.engine import Engine
from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.usage import Usage
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import SqlDoor
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store
from firstlight.telemetry import Telemetry
from tests.http.serving import serving
from tests.query.conftest import LIMITS
from tests.query.world import world
from tests.store.opening import opened
from tests.store.rows import NOW_NS

HEARTBEAT = 0.05
ROOM = 5


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass(frozen=True, slots=True)
class Api:
    """A running server, and what is behind it."""

    url: str
    store: Store
    tail: Tail
    telemetry: Telemetry
    clock: Clock
    rates: Rates
    paths: Sequence[str]
    usage: Usage


@asynccontextmanager
async def served(directory: Path, limits: QuerySettings = LIMITS) -> AsyncIterator[Api]:
    """Serve the API of a store in `directory`."""
    telemetry, clock = Telemetry(Registry()), Clock()
    async with opened(directory) as store:
        await store.writer.append(world())
        engine = Engine(limits, telemetry.query)
        tail = Tail(telemetry.query, max_followers=3, room=ROOM, heartbeat=HEARTBEAT)
        store.writer.committed.append(tail.committed)
        rates = Rates(lambda: by_label(telemetry.ingest.items, "signal"), clock)
        told = Told("1.2.3", store.status, telemetry, rates, lambda: clock.now - 90.0)
        door, views = SqlDoor(store.client, engine, limits), Views(store.client, engine, limits)
        usage = Usage(lambda: NOW_NS // 10**6)
        metrics = Metrics(store.client.readers(2, SESSION), engine, usage, "default")
        routes = native_routes(door, views, tail, told, metrics, now_ns=lambda: NOW_NS)
        async with serving(routes) as server:
            yield Api(server.url, store, tail, telemetry, clock, rates, [route.path for route in routes], usage)


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Api]:
    """The API, for all tests of a file."""
    async with served(tmp_path_factory.mktemp("store") / "store") as it:
        yield it
