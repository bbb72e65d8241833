"""The lines around a line: of the same stream, before it and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from firstlight.errors import Span
from firstlight.query.engine import Engine, Query
from firstlight.query.logql.ast import LogQuery, Matcher, MatchOp, StreamSelector
from firstlight.query.logql.result import Direction
from firstlight.query.logql.source import LogSource, Taken
from firstlight.query.logql.source_newest import Line, Reading
from firstlight.query.logql.sql_rows import Slice

FAR: Final = 24 * 3600 * 10**9
"""How far from a line, in nanoseconds, its neighbours are looked for."""

_NOWHERE: Final = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a time, each in the order of time."""

    before: Sequence[Line]
    at: Sequence[Line]
    """The lines of the very time."""
    after: Sequence[Line]


class LogContext:
    """Finds neighbours. Belongs to one event loop."""

    def __init__(self, source: LogSource, engine: Engine) -> None:
        self._source = source
        self._engine = engine

    async def around(
        self, tenant: str, labels: Mapping[str, str], ts_ns: int, *, before: int, after: int, far_ns: int = FAR
    ) -> Around:
        """Return the lines of the stream with `labels` around a time. Raise QueryFault."""
        query = LogQuery(selector=_selector(labels), span=_NOWHERE)
        newer = Reading(self._source, tenant, query, Direction.FORWARD)
        older = Reading(self._source, tenant, query, Direction.BACKWARD)
        async with self._engine.place(Query("the lines around a line", "logs")):
            at = await _some(newer, Slice(ts_ns, ts_ns + 1), None)
            earlier = await _some(older, Slice(ts_ns - far_ns, ts_ns), before)
            later = await _some(newer, Slice(ts_ns + 1, ts_ns + 1 + far_ns), after)
        return Around(earlier[::-1], at, later)


async def _some(reading: Reading, slice_: Slice, most: int | None) -> list[Line]:
    found: list[Line] = []
    if most == 0:
        return found
    # It is a generator, which is to be closed for the engine to stop.
    pages: Any = reading.lines(slice_, most or 1_000, Taken())
    async with aclosing(pages):
        async for page in pages:
            found += page
            if most is not None and len(found) >= most:
                break
    return found[:most]


def _selector(labels: Mapping[str, str]) -> StreamSelector:
    matchers = tuple(
        Matcher(label=name, op=MatchOp.EQUAL, value=value, span=_NOWHERE) for name, value in sorted(labels.items())
    )
    return StreamSelector(matchers=matchers, span=_NOWHERE)
