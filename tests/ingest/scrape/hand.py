"""A scrape by hand: a clock that a test turns, work that is done at once, answers that a test gives."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from firstlight.config.read import read
from firstlight.ingest.scrape.clock import Clock
from firstlight.ingest.scrape.delivery import Delivery
from firstlight.ingest.scrape.fetch import Answer, ScrapeFailed
from firstlight.ingest.scrape.job import Job
from firstlight.ingest.scrape.load import Plan, load
from firstlight.ingest.scrape.loop import World
from firstlight.ingest.scrape.scraper import Scraper
from firstlight.ingest.scrape.settings import PrometheusSettings
from firstlight.ingest.scrape.targets import Target, target_of
from firstlight.model.batch import Batch, Rejections
from firstlight.model.staleness import STALE_BITS
from firstlight.sdk.metrics import Instrument, Registry
from firstlight.store.fake import FakeStore
from firstlight.telemetry import ScrapeInstruments
from firstlight.wire.prometheus.book import Book

NOON = 1_790_000_000
"""When the tests begin, in seconds since 1970."""

P = ParamSpec("P")
T = TypeVar("T")


class AtOnce(Executor):
    """Does work where it is given, and fails there."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it."""
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass(slots=True)
class Hand:
    """Turns the clock."""

    now: int = NOON * 10**9
    """Nanoseconds since 1970."""
    sleepers: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        """The clock that it turns."""
        return Clock(lambda: self.now, lambda: self.now / 1e9, self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock was turned that far."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now + math.ceil(seconds * 1e9), done))
        await done

    async def turn(self, seconds: float) -> None:
        """Turn the clock; who wakes up meanwhile, does so at his time."""
        until = self.now + round(seconds * 1e9)
        await settle()
        while due := [at for at, done in self.sleepers if not done.done() and at <= until]:
            self.now = max(self.now, min(due))
            for at, done in self.sleepers:
                if at <= self.now and not done.done():
                    done.set_result(None)
            self.sleepers = [one for one in self.sleepers if not one[1].done()]
            await settle()
        self.now = until


async def settle() -> None:
    """Let everything happen that can without waiting."""
    for _ in range(50):
        await asyncio.sleep(0)


@dataclass(slots=True)
class Fetched:
    """A way to fetch that answers what a test wants."""

    answers: list[Answer | str] = field(default_factory=list)
    """One after the other; the last one again and again."""
    hand: Hand | None = None
    seconds: float = 0.0
    """How long it takes."""

    async def __call__(self, target: Target) -> Answer:
        """Answer."""
        if self.hand and self.seconds:
            await self.hand.sleep(self.seconds)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise ScrapeFailed(answer)
        return answer


class LearningStore(FakeStore):
    """Keeps rows, and tells the book of them, as the store does."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`."""
        refused = await super().append(batch)
        for kind, rows in batch.tables.items():
            self.book.learn(kind, rows)
        return refused

    def samples(self) -> list[tuple[str, int, float | str]]:
        """Return series, time in milliseconds and value of each sample, in order; "stale" where a series has ended."""
        return [
            (
                name,
                int(row["ts"].timestamp() * 1000 + 0.5) if hasattr(row["ts"], "timestamp") else int(row["ts"]),
                row["value"],
            )
            for name, row in self._named("samples")
        ]

    def values(self, *, at: int | None = None, but: str = "scrape_") -> dict[str, float | str]:
        """Return the last value of each series, as of that time if one is given, without those that begin with `but`."""
        return {name: value for name, time, value in self.samples() if at in (None, time) and not name.startswith(but)}

    def _named(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        names = {row["series_id"]: shown(row["metric"], dict(row["labels"])) for row in self.rows("series")}
        found = []
        for batch in self.batches:
            if kind not in batch.tables:
                continue
            table = batch.tables[kind]
            bits = table["value"].combine_chunks().view("uint64").to_pylist()
            times = table["ts"].cast("int64").to_pylist()
            for row, bit, time in zip(table.to_pylist(), bits, times, strict=True):
                value = "stale" if bit == STALE_BITS else row["value"]
                found.append((names[row["series_id"]], row | {"value": value, "ts": time}))
        return found


def shown(metric: str, labels: Mapping[str, str]) -> str:
    """Return a series as it is written, without the labels of the target that all have."""
    pairs = [f'{name}="{value}"' for name, value in sorted(labels.items()) if (name, value) not in COMMON]
    return f"{metric}{{{','.join(pairs)}}}" if pairs else metric


COMMON = (("job", "shop"), ("instance", "a:1"))


def text(body: str, kind: str = "text/plain; version=0.0.4", encoding: str = "") -> Answer:
    """Return an answer with this body."""
    return Answer(body.encode(), kind, encoding)


def plan(yaml: str) -> Plan:
    """Return the plan of a section `prometheus`."""
    return load(read(PrometheusSettings, text=yaml), Path(), {})


def job(more: str = "", *, everywhere: str = "scrape_interval: 15s") -> Job:
    """Return a job with more settings."""
    return plan(f"global: {{{everywhere}}}\nscrape_configs: [{{job_name: shop{more}}}]").jobs[0]


def target(of: Job) -> Target:
    """Return the job's target a:1."""
    made = target_of({"__address__": "a:1"}, of)
    assert isinstance(made, Target), made
    return made


def counted(instrument: Instrument) -> dict[tuple[str, ...], float]:
    """Return the counts of an instrument by the values of its labels, without zeros."""
    return {
        tuple(value for _, value in one.labels): one.value
        for one in instrument.collect().samples
        if one.value and one.suffix in ("", "_total")
    }


@dataclass(slots=True)
class Rig:
    """Everything a target is scraped with, in the hands of a test."""

    hand: Hand = field(default_factory=Hand)
    book: Book = field(default_factory=Book)
    telemetry: ScrapeInstruments = field(default_factory=lambda: ScrapeInstruments(Registry()))
    store: LearningStore = field(init=False)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.store = LearningStore(self.book)
        delivery = Delivery(self._append, self.hand.clock, gather=0)
        self.world = World(self.book, "default", delivery, AtOnce(), self.hand.clock, self.telemetry)

    async def _append(self, batch: Batch) -> Rejections:
        # Looked up each time, so that a test can put another one in its place.
        return await self.store.append(batch)

    @asynccontextmanager
    async def scraper(self) -> AsyncIterator[Scraper]:
        """Scrape with everything; stop at the end."""
        made = Scraper(
            self.book, self._append, AtOnce(), self.telemetry, environ={}, clock=self.hand.clock, gather=0, seed=0
        )
        try:
            yield made
        finally:
            await made.stop()
