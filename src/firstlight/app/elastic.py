"""Elasticsearch's API, in and out, built from the settings and the store."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute

from firstlight.api.elastic.expiry import Expiry
from firstlight.api.elastic.routes import elastic_routes
from firstlight.app.prometheus import now_ms
from firstlight.app.settings import Settings
from firstlight.ingest.elastic.keeper import Keeper
from firstlight.ingest.elastic.routes import elastic_ingest_routes
from firstlight.ingest.http import HttpDoor
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.query.engine import Engine
from firstlight.query.sql.door import reading
from firstlight.store.faults import QueryFailed
from firstlight.store.open import Store
from firstlight.wire.logs.book import LogBook

FILE: Final = "elasticsearch.json"
"""The file in the data directory with templates, policies, pipelines and aliases."""

INTERVAL: Final = 3600.0
"""Seconds between two looks for what is older than the policy of its index keeps it."""

_log = logging.getLogger(__name__)


class Elastic:
    """Answers as Elasticsearch does."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Raise a UserError if what was kept cannot be read."""
        settings.data.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._store = store
        self._expiry = Expiry(store.client, DEFAULT_TENANT, time.time_ns)
        self._keeper = Keeper(settings.data / FILE, time.time_ns, self._expiry.retain)

    def ingest_routes(self, door: HttpDoor, book: LogBook) -> Sequence[BaseRoute]:
        """Return the routes that documents are sent to; they stand before the others."""
        return elastic_ingest_routes(door, book, self._keeper)

    def routes(self, engine: Engine) -> Sequence[BaseRoute]:
        """Return all other routes. They stand behind all of the server's: the last take any name for an index."""
        query = self._settings.query
        sessions = self._store.client.readers(query.max_running, reading(query))
        return elastic_routes(self._keeper, sessions, engine, self._store.client, DEFAULT_TENANT, now_ms=now_ms)

    async def expire(self) -> None:
        """Delete at an interval what policies no longer keep, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self._expiry.enforce()
            except QueryFailed as error:
                _log.warning("cannot delete what indices no longer keep this time: %s", error)
