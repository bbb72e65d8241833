"""Records metrics that are made of logs: at aligned times, as if they had been scraped then.

A sample has the time it was evaluated for, a multiple of its interval. So a server that was restarted goes on with the
next of these times, and never writes one twice. A series that is no longer among the answers has ended, which a
staleness marker says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from firstlight.errors import StoreError, UserError, brief
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.logql.result import Answered, ScalarResult, VectorResult
from firstlight.query.logs.derived_settings import LogMetric
from firstlight.query.promql.labels import label_text

SECOND: Final = 10**9
MILLISECOND: Final = 10**6
NAME: Final = "__name__"

_log = logging.getLogger(__name__)

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DerivedSample:
    """A sample: its labels, the metric's name among them, its time in milliseconds, and its value."""

    labels: Mapping[str, str]
    time: int
    value: float


class Door(Protocol):
    """What answers metric queries: `query.logql.door.LogqlDoor`."""

    async def query(self, asked: str, time_ns: int, *, tenant: str) -> Answered:
        """Return what `asked` is at one time."""
        ...


Record = Callable[[str, Sequence[DerivedSample], Sequence[DerivedSample]], Awaitable[None]]
"""Stores samples of a tenant, and ends of series, whose values say nothing; returns when durable. Raises StoreError."""


class Outcome(StrEnum):
    """How an evaluation went, as it is counted."""

    RECORDED = "recorded"
    FAILED = "failed"
    MISSED = "missed"


Count = Callable[[str, Outcome, int], None]
"""Counts evaluations of a metric."""


class LogMetricRecorder:
    """Evaluates metrics, each at its interval. Belongs to one event loop."""

    def __init__(
        self,
        metrics: Sequence[LogMetric],
        door: Door,
        record: Record,
        *,
        tenant: str,
        now_ns: Callable[[], int],
        count: Count = lambda name, outcome, number: None,
    ) -> None:
        """Take what is recorded, what answers, what stores, and what counts how evaluations went."""
        self._metrics = metrics
        self._door = door
        self._record = record
        self._tenant = tenant
        self._now_ns = now_ns
        self._count = count
        self._known: dict[int, frozenset[Pairs]] = {}

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Evaluate until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for place in range(len(self._metrics)):
                tasks.create_task(self._repeat(place, sleep))

    async def evaluate(self, place: int, time_ns: int) -> Outcome:
        """Evaluate one of the metrics for a time, and record what it is. What fails is logged."""
        metric = self._metrics[place]
        try:
            answered = await self._door.query(metric.expr, time_ns, tenant=self._tenant)
            samples = samples_of(metric, answered, time_ns // MILLISECOND)
            now = frozenset(tuple(sorted(sample.labels.items())) for sample in samples)
            ended = [
                DerivedSample(dict(labels), time_ns // MILLISECOND, 0.0)
                for labels in sorted(self._known.get(place, frozenset()) - now)
            ]
            if samples or ended:
                await self._record(self._tenant, samples, ended)
        except (UserError, StoreError) as error:
            _log.warning("cannot record %s this time: %s", metric.record, brief(str(error), 500))
            return Outcome.FAILED
        self._known[place] = now
        return Outcome.RECORDED

    async def _repeat(self, place: int, sleep: Callable[[float], Awaitable[None]]) -> None:
        metric = self._metrics[place]
        interval = round(metric.interval * SECOND)
        due = next_time(self._now_ns(), interval)
        while True:
            await sleep(max(0.0, (due - self._now_ns()) / SECOND))
            now = self._now_ns()
            if now < due:  # clocks and sleeps are not as exact as each other
                continue
            # The latest time that has come is evaluated; those before it nobody would wait for.
            latest = now - now % interval
            if latest > due:
                missed = (latest - due) // interval
                self._count(metric.record, Outcome.MISSED, missed)
                _log.warning(
                    "missed %d evaluations of %s: they take too long, or the clock was set", missed, metric.record
                )
            self._count(metric.record, await self.evaluate(place, latest), 1)
            due = latest + interval


def next_time(now_ns: int, interval_ns: int) -> int:
    """Return the first multiple of the interval that is after now.

    >>> next_time(59, 60), next_time(60, 60)
    (60, 120)
    """
    return now_ns - now_ns % interval_ns + interval_ns


def samples_of(metric: LogMetric, answered: Answered, time_ms: int) -> list[DerivedSample]:
    """Return what a query answered as samples of a metric. Raise LogqlFailed if two are of one series."""
    match answered.result:
        case VectorResult(samples=found):
            valued = [(dict(one.labels), one.value) for one in found]
        case ScalarResult(value=value):
            valued = [({}, value)]
        case _:
            raise LogqlFailed("cannot record lines of logs; want a metric query")
    samples: dict[Pairs, DerivedSample] = {}
    for labels, value in valued:
        whole = {name: text for name, text in {**labels, **metric.labels, NAME: metric.record}.items() if text}
        key = tuple(sorted(whole.items()))
        if key in samples:
            raise LogqlFailed(
                f"cannot record {metric.record}: several series of the answer would be {label_text(key)};"
                " want fewer labels given, or more kept"
            )
        samples[key] = DerivedSample(whole, time_ms, value)
    return list(samples.values())
