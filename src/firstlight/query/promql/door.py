"""The PromQL door: a query comes in as text and goes out as a result, within its time and among others.

What it needs is read from the store by coroutines; reading the text and the algebra are done in threads, so that a
large query does not hold up the small ones beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Final, ParamSpec, TypeVar

from firstlight.query.engine import Engine, Query
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.metrics.memory import Memory, Remembered, ordered, rest_of
from firstlight.query.metrics.reading import Read, read, size_of
from firstlight.query.metrics.source import Source
from firstlight.query.promql.cache import Part, joined_steps
from firstlight.query.promql.context import Switches
from firstlight.query.promql.plan import Defaults
from firstlight.query.promql.result import Result, shaped, shown
from firstlight.query.promql.run import Options, Prepared, computed, finish, prepare
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.promql.values import Steps

T = TypeVar("T")
P = ParamSpec("P")

SHORT: Final = 2_000
"""How long a text may be to be read while others wait."""

FEW: Final = 20_000
"""How many values may be computed with while others wait: it takes a millisecond or two."""


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
        counts: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """Take where samples come from, what bounds queries, threads to compute in, and a clock that counts seconds.

        `counts` is told how much of each query was remembered: `whole`, `part`, `nothing`, or `unused` if such a query
        is not.
        """
        self._source = source
        self._engine = engine
        self._settings = settings
        self._workers = workers
        self._clock = clock
        self._counts = counts
        self._memory = Memory(source, settings)

    @property
    def remembered_bytes(self) -> int:
        """How many bytes of values are remembered."""
        return self._memory.nbytes

    async def instant(
        self,
        text: str,
        time_ms: int,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109 - asked for by clients, and told to them in their words
        lookback_ms: int | None = None,
        fresh: bool = False,
    ) -> Answered:
        """Return what `text` is at one time. Raise QueryError, EvaluationFailed or QueryFault."""
        steps = Steps(time_ms, 0, 1)
        return await self.range(text, steps, tenant=tenant, timeout=timeout, lookback_ms=lookback_ms, fresh=fresh)

    async def range(
        self,
        text: str,
        steps: Steps,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109
        lookback_ms: int | None = None,
        fresh: bool = False,
    ) -> Answered:
        """Return what `text` is at each of `steps`. Raise QueryError, EvaluationFailed or QueryFault.

        If `fresh`, all is computed anew, whatever is remembered.
        """
        seconds = min(timeout or self._settings.timeout, self._settings.timeout)
        async with self._engine.place(Query(text, "promql")):
            try:
                async with asyncio.timeout(seconds):
                    return await self._answer(text, steps, tenant, options_of(self._settings, lookback_ms), fresh)
            except TimeoutError:
                raise QueryFault("query timed out in expression evaluation", Reason.TIMEOUT) from None

    async def _answer(self, text: str, steps: Steps, tenant: str, options: Options, fresh: bool) -> Answered:
        began = self._clock()
        # What was read before is read at once.
        query = (
            prepare(text, steps, options) if len(text) <= SHORT else await self._compute(prepare, text, steps, options)
        )
        remembered = None if fresh else self._memory.of(query, options, tenant)
        prepared = self._clock()
        if remembered is None:
            self._counts("unused")
            return await self._anew(query, tenant, options, began, prepared)
        async with remembered.turn:
            part = remembered.find()
            self._counts(remembered.outcome(part))
            if part is not None and part.count == steps.count:
                result = shown(part.vector, steps, is_range=query.is_range)
                return Answered(result, (), (), _stats(0, began, prepared, prepared, self._clock()))
            return await self._completed(query, remembered, part, tenant, options, began)

    async def _anew(self, query: Prepared, tenant: str, options: Options, began: float, prepared: float) -> Answered:
        data = await read(self._source, tenant, query, options)
        fetched = self._clock()
        found = await self._computed(data, finish, query, data.fetched, options, data.given)
        stats = _stats(data.samples, began, prepared, fetched, self._clock())
        return Answered(found.result, found.warnings, found.infos, stats)

    async def _completed(
        self,
        query: Prepared,
        remembered: Remembered,
        part: Part | None,
        tenant: str,
        options: Options,
        began: float,
    ) -> Answered:
        """Return the answer of which some is known, and remember it."""
        rest = query if part is None else rest_of(query, part.count, options)
        prepared = self._clock()
        data = await read(self._source, tenant, rest, options)
        fetched = self._clock()
        value, annotations = await self._computed(data, computed, rest, data.fetched, options, data.given)
        vector = ordered(value, rest)
        if vector is None:
            remembered.drop()
            result = shaped(value, query.steps, is_range=query.is_range)
        else:
            if part is not None:
                vector = joined_steps(part.vector, vector)
            told = annotations.warnings or annotations.infos
            if vector.histograms is not None or told:
                remembered.drop()
            else:
                remembered.keep(vector)
            result = shown(vector, query.steps, is_range=query.is_range)
        stats = _stats(data.samples, began, prepared, fetched, self._clock())
        return Answered(result, annotations.warnings, annotations.infos, stats)

    async def _computed(self, data: Read, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` makes of `data`: at once, if they are few."""
        few = data.samples + sum(size_of(each) for each in data.given.values()) <= FEW
        return work(*args, **kwargs) if few else await self._compute(work, *args, **kwargs)

    async def _compute(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, partial(work, *args, **kwargs))


def _stats(samples: int, began: float, prepared: float, fetched: float, ended: float) -> Stats:
    seconds = {"prepare": prepared - began, "read": fetched - prepared, "evaluate": ended - fetched}
    return Stats(samples, seconds)


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
