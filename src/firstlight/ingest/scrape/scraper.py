"""Everything that is scraped: a pool for each job, and what is told of all of them.

scraper = Scraper(book, store.writer.append, workers, telemetry.scrape, environ=os.environ)
await scraper.apply(load(settings.prometheus, directory, os.environ), own)     # again with new settings
…
await scraper.stop()                                                           # before the store is closed
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import blake2b

from firstlight.ingest.receiver import Append
from firstlight.ingest.scrape.clock import Clock
from firstlight.ingest.scrape.delivery import GATHER_SECONDS, Delivery
from firstlight.ingest.scrape.fetch import Fetch
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.load import Plan
from firstlight.ingest.scrape.loop import TargetLoop, World
from firstlight.ingest.scrape.pool import Pool
from firstlight.ingest.scrape.retirement import Retirements
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.model.targets import ActiveTarget, DroppedTarget, MetricMeaning
from firstlight.telemetry import ScrapeInstruments
from firstlight.wire.prometheus.book import Book

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnJob:
    """A job that is there without anybody's settings, and is fetched without HTTP."""

    job: Job
    fetch: Fetch


class Scraper:
    """Scrapes what it is told to; says what it scrapes, as `model.targets.Targets`. Belongs to one event loop."""

    def __init__(
        self,
        book: Book,
        append: Append,
        workers: Executor,
        telemetry: ScrapeInstruments,
        *,
        environ: Mapping[str, str],
        clock: Clock | None = None,
        gather: float = GATHER_SECONDS,
        seed: int | None = None,
    ) -> None:
        clock = clock or Clock()
        self._delivery = Delivery(append, clock, gather)
        seed = seed_of(socket.gethostname()) if seed is None else seed
        self._world = World(book, DEFAULT_TENANT, self._delivery, workers, clock, telemetry, seed)
        self._environ = environ
        self._retirements = Retirements(self._world, self._labelled)
        self._pools: dict[str, Pool] = {}
        self._applying = asyncio.Lock()

    async def apply(self, plan: Plan, own: Sequence[OwnJob] = ()) -> None:
        """Scrape what `plan` says, and our own jobs but for those of which it has one by their name.

        What is scraped already and does not change goes on undisturbed.
        """
        async with self._applying:
            await self._apply(plan, own)

    async def _apply(self, plan: Plan, own: Sequence[OwnJob]) -> None:
        for words in plan.warnings:
            _log.warning("%s", words)
        wanted: dict[str, tuple[Job, Fetch | None]] = {job.name: (job, None) for job in plan.jobs}
        for one in own:
            if one.job.name in wanted:
                _log.info("job %r is what the settings say; there is no built-in one beside it", one.job.name)
            else:
                wanted[one.job.name] = (one.job, one.fetch)
        for name in self._pools.keys() - wanted.keys():
            await self._pools.pop(name).stop(for_good=True)
        for name, (job, fetch) in wanted.items():
            if name not in self._pools:
                pool = Pool(job, self._world, self._environ, self._retirements.add, fetch)
                await pool.start()
                self._pools[name] = pool
            elif self._pools[name].job != job:
                await self._pools[name].change(job, fetch)

    async def stop(self) -> None:
        """Scrape no more, and return when what was scraped is stored, or lost and counted."""
        self._delivery.close()
        async with self._applying:
            await asyncio.gather(self._retirements.stop(), *(pool.stop() for pool in self._pools.values()))
            self._pools = {}

    def pools(self) -> Sequence[str]:
        """Return the names of all jobs, sorted."""
        return sorted(self._pools)

    def active(self) -> Sequence[ActiveTarget]:
        """Return what is scraped."""
        return [
            _active(name, loop)
            for name in self.pools()
            for loop in sorted(self._pools[name].loops.values(), key=lambda loop: (loop.target.url, loop.target.key))
        ]

    def dropped(self) -> Sequence[DroppedTarget]:
        """Return what rules dropped; of each job no more than its `keep_dropped_targets`."""
        return [
            DroppedTarget(name, one.discovered)
            for name in self.pools()
            for one in self._pools[name].dropped[: self._pools[name].job.limits.dropped_targets or None]
        ]

    def dropped_counts(self) -> Mapping[str, int]:
        """Return how many targets rules dropped, by job."""
        return {name: len(self._pools[name].dropped) for name in self.pools()}

    def meanings(self, target: ActiveTarget) -> Sequence[MetricMeaning]:
        """Return what a target has told of its metrics, by name."""
        pool = self._pools.get(target.pool)
        for loop in pool.loops.values() if pool else ():
            if loop.target.url == target.url and loop.target.labels == target.labels:
                return [
                    MetricMeaning(one.name, one.type or "unknown", one.help, one.unit)
                    for one in sorted(loop.last.families)
                ]
        return ()

    def _labelled(self, labels: Mapping[str, str]) -> Sequence[TargetLoop]:
        return [loop for pool in self._pools.values() for loop in pool.loops.values() if loop.target.labels == labels]


def seed_of(host: str, external_labels: Sequence[tuple[str, str]] = ()) -> int:
    """Return what the times of scraping of a server differ by from those of another, which has the same targets."""
    text = "\xff".join([host, *(part for pair in external_labels for part in pair)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _active(pool: str, loop: TargetLoop) -> ActiveTarget:
    target, last = loop.target, loop.last
    return ActiveTarget(
        pool=pool,
        url=target.url,
        labels=target.labels,
        discovered=target.discovered,
        interval=target.interval,
        timeout=target.timeout,
        health=last.health,
        last_error=last.error,
        last_scrape_ms=last.at_ms,
        last_seconds=last.seconds,
        last_samples=last.samples,
    )
