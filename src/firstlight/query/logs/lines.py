"""Lines of a log query as they are found, page by page, for whoever sends them on: no more is held than a page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa

from firstlight.query.engine import Engine, Query
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.lines import LineLabels
from firstlight.query.logql.pipeline import Pipeline, compile_stages
from firstlight.query.logql.printer import text_of
from firstlight.query.logql.result import Direction
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.source_lines import Wanted, lines_of
from firstlight.query.logql.source_newest import LEAST_PAGE, MOST_PAGE, NEAR, slices
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logql.streams import Found
from firstlight.query.logs.selected import Selected

PAGE: Final = 5_000
"""How many lines are wanted at once."""


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line that a query keeps, as the query leaves it, and what is stored of its record."""

    ts: int
    text: str
    labels: LineLabels
    service: str
    severity: int
    trace_id: str
    span_id: str


class LogLines:
    """Finds lines. Belongs to one event loop."""

    def __init__(self, source: LogSource, engine: Engine) -> None:
        self._source = source
        self._engine = engine

    async def lines(
        self, tenant: str, query: LogQuery, whole: Slice, limit: int, direction: Direction
    ) -> AsyncGenerator[Sequence[FoundLine], None]:
        """Yield at most `limit` lines of a range of time in the order of `direction`. Raise LogqlFailed or QueryFault.

        To be closed where it is not read to its end.
        """
        backward = direction is Direction.BACKWARD
        left = limit
        if left <= 0:
            return
        async with self._engine.place(Query(text_of(query), "logql")):
            found = await self._source.find(tenant, query.selector.matchers, whole, Taken())
            near = Selected.of(self._source, tenant, query, found, wide=False)
            far = Selected.of(self._source, tenant, query, found, wide=found.wide)
            pipeline = compile_stages(near.left)
            size = min(limit, PAGE) if not near.left else min(max(4 * limit, LEAST_PAGE), MOST_PAGE)
            for number, part in enumerate(slices(whole, backward=backward)):
                selected = near if number < NEAR else far
                # It is a generator, which is to be closed for the engine to stop.
                pages: Any = selected.pages(part, size, backward=backward)
                async with aclosing(pages):
                    async for rows in pages:
                        kept = await self._source.compute(
                            partial(kept_lines, pipeline, rows, selected.found, selected.wanted)
                        )
                        if kept:
                            yield kept[:left]
                            left -= len(kept)
                        if left <= 0:
                            return


def kept_lines(pipeline: Pipeline, rows: pa.Table, found: Found, wanted: Wanted) -> list[FoundLine]:
    """Return the lines that a pipeline keeps of rows of the streams `found`, which have the columns of `Selected`."""
    lines = lines_of(rows, found, wanted)
    kept = pipeline.run(lines)
    stored = rows.select(["stored_severity", "stored_trace_id", "stored_span_id"]).take(pa.array(kept.rows))
    services = [origin.service for origin in found.origins]
    return [
        FoundLine(ts, text, kept.labels[place], services[stream], severity, trace, span)
        for ts, text, place, stream, severity, trace, span in zip(
            lines.ts[kept.rows].tolist(),
            kept.line.to_pylist(),
            kept.labels_of.tolist(),
            lines.stream[kept.rows].tolist(),
            stored.column("stored_severity").to_pylist(),
            _texts(stored.column("stored_trace_id")),
            _texts(stored.column("stored_span_id")),
            strict=True,
        )
    ]


def _texts(column: pa.ChunkedArray) -> list[str]:
    return [str(one) for one in column.cast(pa.string()).to_pylist()]
