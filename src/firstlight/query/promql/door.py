"""The PromQL door: a query comes in as text and goes out as a result, within its time and among others.

What it needs is read from the store by coroutines; reading the text and the algebra are done in threads, so that a
large query does not hold up the small ones beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from firstlight.query.engine import Engine, Query
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.metrics.reading import read
from firstlight.query.metrics.source import Source
from firstlight.query.promql.context import Switches
from firstlight.query.promql.plan import Defaults
from firstlight.query.promql.result import Result
from firstlight.query.promql.run import Answer, Options, finish, prepare
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.promql.values import Steps

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stats:
    """What a query took: samples that were read, and seconds by what they were spent on."""

    samples: int
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answered:
    """A result, what there is to tell of it, and what it took."""

    result: Result
    warnings: Sequence[str]
    infos: Sequence[str]
    stats: Stats


class PromqlDoor:
    """Answers queries. Belongs to one event loop."""

    def __init__(
        self,
        source: Source,
        engine: Engine,
        settings: PromqlSettings,
        workers: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Take where samples come from, what bounds queries, threads to compute in, and a clock that counts seconds."""
        self._source = source
        self._engine = engine
        self._settings = settings
        self._workers = workers
        self._clock = clock

    async def instant(
        self,
        text: str,
        time_ms: int,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109 - asked for by clients, and told to them in their words
        lookback_ms: int | None = None,
    ) -> Answered:
        """Return what `text` is at one time. Raise QueryError, EvaluationFailed or QueryFault."""
        return await self.range(text, Steps(time_ms, 0, 1), tenant=tenant, timeout=timeout, lookback_ms=lookback_ms)

    async def range(
        self,
        text: str,
        steps: Steps,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109
        lookback_ms: int | None = None,
    ) -> Answered:
        """Return what `text` is at each of `steps`. Raise QueryError, EvaluationFailed or QueryFault."""
        seconds = min(timeout or self._settings.timeout, self._settings.timeout)
        async with self._engine.place(Query(text, "promql")):
            try:
                async with asyncio.timeout(seconds):
                    return await self._answer(text, steps, tenant, lookback_ms)
            except TimeoutError:
                raise QueryFault("query timed out in expression evaluation", Reason.TIMEOUT) from None

    async def _answer(self, text: str, steps: Steps, tenant: str, lookback_ms: int | None) -> Answered:
        options = options_of(self._settings, lookback_ms)
        began = self._clock()
        query = await self._compute(lambda: prepare(text, steps, options))
        prepared = self._clock()
        data = await read(self._source, tenant, query, options)
        fetched = self._clock()
        found: Answer = await self._compute(lambda: finish(query, data.fetched, options, data.given))
        ended = self._clock()
        stats = Stats(
            data.samples,
            {"prepare": prepared - began, "read": fetched - prepared, "evaluate": ended - fetched},
        )
        return Answered(found.result, found.warnings, found.infos, stats)

    async def _compute(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)


def options_of(settings: PromqlSettings, lookback_ms: int | None = None) -> Options:
    """Return how a query is evaluated, looking back as far as it asks for."""
    lookback = round(settings.lookback * 1000) if lookback_ms is None else lookback_ms
    return Options(
        experimental=settings.experimental,
        defaults=Defaults(lookback=lookback, subquery_step=round(settings.subquery_step * 1000)),
        switches=Switches(
            delayed_name_removal=settings.delayed_name_removal, start_timestamps=settings.start_timestamps
        ),
        max_samples=settings.max_samples,
    )
