"""The LogQL door: a query comes in as text or tree and goes out as a result, within its time and among others.

What it needs is read from the store by coroutines; pipelines and the algebra are done in threads, so that a large query
does not hold up the small ones beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from firstlight.query.engine import Engine, Query
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.logql.ast import Expr, LogQuery, MetricExpr, Variants
from firstlight.query.logql.evaluate_faults import (
    INSTANT_LOGS,
    LogqlFailed,
    too_many_entries,
    too_many_steps,
)
from firstlight.query.logql.printer import text_of
from firstlight.query.logql.result import Answered, Direction, Result, Streams
from firstlight.query.logql.run import finish, prepare, spaced, streams_of
from firstlight.query.logql.samples_plan import leaves
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.source_newest import Line, Reading
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logql.stats import Stats
from firstlight.query.metrics.together import together
from firstlight.query.promql.values import Steps


class LogqlDoor:
    """Answers queries. Belongs to one event loop."""

    def __init__(self, source: LogSource, engine: Engine, settings: LogqlSettings, clock: Callable[[], float]) -> None:
        """Take where lines come from, what bounds queries, and a clock that counts seconds."""
        self._source = source
        self._engine = engine
        self._settings = settings
        self._clock = clock

    async def query_range(
        self,
        asked: str | Expr,
        start_ns: int,
        end_ns: int,
        step_ns: int,
        *,
        tenant: str,
        limit: int = 100,
        direction: Direction = Direction.BACKWARD,
        interval_ns: int = 0,
        categorize: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109 - asked for by clients
    ) -> Answered:
        """Return what is asked from `start_ns` to `end_ns`. Raise QueryError, LogqlFailed or QueryFault.

        Lines are those from `start_ns` to before `end_ns`, at most `limit`, at least `interval_ns` apart if that is not
        0; with `categorize`, streams are told apart by the labels of the stream only. Metrics are evaluated at
        `start_ns`, and every `step_ns` up to `end_ns`.
        """

        async def answer(taken: Taken) -> Result:
            expr = await self._prepared(asked)
            if isinstance(expr, LogQuery):
                reading = Reading(self._source, tenant, expr, direction)
                lines = await self._lines(reading, Slice(start_ns, end_ns), limit, interval_ns, taken)
                return streams_of(lines, categorize=categorize)
            return await self._metric(expr, self._steps(start_ns, end_ns, step_ns), tenant, taken)

        return await self._answered(asked, answer, timeout)

    async def query(
        self,
        asked: str | Expr,
        time_ns: int,
        *,
        tenant: str,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Answered:
        """Return what a metric query is at one time. Raise QueryError, LogqlFailed or QueryFault."""

        async def answer(taken: Taken) -> Result:
            expr = await self._prepared(asked)
            if isinstance(expr, LogQuery):
                raise LogqlFailed(INSTANT_LOGS)
            return await self._metric(expr, Steps(time_ns, 0, 1), tenant, taken)

        return await self._answered(asked, answer, timeout)

    async def _prepared(self, asked: str | Expr) -> Expr:
        return await self._source.compute(lambda: prepare(asked)) if isinstance(asked, str) else asked

    async def _answered(
        self,
        asked: str | Expr,
        answer: Callable[[Taken], Awaitable[Result]],
        timeout: float | None,  # noqa: ASYNC109
    ) -> Answered:
        seconds = min(timeout or self._settings.timeout, self._settings.timeout)
        taken = Taken()
        async with self._engine.place(Query(asked if isinstance(asked, str) else text_of(asked), "logql")):
            began = self._clock()
            try:
                async with asyncio.timeout(seconds):
                    result = await answer(taken)
            except TimeoutError:
                raise QueryFault("query timed out in expression evaluation", Reason.TIMEOUT) from None
            ended = self._clock()
        entries = sum(len(stream.entries) for stream in result.streams) if isinstance(result, Streams) else 0
        stats = Stats(len(taken.streams), taken.lines, taken.bytes, entries, {"execute": ended - began})
        return Answered(result, stats)

    async def _lines(self, reading: Reading, slice_: Slice, limit: int, interval: int, taken: Taken) -> list[Line]:
        most = self._settings.max_entries
        if most and limit > most:
            raise too_many_entries(limit, most)
        found: list[Line] = []
        if limit <= 0:
            return found
        # It is a generator, which is to be closed for the engine to stop.
        lines: Any = reading.lines(slice_, limit, taken)
        async with aclosing(lines):
            async for page in lines:
                last = found[-1].ts if found else None
                found += spaced(page, interval, last, reading.direction) if interval else page
                if len(found) >= limit:
                    break
        return found[:limit]

    def _steps(self, start_ns: int, end_ns: int, step_ns: int) -> Steps:
        if step_ns <= 0:
            raise LogqlFailed("zero or negative query resolution step widths are not accepted. Try a positive integer")
        if end_ns < start_ns:
            raise LogqlFailed("end timestamp must not be before or equal to start time")
        count = (end_ns - start_ns) // step_ns + 1
        if count > self._settings.max_steps:
            raise too_many_steps()
        return Steps(start_ns, step_ns, count)

    async def _metric(self, expr: MetricExpr | Variants, steps: Steps, tenant: str, taken: Taken) -> Result:
        needed = list({leaf.node: leaf for leaf in leaves(expr)}.values())
        vectors = await together(self._source.aggregate(tenant, leaf, steps, taken) for leaf in needed)
        given = {leaf.node: vector for leaf, vector in zip(needed, vectors, strict=True)}
        most = self._settings.max_series
        return await self._source.compute(lambda: finish(expr, steps, given, most))
