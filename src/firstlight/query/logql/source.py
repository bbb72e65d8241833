"""What a query of LogQL reads: its streams, and its range aggregations, counted by the engine or from lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, TypeVar

import pyarrow as pa

from firstlight.query.engine import Sessions
from firstlight.query.logql.ast import Grouping, Matcher, MatchOp, RangeOp
from firstlight.query.logql.evaluate_faults import too_many_lines
from firstlight.query.logql.lines import Times
from firstlight.query.logql.pipeline import compile_stages
from firstlight.query.logql.pushdown import push
from firstlight.query.logql.ranges import absent, aggregated
from firstlight.query.logql.samples import Gathered
from firstlight.query.logql.samples_grid import BYTES, grid_of
from firstlight.query.logql.samples_keys import doubtful, keys_of
from firstlight.query.logql.samples_plan import COUNTING, Leaf
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source_lines import Wanted, lines_of
from firstlight.query.logql.source_portions import portions
from firstlight.query.logql.sql_rows import Slice, of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both
from firstlight.query.logql.sql_windows import Buckets
from firstlight.query.logql.streams import Found
from firstlight.query.logql.streams_index import StreamIndex
from firstlight.query.metrics.conditions import Days
from firstlight.query.metrics.series import Keeping
from firstlight.query.promql.values import Labels, Steps, Vector
from firstlight.query.promql.vectors import empty

T = TypeVar("T")

MILLISECOND: Final = 1_000_000


@dataclass(slots=True)
class Taken:
    """What a query has taken so far."""

    lines: int = 0
    bytes: int = 0
    streams: set[int] = field(default_factory=set)


class LogSource:
    """Reads logs. Belongs to one event loop; its sessions have `query.metrics.settings.SESSION`."""

    def __init__(
        self,
        sessions: Sessions,
        workers: Executor,
        settings: LogqlSettings,
        *,
        now_ms: Callable[[], int],
        keeping: Keeping | None = None,
    ) -> None:
        """Take sessions, threads to compute in, and what time it is, by which is known what may still change."""
        self.sessions = sessions
        self.settings = settings
        self._workers = workers
        self._index = StreamIndex(
            sessions,
            now_ms,
            keeping,
            any_field=settings.any_field,
            max_streams=settings.max_streams,
            workers=workers,
        )

    async def find(self, tenant: str, matchers: Sequence[Matcher], slice_: Slice, taken: Taken) -> Found:
        """Return the streams that match on the days of a range of time. Raise QueryFailed or BadRegex."""
        found = await self._index.find(tenant, matchers, days_of(slice_))
        taken.streams.update(found.ids.tolist())
        return found

    async def aggregate(self, tenant: str, leaf: Leaf, steps: Steps, taken: Taken) -> Vector:
        """Return the value of a range aggregation at `steps`, in nanoseconds. Raise QueryFailed or LogqlFailed."""
        ends, span, op = steps.times - leaf.range.offset, leaf.range.range, leaf.node.op
        slice_ = Slice(int(ends[0]) - span + 1, int(ends[-1]) + 1)
        matchers = leaf.range.query.selector.matchers
        found = await self.find(tenant, matchers, slice_, taken)
        vector = await self._of_streams(tenant, leaf, ends, span, slice_, found, taken)
        return absent(vector, labels_of_absence(matchers)) if op is RangeOp.ABSENT_OVER_TIME else vector

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of a kind are durable; to be told of all that this process stores."""
        self._index.learn(kind, stored)

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of a kind and a day were dropped."""
        self._index.forget(kind, day)

    async def compute(self, work: Callable[[], T]) -> T:
        """Return the outcome of `work`, done in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    async def _of_streams(
        self, tenant: str, leaf: Leaf, ends: Times, span: int, slice_: Slice, found: Found, taken: Taken
    ) -> Vector:
        if not len(found):
            return empty(len(ends))
        bound = Bindings()
        level = self.settings.detected_level
        pushed = push(leaf.stages, found, bound, level=level, wide=found.wide)
        if not len(pushed.found):
            return empty(len(ends))
        condition = both([of_rows(tenant, pushed.found, bound), pushed.condition])
        is_counted = leaf.node.op in COUNTING or leaf.node.op is RangeOp.ABSENT_OVER_TIME
        if not pushed.left and leaf.range.unwrap is None and is_counted:
            where = both([condition, of_slice(slice_, bound)])
            return await self._counted(leaf, ends, span, pushed.found, where, bound, taken)
        gathered = Gathered(
            compile_stages(pushed.left, unwrap=leaf.range.unwrap, grouping=leaf.grouping),
            "bytes" if leaf.node.op in BYTES else "count",
        )
        parts = await portions(self.sessions, tenant, pushed.found, slice_)
        wanted = Wanted(level, leaf.names)
        await self._gather(gathered, parts, _Selected(pushed.found, condition, bound, wanted), taken)
        most = self.settings.max_series
        return await self.compute(
            lambda: aggregated(leaf.node.op, gathered.samples(ends, span, most), ends, span, leaf.node.param)
        )

    async def _counted(
        self, leaf: Leaf, ends: Times, span: int, found: Found, where: str, bound: Bindings, taken: Taken
    ) -> Vector:
        op, grouping, names, level = leaf.node.op, leaf.grouping, leaf.names, self.settings.detected_level
        if op is RangeOp.ABSENT_OVER_TIME:  # nobody asks which lines there are
            grouping, names = Grouping(without=False, labels=(), span=leaf.node.span), frozenset()
        step = int(ends[1] - ends[0]) if len(ends) > 1 else 0
        buckets = Buckets(end=int(ends[0]), step=step, span=span, count=len(ends))
        seen = await self._has_any(doubtful(names, found), where, bound) if names else False
        keys = keys_of(found, buckets, names, level=level, seen=seen)
        columns = keys.columns(bound)
        sums = ["count() AS lines", *(["sum(body.size) AS bytes"] if op in BYTES else [])]
        selected = ", ".join([*(f"{sql} AS {name}" for sql, name in columns), *sums])
        gap = buckets.gap(bound)
        condition = where if gap is None else both([where, gap])
        sql = f"SELECT {selected} FROM log_records WHERE {condition} GROUP BY {', '.join(name for _, name in columns)}"
        rows = await self.sessions.query(sql, bound.parameters)
        taken.lines += int(rows.column("lines").to_numpy().sum()) if rows.num_rows else 0
        most = self.settings.max_series
        return await self.compute(lambda: grid_of(rows, op, keys, grouping, most))

    async def _has_any(self, names: Sequence[str], where: str, bound: Bindings) -> bool:
        """Return whether any row has an attribute of these names: to know is cheaper than to look each of them up."""
        if not names:
            return False
        asked = Bindings(bound.parameters)
        condition = both([where, f"hasAny(attributes.keys, {asked.texts(names)})"])
        sql = f"SELECT 1 FROM log_records WHERE {condition} LIMIT 1"
        return bool((await self.sessions.query(sql, asked.parameters)).num_rows)

    async def _gather(self, gathered: Gathered, parts: Sequence[Slice], selected: _Selected, taken: Taken) -> None:
        """Have all lines of `parts` go through a pipeline: one part does while the next is read."""
        most = self.settings.max_lines
        going: asyncio.Task[None] | None = None
        count = 0
        try:
            for part in parts:
                rows = await self.sessions.query(*selected.sql(part))
                count += rows.num_rows
                if count > most:
                    raise too_many_lines(most)
                if going is not None:
                    await going
                going = asyncio.create_task(self.compute(_adding(gathered, rows, selected)))
            if going is not None:
                await going
        finally:
            if going is not None and not going.done():
                going.cancel()
        taken.lines += count
        taken.bytes += gathered.bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Selected:
    """Lines that are read one by one."""

    found: Found
    condition: str
    bound: Bindings
    wanted: Wanted

    def sql(self, part: Slice) -> tuple[str, Mapping[str, object]]:
        """Return what asks for those of a part of time."""
        bound = Bindings(self.bound.parameters)
        where = both([self.condition, of_slice(part, bound)])
        return f"SELECT {self.wanted.columns} FROM log_records WHERE {where}", bound.parameters


def days_of(slice_: Slice) -> Days:
    """Return the days that a range of time is in."""
    return Days.of(slice_.start // MILLISECOND, (slice_.end - 1) // MILLISECOND)


def labels_of_absence(matchers: Sequence[Matcher]) -> Labels:
    """Return the labels of what is absent: those that a selector wants to be equal to something, and only once."""
    wanted: dict[str, str] = {}
    for matcher in matchers:
        is_first = all(each.label != matcher.label for each in matchers[: matchers.index(matcher)])
        if matcher.op is MatchOp.EQUAL and is_first:
            wanted[matcher.label] = matcher.value
        else:
            wanted.pop(matcher.label, None)
    return tuple(sorted((label, value) for label, value in wanted.items() if value))


def _adding(gathered: Gathered, rows: pa.Table, selected: _Selected) -> Callable[[], None]:
    return lambda: gathered.add(lines_of(rows, selected.found, selected.wanted))
