"""What is scraped, built from the settings: Prometheus' jobs, the server itself, and its host."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from firstlight.app.settings import Settings
from firstlight.errors import UserError
from firstlight.ingest.collect.own_jobs import own_jobs
from firstlight.ingest.receiver import Append
from firstlight.ingest.scrape.load import Plan, load
from firstlight.ingest.scrape.scraper import Scraper, seed_of
from firstlight.telemetry import ScrapeInstruments
from firstlight.wire.exposition import Family
from firstlight.wire.prometheus.book import Book

_log = logging.getLogger(__name__)


class Scraping:
    """Scrapes what the settings say, from `begin` to `stop`."""

    def __init__(
        self,
        settings: Settings,
        book: Book,
        append: Append,
        workers: Executor,
        telemetry: ScrapeInstruments,
        own_metrics: Callable[[], Iterable[Family]],
    ) -> None:
        """Read the configuration; raise `ConfigError` with every fault of the files that the settings name."""
        host = socket.gethostname()
        self._plan = _plan(settings)
        self._instance = f"{host}:{settings.http.listen.port}"
        self._own_metrics = own_metrics
        self._settings = settings.prometheus
        self.targets = Scraper(
            book,
            append,
            workers,
            telemetry,
            environ=os.environ,
            seed=seed_of(host, self._plan.external_labels),
        )
        """What is scraped, and how it went."""
        self._applying: asyncio.Task[None] | None = None

    @property
    def external_labels(self) -> Mapping[str, str]:
        """What samples are labelled with when they go elsewhere."""
        return dict(self._plan.external_labels)

    async def begin(self) -> None:
        """Begin to scrape."""
        await self._apply()

    def reload(self, settings: Settings) -> None:
        """Scrape what new settings say; log what is wrong with the files they name, and leave all as it is then."""
        try:
            self._plan = _plan(settings)
        except UserError as error:
            _log.error("cannot take over what is to be scraped; it stays as it is:\n%s", error)
            return
        self._settings = settings.prometheus
        self._applying = asyncio.create_task(self._apply())

    async def stop(self) -> None:
        """Return when what was scraped is stored, or lost and counted."""
        if self._applying:
            await self._applying
        await self.targets.stop()

    async def _apply(self) -> None:
        await self.targets.apply(self._plan, own_jobs(self._settings, self._instance, self._own_metrics))


def _plan(settings: Settings) -> Plan:
    return load(settings.prometheus, Path.cwd(), os.environ)
