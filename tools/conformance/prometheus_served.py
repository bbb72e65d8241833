"""Prometheus' API about a store that has the series of a language test in it, and the targets of the recording."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pyarrow as pa

from firstlight.api.prometheus.routes import Needed, common_of, prometheus_routes, unknown_route
from firstlight.api.prometheus.shelf import Shelf
from firstlight.api.prometheus.status import Facts, Reloaded
from firstlight.http.application import Application
from firstlight.model.batch import Batch
from firstlight.model.series import series_id
from firstlight.model.tables import SCHEMAS
from firstlight.model.targets import ActiveTarget, DroppedTarget, Health, MetricMeaning
from firstlight.query.engine import Engine
from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.source import Source
from firstlight.query.promql.door import PromqlDoor
from firstlight.query.promql.labels import NAME
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.settings import QuerySettings
from firstlight.sdk.metrics import Registry
from firstlight.store.open import open_store
from firstlight.store.settings import RetentionSettings, StoreSettings
from firstlight.telemetry import Telemetry
from tools.conformance.promql_memory import MemorySource
from tools.conformance.promqltest import Load, commands

BASE_MS: Final = 1_700_000_000_000
"""When the data begin."""

DAY_MS: Final = 86_400_000
NOW_MS: Final = BASE_MS + 2 * 3_600_000
TENANT: Final = "default"
DOWN: Final = {"host": "127.0.0.1:1", "instance": "127.0.0.1:1", "job": "down", "team": "x"}


@asynccontextmanager
async def served(directory: Path, data: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client of the API, for as long as it is used."""
    telemetry, promql, queries = Telemetry(Registry()), PromqlSettings(), QuerySettings()
    store = await open_store(
        StoreSettings(),
        RetentionSettings(),
        telemetry.store,
        directory=directory / "store",
        now_ns=lambda: NOW_MS * 10**6,
    )
    try:
        for batch in _batches(data):
            await store.writer.append(batch)
        sessions = store.client.readers(queries.max_running, SESSION)
        engine = Engine(queries, telemetry.query)
        source = Source(sessions, now_ms=lambda: NOW_MS)
        with ThreadPoolExecutor(2) as workers:
            needed = Needed(
                PromqlDoor(source, engine, promql, workers, time.monotonic),
                Shelf(sessions, engine, source, TENANT),
                _facts(),
                promql,
                TENANT,
                targets=_Scraped(),
                admin=_Admin(),
                external_labels=lambda: {"cluster": "lab", "replica": "a"},
            )
            common = common_of(lambda: NOW_MS)
            app = Application([*prometheus_routes(needed, common), unknown_route(common)], telemetry.http)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield client
    finally:
        await store.close()


def _batches(data: str) -> Iterator[Batch]:
    """Yield what a server would store of the series of a language test, and of a target that is down."""
    memory = MemorySource()
    for command in commands(data):
        if isinstance(command, Load):
            memory.load(command)
    for labels, samples in memory.series.items():
        times = np.array(sorted(samples), np.int64)
        values = [samples[one][0] for one in times.tolist()]
        yield _batch(dict(labels), BASE_MS + times, np.array(values, np.float64))
    yield _batch({NAME: "up", **DOWN}, np.array([NOW_MS], np.int64), np.zeros(1))


def _batch(labels: dict[str, str], times: np.ndarray[Any, np.dtype[np.int64]], values: Any) -> Batch:
    metric = labels.pop(NAME)
    key = series_id(metric, labels)
    days = sorted({one // DAY_MS for one in times.tolist()})
    named = {"tenant": TENANT, "series_id": key, "metric": metric, "labels": list(labels.items())}
    count = len(times)
    samples = {
        "tenant": pa.array([TENANT] * count),
        "series_id": pa.array([key] * count, pa.uint64()),
        "ts": pa.array(times),
        "value": pa.array(values),
    }
    return Batch(
        {"series": _table("series", [{**named, "day": day} for day in days]), "samples": _filled("samples", samples)},
        items=count,
    )


def _table(kind: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = SCHEMAS[kind]
    return _filled(kind, {name: pa.array([row[name] for row in rows], schema.field(name).type) for name in rows[0]})


def _filled(kind: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Return a table whose other columns hold nothing."""
    schema = SCHEMAS[kind]
    count = len(next(iter(columns.values())))
    whole = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.array([_nothing(field)] * count, field.type)
        for field in schema
    ]
    return pa.table(whole, schema=schema)


def _nothing(field: pa.Field) -> Any:
    kind = field.type
    if field.nullable:
        return None
    if pa.types.is_map(kind) or pa.types.is_list(kind):
        return []
    if pa.types.is_fixed_size_binary(kind):
        return bytes(kind.byte_width)
    return "" if pa.types.is_string(kind) or pa.types.is_dictionary(kind) else 0


def _facts() -> Facts:
    return Facts(
        version="0",
        started_ms=BASE_MS,
        retention="100y",
        config=str,
        flags=dict,
        reloaded=lambda: Reloaded(True, BASE_MS),
    )


class _Scraped:
    """The targets of the recording."""

    def pools(self) -> list[str]:
        return ["down", "dropped"]

    def active(self) -> list[ActiveTarget]:
        return [
            ActiveTarget(
                "down",
                "http://127.0.0.1:1/metrics",
                DOWN,
                {"__address__": "127.0.0.1:1", "__metrics_path__": "/metrics", "__scheme__": "http",
                 "__scrape_interval__": "1s", "__scrape_timeout__": "1s", "job": "down", "team": "x"},
                1.0,
                1.0,
                Health.DOWN,
                "connection refused",
                NOW_MS,
                0.001,
            )
        ]  # fmt: skip

    def dropped(self) -> list[DroppedTarget]:
        return [
            DroppedTarget(
                "dropped",
                {"__address__": "127.0.0.1:2", "__metrics_path__": "/metrics", "__scheme__": "http",
                 "__scrape_interval__": "15s", "__scrape_timeout__": "10s", "job": "dropped"},
            )
        ]  # fmt: skip

    def dropped_counts(self) -> dict[str, int]:
        return {"down": 0, "dropped": 1}

    def meanings(self, target: ActiveTarget) -> list[MetricMeaning]:
        return []


class _Admin:
    """Changes nothing."""

    async def delete_series(self, tenant: str, matchers: Any, start_ms: int, end_ms: int) -> None:
        pass

    async def clean_tombstones(self) -> None:
        pass

    async def snapshot(self, *, skip_head: bool) -> str:
        return "snapshot"
