"""What there is of logs, other than the lines: streams, how much is in them, and what deletes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from firstlight.api.loki.selectors import Matchers
from firstlight.query.engine import Engine, Query, Sessions
from firstlight.query.logql.source import Taken
from firstlight.query.logql.sql_rows import Slice, of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both
from firstlight.query.logql.streams import Found, Origin

LANGUAGE: Final = "logql"


class Finder(Protocol):
    """What finds streams: `query.logql.source.LogSource`."""

    async def find(self, tenant: str, matchers: Matchers, slice_: Slice, taken: Taken) -> Found:
        """Return the streams that match on the days of a range of time."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time in nanoseconds; its end belongs to it."""

    start: int
    end: int

    @property
    def slice(self) -> Slice:
        """The same, as conditions on rows have it."""
        return Slice(self.start, self.end + 1)


@dataclass(frozen=True, slots=True)
class Held:
    """How much a stream has in a span, or in a step of it, which begins `step` steps after its start."""

    labels: Mapping[str, str]
    entries: int
    bytes: int
    step: int = 0


class Shelf:
    """The logs of one tenant. All that it does raises QueryFault."""

    def __init__(self, sessions: Sessions, engine: Engine, finder: Finder, tenant: str) -> None:
        self._sessions = sessions
        self._engine = engine
        self._finder = finder
        self._tenant = tenant

    async def streams(self, selectors: Sequence[Matchers], span: Span) -> list[Mapping[str, str]]:
        """Return the labels of the streams that any of `selectors` matches, each once."""
        found: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
        async with self._place("streams"):
            for matchers in selectors:
                some = await self._finder.find(self._tenant, matchers, span.slice, Taken())
                origins = await self._with_field(some, span) if some.others else some.origins
                for one in origins:
                    found.setdefault(tuple(sorted(one.labels.items())), one.labels)
        return [found[key] for key in sorted(found)]

    async def held(self, matchers: Matchers, span: Span, *, step_ns: int = 0) -> list[Held]:
        """Return how much each stream has, in the span or in each step of it."""
        async with self._place("volume"):
            found = await self._finder.find(self._tenant, matchers, span.slice, Taken())
            if not len(found):
                return []
            bound = Bindings()
            where = both([of_rows(self._tenant, found, bound), of_slice(span.slice, bound)])
            step = "0"
            if step_ns:
                start, width = bound.bind(span.start, "Int64"), bound.bind(step_ns, "Int64")
                step = f"intDiv(toUnixTimestamp64Nano(ts) - {start}, {width})"
            rows = await self._sessions.query(
                f"SELECT origin_id, toInt64({step}) AS step, count() AS entries, sum(length(body)) AS bytes"
                f" FROM log_records WHERE {where} GROUP BY origin_id, step ORDER BY step",
                bound.parameters,
            )
        return list(_held(rows, found))

    async def _with_field(self, found: Found, span: Span) -> Sequence[Origin]:
        """Return the streams in which a matcher of what is no label of a stream finds a line."""
        if not len(found):
            return []
        bound = Bindings()
        where = both([of_rows(self._tenant, found, bound), of_slice(span.slice, bound)])
        rows = await self._sessions.query(f"SELECT DISTINCT origin_id FROM log_records WHERE {where}", bound.parameters)
        there = set(rows.column("origin_id").to_pylist())
        return [one for key, one in zip(found.ids.tolist(), found.origins, strict=True) if key in there]

    @asynccontextmanager
    async def _place(self, what: str) -> AsyncIterator[None]:
        async with self._engine.place(Query(what, LANGUAGE)):
            yield


def _held(rows: pa.Table, found: Found) -> list[Held]:
    places = np.searchsorted(found.ids, rows.column("origin_id").to_numpy())
    columns = (rows.column(name).to_pylist() for name in ("step", "entries", "bytes"))
    return [
        Held(found.origins[place].labels, entries, size, step)
        for place, step, entries, size in zip(places.tolist(), *columns, strict=True)
    ]
