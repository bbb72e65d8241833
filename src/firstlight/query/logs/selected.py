"""Records that a log query is about, with all that is stored of them: read in pages, in the order of time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.query.logql.ast import LogQuery, Stage
from firstlight.query.logql.pushdown import push
from firstlight.query.logql.source import LogSource
from firstlight.query.logql.source_lines import Wanted
from firstlight.query.logql.sql_rows import Slice, of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both
from firstlight.query.logql.streams import Found

STORED: Final = ", ".join(
    [
        "severity AS stored_severity",
        "toString(severity_text) AS stored_severity_text",
        "if(empty(trace_id), '', lower(hex(trace_id))) AS stored_trace_id",
        "if(empty(span_id), '', lower(hex(span_id))) AS stored_span_id",
    ]
)
"""What of a record is always read beside what LogQL knows of it (`ns`, `body`, `origin_id` and others)."""


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """What the engine is asked for, and the stages that are left to us."""

    source: LogSource
    found: Found
    condition: str
    left: tuple[Stage, ...]
    bound: Bindings
    wanted: Wanted
    more: str
    """Further columns."""

    @classmethod
    def of(
        cls, source: LogSource, tenant: str, query: LogQuery, found: Found, *, wide: bool, more: str = STORED
    ) -> Selected:
        """Return how a query about the streams that were found is asked."""
        bound, level = Bindings(), source.settings.detected_level
        pushed = push(query.stages, found, bound, level=level, wide=wide)
        condition = both([of_rows(tenant, pushed.found, bound), pushed.condition])
        return cls(source, pushed.found, condition, pushed.left, bound, Wanted(level), more)

    async def pages(self, slice_: Slice, size: int, *, backward: bool) -> AsyncIterator[pa.Table]:
        """Yield rows of a range of time, about `size` at a time: what is of one time is on one page. Raise QueryFailed.

        They are more if so many are of one time.
        """
        whole: Slice | None = slice_ if len(self.found) else None
        most = size
        while whole is not None:
            rows = await self._read(whole, most, backward=backward)
            page, whole = _page(rows, whole, most, backward=backward)
            most = size if page.num_rows else most * 2
            if page.num_rows:
                yield page

    async def _read(self, slice_: Slice, size: int, *, backward: bool) -> pa.Table:
        asked = Bindings(self.bound.parameters)
        where = both([self.condition, of_slice(slice_, asked)])
        way = "DESC" if backward else "ASC"
        sql = (
            f"SELECT {self.wanted.columns}, {self.more} FROM log_records WHERE {where}"
            f" ORDER BY ts {way}, _part_offset {way} LIMIT {asked.bind(size + 1, 'UInt64')}"
        )
        return await self.source.sessions.query(sql, asked.parameters)


def _page(rows: pa.Table, slice_: Slice, size: int, *, backward: bool) -> tuple[pa.Table, Slice | None]:
    """Return the rows of which no brother of the same time is missing, and what is still to be read of the slice."""
    if rows.num_rows <= size:
        return rows, None
    times = rows.column("ns").to_numpy()
    last = int(times[-1])
    whole = int(np.argmax(times == last))
    return rows.slice(0, whole), Slice(slice_.start, last + 1) if backward else Slice(last, slice_.end)
