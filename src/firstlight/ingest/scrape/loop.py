"""One target, scraped again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from firstlight.errors import StoreError
from firstlight.ingest.scrape.clock import Clock
from firstlight.ingest.scrape.delivery import Delivery, reason_of
from firstlight.ingest.scrape.fetch import Answer, Fetch, ScrapeFailed
from firstlight.ingest.scrape.reading import Reading, Taken
from firstlight.ingest.scrape.schedule import following, stamp
from firstlight.ingest.scrape.targets import Target, next_scrape, offset
from firstlight.model.targets import Health
from firstlight.telemetry import ScrapeInstruments
from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.exposition import Family

PATIENCE = 0.25
"""For which part of its interval a scrape may wait for others to be stored with."""

BUG = "the server has a bug; its log tells more"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """What all targets are scraped with."""

    book: Book
    tenant: str
    deliver: Delivery
    workers: Executor
    clock: Clock
    telemetry: ScrapeInstruments
    seed: int = 0
    """What this server's times of scraping differ by from another's."""


@dataclass(frozen=True, slots=True)
class Last:
    """How the last scrape went."""

    health: Health = Health.UNKNOWN
    error: str = ""
    at_ms: int | None = None
    seconds: float = 0.0
    samples: int = 0
    families: tuple[Family, ...] = ()


class TargetLoop:
    """Scrapes a target at its times, from `start` to `stop`."""

    def __init__(self, target: Target, fetch: Fetch, reading: Reading, world: World) -> None:
        self.target = target
        self.reading = reading
        self.last = Last()
        self.refusal = ""
        """Why the target is not scraped, if it is not."""
        self.due = 0
        """When the next scrape is, in nanoseconds since 1970; between `stop` and the end, when it would be."""
        self._fetch = fetch
        self._next: tuple[Fetch, Callable[[Reading], Reading]] | None = None
        self._world = world
        self._interval = round(target.interval * 1e9)
        self._task: asyncio.Task[None] | None = None
        self._finishing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Scrape from now on."""
        self._task = asyncio.create_task(self._run(), name=f"scraping {self.target.url}")

    def change(self, fetch: Fetch, successor: Callable[[Reading], Reading]) -> None:
        """Fetch in another way from the next scrape on, and read as the successor of what reads now."""
        self._next = fetch, successor

    async def stop(self) -> None:
        """Scrape no more, and return when what was fetched is stored or lost."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.finished()

    async def finished(self) -> None:
        """Return when what was fetched last is stored or lost."""
        if self._finishing:
            await asyncio.wait([self._finishing])

    async def _run(self) -> None:
        clock, interval = self._world.clock, self._interval
        at = offset(self.target, interval, self._world.seed)
        self.due = next_scrape(clock.now_ns(), interval, at)
        while True:
            if self.due - clock.now_ns() > interval:  # The clock was turned back.
                self.due = next_scrape(clock.now_ns(), interval, at)
            while (left := self.due - clock.now_ns()) > 0:
                await clock.sleep(left / 1e9)
            await self.scrape(self.due)
            self.due, missed = following(self.due, clock.now_ns(), interval)
            if missed:
                self._world.telemetry.missed.add(missed, self.target.job)

    async def scrape(self, due: int) -> None:
        """Scrape once, as of the time `due`."""
        if self._next:
            (self._fetch, successor), self._next = self._next, None
            self.reading = successor(self.reading)
        began, started = self._world.clock.now_ns(), self._world.clock.elapsed()
        answer: Answer | str
        try:
            answer = self.refusal or await self._fetch(self.target)
        except ScrapeFailed as error:
            answer = str(error)
        except Exception:  # a door: a target that makes us stumble is told as such, and scraped again
            _log.exception("cannot scrape %s", self.target.url)
            answer = BUG
        await self.finished()
        # What is fetched is stored, even if the loop is stopped meanwhile; and the schedule does not wait for it,
        # unless the store is so slow that the next scrape is there before the last one is stored.
        self._finishing = asyncio.create_task(self._finish(answer, stamp(due, began, self._interval), started, due))

    async def _finish(self, answer: Answer | str, now: int, started: float, due: int) -> None:
        world = self._world
        try:
            work = partial(self.reading.take, answer, now, lambda: world.clock.elapsed() - started)
            taken = await asyncio.get_running_loop().run_in_executor(world.workers, work)
        except Exception:  # a door: as above, of what was answered
            _log.exception("cannot read what %s answered", self.target.url)
            taken = self.reading.take(BUG, now, lambda: world.clock.elapsed() - started)
        self._note(taken, now)
        self._count(answer, taken)
        await self._store(taken, due + self._interval)

    async def _store(self, taken: Taken, until: int) -> None:
        telemetry, job = self._world.telemetry, self.target.job
        try:
            refused = await self._world.deliver(taken.batch, until, self.target.interval * PATIENCE)
        except StoreError as error:
            self.reading.lost(taken)
            telemetry.lost_samples.add(taken.batch.items, job, reason_of(error))
            _log.warning("cannot store what was scraped of %s: %s", self.target.url, error)
            return
        self.reading.stored(taken)
        telemetry.samples.add(max(0, taken.batch.items - refused.total), job)
        for reason, count in (taken.batch.rejected + refused).counts.items():
            telemetry.rejected_samples.add(count, job, reason.partition(": ")[0])

    def _note(self, taken: Taken, now: int) -> None:
        families = self.last.families if taken.families is None else taken.families
        health = Health.UP if taken.told.up else Health.DOWN
        if taken.error and taken.error != self.last.error:
            _log.info("scraping %s fails: %s", self.target.url, taken.error)
        self.last = Last(health, taken.error, now, taken.told.seconds, taken.told.scraped, families)

    def _count(self, answer: Answer | str, taken: Taken) -> None:
        telemetry, job = self._world.telemetry, self.target.job
        telemetry.scrapes.add(1, job, "failed" if taken.error else "scraped")
        telemetry.seconds.record(taken.told.seconds, job)
        if isinstance(answer, Answer):
            telemetry.received_bytes.add(len(answer.body), job)
        if taken.repeated:
            telemetry.rejected_samples.add(taken.repeated, job, "repeated")
