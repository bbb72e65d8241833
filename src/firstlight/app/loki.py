"""Loki's API and the LogQL behind it, built from the settings and the store."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor

from starlette.routing import BaseRoute

from firstlight import __version__
from firstlight.api.loki.deletion import Deletions
from firstlight.api.loki.followers import Followers
from firstlight.api.loki.patterns import PatternCounts
from firstlight.api.loki.routes import Needed, loki_routes
from firstlight.api.loki.selectors import Matchers
from firstlight.api.loki.shelf import Shelf
from firstlight.api.loki.status import Facts
from firstlight.api.native.logs_asked import Logs
from firstlight.api.native.logs_routes import logs_routes
from firstlight.api.native.routes import PREFIX
from firstlight.app.prometheus import metric_sessions, now_ms
from firstlight.app.settings import Settings
from firstlight.config.dump import dump
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.query.engine import Engine
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.sql_fields import LEVELS
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.patterns import PatternSource
from firstlight.query.logs.searches import FILE, SavedSearches
from firstlight.store.open import Store
from firstlight.telemetry import Telemetry


class Loki:
    """Answers as Loki does."""

    def __init__(
        self, settings: Settings, store: Store, engine: Engine, workers: Executor, telemetry: Telemetry
    ) -> None:
        """Take the threads that queries are computed in. What is stored and dropped is heard of."""
        self._settings = settings
        self._store = store
        self._sessions = metric_sessions(store, settings)
        self._engine = engine
        self.source = source = LogSource(self._sessions, workers, settings.logql, now_ms=now_ms)
        """What finds streams and reads their lines."""
        self.door = LogqlDoor(source, engine, settings.logql, time.monotonic)
        """What answers LogQL."""
        self.patterns = PatternSource(self._sessions, engine)
        api = settings.loki_api
        self.followers = Followers(telemetry.query, most=api.max_tails, room=api.tail_room)
        store.writer.committed += [source.learn, self.followers.committed]
        store.retention.forgotten.append(source.forget)

    def native_routes(self) -> Sequence[BaseRoute]:
        """Return the routes of our own API that ask for logs. Raise a UserError if saved searches cannot be read."""
        logs = Logs(
            source=self.source,
            door=self.door,
            engine=self._engine,
            patterns=self.patterns,
            followers=self.followers,
            searches=SavedSearches(self._settings.data / FILE),
            tenant=DEFAULT_TENANT,
        )
        return logs_routes(logs, PREFIX, time.time_ns)

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes of its API; the last is of everything else under its prefix."""
        settings, source = self._settings, self.source
        needed = Needed(
            door=self.door,
            finder=source,
            shelf=Shelf(self._sessions, self._engine, source, DEFAULT_TENANT),
            followers=self.followers,
            facts=Facts(__version__, settings.logql, lambda: dump(settings)),
            tenant=DEFAULT_TENANT,
            deletions=Deletions(self._store.client, source, DEFAULT_TENANT) if settings.loki_api.deletion else None,
            patterns=StreamPatterns(source, self.patterns),
        )
        return loki_routes(needed, time.time_ns)


class StreamPatterns:
    """Patterns of the lines of streams, as Loki is asked for them: those of the services of the streams."""

    def __init__(self, finder: LogSource, patterns: PatternSource) -> None:
        self._finder = finder
        self._patterns = patterns

    async def patterns(
        self, tenant: str, matchers: Matchers, start_ns: int, end_ns: int, step_ns: int
    ) -> Sequence[PatternCounts]:
        """Return the patterns, the most frequent first. Raise QueryFault."""
        found = await self._finder.find(tenant, matchers, Slice(start_ns, end_ns + 1), Taken())
        services = {origin.service for origin in found.origins}
        counted = await self._patterns.patterns(tenant, services, start_ns, end_ns, step_ns)
        return [
            PatternCounts(
                one.pattern, LEVELS[(one.severity + 3) // 4], [(at // 1000, lines) for at, lines in one.counts]
            )
            for one in counted
        ]
