"""The first lines of a query, from one end of its time: read in slices that grow, until there are enough.

Where the newest lines are, nobody knows beforehand; that they are near the end is likely. So the slice next to the end
is read first, and each one after it is eight times as long. A slice in which the engine cannot decide by itself which
lines are kept is read in pages, each as long as it takes to be worth it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.logql.ast import LogQuery, Stage
from firstlight.query.logql.lines import LineLabels, Lines, Processed
from firstlight.query.logql.pipeline import Pipeline, compile_stages
from firstlight.query.logql.pushdown import push
from firstlight.query.logql.result import Direction
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.source_lines import Wanted, lines_of
from firstlight.query.logql.sql_rows import Slice, of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both
from firstlight.query.logql.streams import Found

FIRST: Final = 60 * 10**9
"""How long the first slice is, in nanoseconds."""

GROWTH: Final = 8

NEAR: Final = 2
"""How many slices are read line by line; of those after, which are long, it is worth to ask the index of words."""

LEAST_PAGE: Final = 1_000
MOST_PAGE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is kept."""

    ts: int
    text: str
    labels: LineLabels


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How a log query is read: where from, which way, and what is to be done with lines."""

    source: LogSource
    tenant: str
    query: LogQuery
    direction: Direction

    @property
    def backward(self) -> bool:
        """Whether the newest lines come first."""
        return self.direction is Direction.BACKWARD

    async def lines(self, slice_: Slice, enough: int, taken: Taken) -> AsyncIterator[list[Line]]:
        """Yield lines of a range of time in the order of the query; about `enough` of them are wanted."""
        found = await self.source.find(self.tenant, self.query.selector.matchers, slice_, taken)
        if not len(found):
            return
        near, far = self._pages(found, taken, wide=False), self._pages(found, taken, wide=found.wide)
        pipeline = compile_stages(near.left)
        size = enough if not near.left else min(max(4 * enough, LEAST_PAGE), MOST_PAGE)
        for number, part in enumerate(slices(slice_, backward=self.backward)):
            pages = near if number < NEAR else far
            async for rows in pages.of(part, size):
                yield await self.source.compute(partial(_kept, pipeline, rows, pages.found, pages.wanted))

    def _pages(self, found: Found, taken: Taken, *, wide: bool) -> _Pages:
        bound = Bindings()
        level = self.source.settings.detected_level
        pushed = push(self.query.stages, found, bound, level=level, wide=wide)
        condition = both([of_rows(self.tenant, pushed.found, bound), pushed.condition])
        return _Pages(self, pushed.found, condition, pushed.left, bound, Wanted(level), taken)


@dataclass(frozen=True, slots=True, eq=False)
class _Pages:
    reading: Reading
    found: Found
    condition: str
    left: tuple[Stage, ...]
    """The stages that are not part of the condition."""
    bound: Bindings
    wanted: Wanted
    taken: Taken

    async def of(self, slice_: Slice, size: int) -> AsyncIterator[pa.Table]:
        """Yield the rows of a slice in order, at least `size` of them at a time but the last time."""
        while slice_.start < slice_.end and len(self.found):
            bound = Bindings(self.bound.parameters)
            where = both([self.condition, of_slice(slice_, bound)])
            way = "DESC" if self.reading.backward else "ASC"
            sql = (
                f"SELECT {self.wanted.columns} FROM log_records WHERE {where}"
                f" ORDER BY ts {way}, _part_offset {way} LIMIT {bound.bind(size + 1, 'UInt64')}"
            )
            rows = await self.reading.source.sessions.query(sql, bound.parameters)
            if rows.num_rows <= size:
                if rows.num_rows:
                    self._count(rows)
                    yield rows
                return
            times = rows.column("ns").to_numpy()
            # The last ones may have brothers of the same time, which must not be torn apart.
            whole = int(np.flatnonzero(times != times[-1])[-1]) + 1 if times[0] != times[-1] else 0
            if whole:
                page = rows.slice(0, whole)
                self._count(page)
                yield page
                last = int(times[-1])
                slice_ = Slice(slice_.start, last + 1) if self.reading.backward else Slice(last, slice_.end)
            else:
                size *= 2

    def _count(self, rows: pa.Table) -> None:
        self.taken.lines += rows.num_rows
        self.taken.bytes += rows.column("body").nbytes


def slices(whole: Slice, *, backward: bool) -> Iterator[Slice]:
    """Yield the parts of a range of time, from its end or from its beginning on, each longer than the one before.

    >>> [part.end - part.start for part in slices(Slice(0, 600 * 10**9), backward=True)]
    [60000000000, 480000000000, 60000000000]
    """
    length = FIRST
    start, end = whole.start, whole.end
    while start < end:
        if backward:
            part = Slice(max(start, end - length), end)
            end = part.start
        else:
            part = Slice(start, min(end, start + length))
            start = part.end
        yield part
        length *= GROWTH


def _kept(pipeline: Pipeline, rows: pa.Table, found: Found, wanted: Wanted) -> list[Line]:
    lines: Lines = lines_of(rows, found, wanted)
    kept: Processed = pipeline.run(lines)
    return [
        Line(ts, text, kept.labels[place])
        for ts, text, place in zip(
            lines.ts[kept.rows].tolist(), kept.line.to_pylist(), kept.labels_of.tolist(), strict=True
        )
    ]
