"""Every record that a log query keeps, as it is stored, the oldest first: in pages, so that there may be any number.

A pipeline decides which records are kept; what it makes of their lines and labels is no part of an export.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa

from firstlight.query.engine import Engine, Query
from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.pipeline import Pipeline, compile_stages
from firstlight.query.logql.printer import text_of
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.source_lines import lines_of
from firstlight.query.logql.source_portions import FINENESS, portions
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logql.sql_terms import Bindings
from firstlight.query.logs.selected import STORED, Selected

PAGE: Final = 20_000
"""How many records a page has, unless more are of one time."""

SHORT: Final = 10**9
"""How long a part may be, in nanoseconds, of which it is not asked how many lines it has."""

MAX_ORIGINS: Final = 10_000
"""How many senders are remembered from page to page."""

EXPORTED: Final = (
    f"{STORED}, toString(event_name) AS stored_event_name, attributes AS stored_attributes,"
    " toString(attribute_types) AS stored_types"
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent: the resource, and the labels of the stream."""

    resource: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Records in the order of time, and their senders by `origin_id`."""

    rows: pa.Table
    senders: Mapping[int, Sender]


class LogExport:
    """Reads records to be exported. Belongs to one event loop."""

    def __init__(self, source: LogSource, engine: Engine) -> None:
        self._source = source
        self._engine = engine

    async def pages(self, tenant: str, query: LogQuery, whole: Slice) -> AsyncGenerator[Page, None]:
        """Yield the records of a range of time that `query` keeps. Raise LogqlFailed or QueryFault.

        To be closed where it is not read to its end.
        """
        async with self._engine.place(Query(text_of(query), "logql")):
            found = await self._source.find(tenant, query.selector.matchers, whole, Taken())
            if not len(found):
                return
            selected = Selected.of(self._source, tenant, query, found, wide=found.wide, more=EXPORTED)
            pipeline = compile_stages(selected.left) if selected.left else None
            senders: dict[int, Sender] = {}
            async for part in self._parts(tenant, selected, whole):
                # It is a generator, which is to be closed for the engine to stop.
                pages: Any = selected.pages(part, PAGE, backward=False)
                async with aclosing(pages):
                    async for rows in pages:
                        kept = rows
                        if pipeline:
                            kept = await self._source.compute(partial(_through, pipeline, rows, selected))
                        if kept.num_rows:
                            await self._meet(tenant, kept, senders)
                            yield Page(kept, senders)

    async def _parts(self, tenant: str, selected: Selected, whole: Slice) -> AsyncIterator[Slice]:
        """Yield parts of a range of time that have lines; one that may have many is cut again."""
        for part in await portions(self._source.sessions, tenant, selected.found, whole):
            is_one_piece = part.end - part.start <= -(-(whole.end - whole.start) // FINENESS)
            if is_one_piece and part.end - part.start > SHORT:
                async for smaller in self._parts(tenant, selected, part):
                    yield smaller
            else:
                yield part

    async def _meet(self, tenant: str, rows: pa.Table, senders: dict[int, Sender]) -> None:
        """Have the senders of `rows` among those that are known."""
        wanted = set(np.unique(rows.column("origin_id").to_numpy()).tolist())
        if len(senders) > MAX_ORIGINS:
            for known in senders.keys() - wanted:
                del senders[known]
        unknown = sorted(wanted - senders.keys())
        if not unknown:
            return
        bound = Bindings()
        where = f"tenant = {bound.text(tenant)} AND origin_id IN {bound.bind(unknown, 'Array(UInt64)')}"
        sql = (
            "SELECT origin_id, any(resource) AS resource, any(origins.labels) AS stream FROM origins"
            f" WHERE {where} GROUP BY origin_id"
        )
        told = await self._source.sessions.query(sql, bound.parameters)
        for row in told.to_pylist():
            senders[row["origin_id"]] = Sender(dict(row["resource"]), dict(row["stream"]))


def _through(pipeline: Pipeline, rows: pa.Table, selected: Selected) -> pa.Table:
    kept = pipeline.run(lines_of(rows, selected.found, selected.wanted))
    return rows.take(pa.array(kept.rows))
