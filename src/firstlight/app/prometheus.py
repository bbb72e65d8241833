"""Prometheus' API and the PromQL behind it, built from the settings and the store."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml
from starlette.routing import BaseRoute

from firstlight import __version__
from firstlight.api.native.metrics import Metrics
from firstlight.api.prometheus.deletion import StoreAdmin
from firstlight.api.prometheus.lifecycle import Complaining, Reload, lifecycle_routes
from firstlight.api.prometheus.routes import Needed, common_of, prometheus_routes, unknown_route
from firstlight.api.prometheus.shelf import Shelf
from firstlight.api.prometheus.status import Facts, Reloaded
from firstlight.app.scraping import Scraping
from firstlight.app.settings import Settings
from firstlight.config.dump import plain
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.query.engine import Engine
from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.source import Source
from firstlight.query.metrics.usage import NotedSource, Usage
from firstlight.query.promql.door import PromqlDoor
from firstlight.query.promql.gotext import duration
from firstlight.query.sql.door import reading
from firstlight.store.client import Readers
from firstlight.store.location import Directory
from firstlight.store.open import Store
from firstlight.telemetry import QueryInstruments


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Answers as Prometheus does."""

    settings: Settings
    store: Store
    engine: Engine
    source: Source
    workers: Executor
    started_ms: int
    usage: Usage
    scraping: Scraping
    telemetry: QueryInstruments

    def routes(self, health: Complaining, reload: Reload | None) -> Sequence[BaseRoute]:
        """Return the routes of its API; what knows whether the server is `health`y, and what `reload`s it, is used."""
        settings = self.settings
        common = common_of(now_ms, settings.prometheus_api.cors_origin)
        sessions = metric_sessions(self.store, settings)
        source = NotedSource(self.source, self.usage)
        door = PromqlDoor(
            source,
            self.engine,
            settings.promql,
            self.workers,
            time.monotonic,
            partial(self.telemetry.promql_remembered.add, 1),
        )
        admin = StoreAdmin(self.store.client, self.source, self.store.retention.forgotten, now_ms)
        needed = Needed(
            door=door,
            shelf=Shelf(sessions, self.engine, source, DEFAULT_TENANT),
            facts=Facts(
                version=__version__,
                started_ms=self.started_ms,
                retention=duration(round(settings.retention.metrics * 1000)),
                config=self._config,
                flags=self._flags,
                reloaded=lambda: Reloaded(succeeded=True, time_ms=self.started_ms),
            ),
            promql=settings.promql,
            tenant=DEFAULT_TENANT,
            targets=self.scraping.targets,
            external_labels=lambda: self.scraping.external_labels,
            admin=admin if settings.prometheus_api.admin else None,
        )
        allowed = reload if settings.prometheus_api.lifecycle else None
        return [
            *lifecycle_routes(common, health, allowed),
            *prometheus_routes(needed, common),
            unknown_route(common),
        ]

    def metrics(self) -> Metrics:
        """Return what our own API tells of metrics."""
        return Metrics(metric_sessions(self.store, self.settings), self.engine, self.usage, DEFAULT_TENANT)

    def _config(self) -> str:
        """Return what is scraped, as a prometheus.yml says it."""
        found = plain(self.settings.prometheus)
        told = {name: _given(found[name]) for name in ("global", "scrape_configs")}
        return yaml.safe_dump(told, sort_keys=False, allow_unicode=True)

    def _flags(self) -> Mapping[str, str]:
        settings = self.settings
        seconds = {
            "query.lookback-delta": settings.promql.lookback,
            "query.timeout": settings.promql.timeout,
            "storage.tsdb.retention.time": settings.retention.metrics,
        }
        words = {
            "query.max-concurrency": str(settings.query.max_running),
            "query.max-samples": str(settings.promql.max_samples),
            "storage.tsdb.path": str(settings.data),
            "web.cors.origin": settings.prometheus_api.cors_origin,
            "web.enable-admin-api": str(settings.prometheus_api.admin).lower(),
            "web.enable-lifecycle": str(settings.prometheus_api.lifecycle).lower(),
            "web.enable-remote-write-receiver": "true",
            "web.listen-address": str(settings.http.listen),
        }
        return {**words, **{name: duration(round(value * 1000)) for name, value in seconds.items()}}


def _given(value: Any) -> Any:
    """Return a value without what in it was not given."""
    match value:
        case dict():
            return {name: _given(one) for name, one in value.items() if one not in (None, [], {})}
        case list():
            return [_given(one) for one in value]
        case _:
            return value


def metric_source(store: Store, settings: Settings) -> Source:
    """Return what reads series and samples, and hears of what is stored and dropped."""
    source = Source(
        metric_sessions(store, settings),
        now_ms=now_ms,
        max_samples=settings.promql.max_samples,
        explicit_histograms=settings.promql.explicit_histograms,
        # Into a directory nobody else writes; on a server there may be others.
        is_told_all=isinstance(store.client.location, Directory),
        recent_bytes=settings.promql.recent_size,
    )
    store.writer.committed.append(source.learn)
    store.retention.forgotten.append(source.forget)
    return source


def metric_sessions(store: Store, settings: Settings) -> Readers:
    """Return sessions in which metrics are read."""
    return store.client.readers(settings.query.max_running, {**reading(settings.query), **SESSION})


def now_ms() -> int:
    """Return what time it is, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
