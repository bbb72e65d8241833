"""Prometheus' API, served over a real connection, about a store with a few series in it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from firstlight.api.prometheus.lifecycle import lifecycle_routes
from firstlight.api.prometheus.routes import Needed, common_of, prometheus_routes, unknown_route
from firstlight.api.prometheus.shelf import Shelf
from firstlight.api.prometheus.status import Facts, Reloaded
from firstlight.errors import ConfigError
from firstlight.model.batch import Batch
from firstlight.model.targets import ActiveTarget, DroppedTarget, Health, MetricMeaning
from firstlight.query.engine import Engine
from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.door import PromqlDoor
from firstlight.query.promql.settings import PromqlSettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.http.serving import serving
from tests.query.conftest import LIMITS
from tests.query.metrics.shop import NOW, STALE, Shop, row, shop
from tests.query.world import columns
from tests.store.rows import TODAY

MINUTE = 60_000

ROWS = [
    row("up", "job=a,instance=x", {-2 * MINUTE: 1.0, -MINUTE: 1.0, 0: 0.0}),
    row("up", "job=b,instance=y,zone=own", {-2 * MINUTE: 1.0, -MINUTE: 1.0, 0: 1.0}),
    row("requests_total", "job=a,code=200", {-2 * MINUTE: 10.0, -MINUTE: 70.0, 0: 130.0}),
    row("requests_total", "job=a,code=500", {-2 * MINUTE: 0.0, -MINUTE: 0.0, 0: 1_000_000.0}),
    row("gone", "job=a", {-2 * MINUTE: 3.0, -MINUTE: STALE}),
    row("old", "job=a", {-10 * MINUTE: 3.0}),
    row("http.size", "my.label=a\"b", {0: 0.5}),
    row("foreign", "job=z", {0: 1.0}, tenant="other"),
]  # fmt: skip

METADATA = [
    ("up", "gauge", "Whether it is up.", ""),
    ("up", "gauge", "Whether it was up.", ""),
    ("requests_total", "counter", "Requests.", ""),
]


@dataclass(slots=True)
class Scraped:
    """Two targets, of which one is down, and one that a rule dropped."""

    up: ActiveTarget = field(
        default_factory=lambda: ActiveTarget(
            pool="a",
            url="http://x:80/metrics",
            labels={"instance": "x", "job": "a"},
            discovered={"__address__": "x:80", "job": "a"},
            interval=15.0,
            timeout=10.0,
            health=Health.UP,
            last_scrape_ms=NOW - 1_500,
            last_seconds=0.25,
            last_samples=7,
        )
    )

    def pools(self) -> Sequence[str]:
        """Return the jobs."""
        return ["b", "a"]

    def active(self) -> Sequence[ActiveTarget]:
        """Return the two."""
        down = ActiveTarget(
            pool="b",
            url="http://y/",
            labels={"job": "b"},
            discovered={},
            interval=90.0,
            timeout=0.5,
            health=Health.DOWN,
            last_error="connection refused",
        )
        return [self.up, down]

    def dropped(self) -> Sequence[DroppedTarget]:
        """Return the one."""
        return [DroppedTarget("b", {"__address__": "z"})]

    def dropped_counts(self) -> Mapping[str, int]:
        """Count it."""
        return {"a": 0, "b": 1}

    def meanings(self, target: ActiveTarget) -> Sequence[MetricMeaning]:
        """Return what the first tells."""
        told = [MetricMeaning("size", "gauge", "Size.", "bytes"), MetricMeaning("up", "gauge", "Up.", "")]
        return told if target.pool == "a" else []


@dataclass(slots=True)
class Notes:
    """Takes down what the store is asked to do."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    async def delete_series(self, tenant: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> None:
        """Take it down."""
        self.asked.append(("delete", tenant, *(str(one.value) for one in matchers), start_ms, end_ms))

    async def clean_tombstones(self) -> None:
        """Take it down."""
        self.asked.append(("clean",))

    async def snapshot(self, *, skip_head: bool) -> str:
        """Take it down, and return a name."""
        self.asked.append(("snapshot", skip_head))
        return "20241004T120000Z"


@dataclass(slots=True)
class Complaints:
    """What stands against being ready."""

    told: str = ""

    async def complaints(self) -> Mapping[str, str]:
        """Return it."""
        return {"store": self.told} if self.told else {}


@dataclass(slots=True)
class Config:
    """A configuration that is wrong or not."""

    wrong: str = ""
    reloads: int = 0

    async def reload(self) -> None:
        """Read it."""
        if self.wrong:
            raise ConfigError(self.wrong)
        self.reloads += 1


@dataclass(frozen=True, slots=True)
class Api:
    """A running server, and what is behind it."""

    url: str
    shop: Shop
    paths: Sequence[str]
    notes: Notes = field(default_factory=Notes)
    complaints: Complaints = field(default_factory=Complaints)
    config: Config = field(default_factory=Config)

    async def ask(
        self, method: str, path: str, form: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Return the answer to one request; a form is sent as it is."""
        sent = {"content-type": "application/x-www-form-urlencoded"} if form is not None else {}
        async with httpx.AsyncClient(base_url=self.url) as client:
            return await client.request(method, path, content=form, headers={**sent, **(headers or {})})

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Return the answer to a GET."""
        return await self.ask("GET", path, headers=headers)


def facts() -> Facts:
    """Return what the server tells of itself."""
    return Facts(
        version="1.2.3",
        started_ms=NOW - MINUTE,
        retention="30d",
        config=lambda: "global: {}\n",
        flags=lambda: {"web.enable-admin-api": "false", "query.lookback-delta": "5m"},
        reloaded=lambda: Reloaded(True, NOW - MINUTE),
    )


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[Api]:
    """Serve the API of a store in `directory`."""
    told = [
        {"tenant": "default", "day": TODAY, "metric": metric, "type": kind, "help": words, "unit": unit}
        for metric, kind, words, unit in METADATA
    ]
    example = {
        "tenant": "default",
        "series_id": ROWS[0].id,
        "ts": NOW - 500,
        "value": 0.25,
        "trace_id": bytes(15) + b"*",
    }
    tables = {"metadata": columns("metadata", iter(told)), "exemplars": columns("exemplars", iter([example]))}
    promql = PromqlSettings()
    with ThreadPoolExecutor(2) as workers:
        async with shop(directory, ROWS) as it:
            await it.add(Batch(tables, items=1))
            engine = Engine(LIMITS, QueryInstruments(Registry()))
            notes, complaints, config = Notes(), Complaints(), Config()
            common = common_of(lambda: NOW)
            needed = Needed(
                PromqlDoor(it.source, engine, promql, workers, time.monotonic),
                Shelf(it.readers, engine, it.source, "default"),
                facts(),
                promql,
                "default",
                targets=Scraped(),
                admin=notes,
                external_labels=lambda: {"zone": "lab", "replica": "r"},
            )
            routes = [
                *lifecycle_routes(common, complaints, config.reload),
                *prometheus_routes(needed, common),
                unknown_route(common),
            ]
            async with serving(routes) as server:
                yield Api(server.url, it, [one.path for one in routes], notes, complaints, config)


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Api]:
    """The API, for all tests of a file."""
    async with served(tmp_path_factory.mktemp("prometheus")) as it:
        yield it
