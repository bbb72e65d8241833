"""The lines around a line: of the same stream, before it and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from firstlight.errors import Span
from firstlight.query.engine import Engine
from firstlight.query.logql.ast import LogQuery, Matcher, MatchOp, StreamSelector
from firstlight.query.logql.result import Direction
from firstlight.query.logql.source import LogSource
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.lines import FoundLine, LogLines

FAR: Final = 24 * 3600 * 10**9
"""How far from a line, in nanoseconds, its neighbours are looked for."""

MOST_AT: Final = 1_000
"""How many lines of the very time are shown."""

_NOWHERE: Final = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a time, each in the order of time."""

    before: Sequence[FoundLine]
    at: Sequence[FoundLine]
    """The lines of the very time."""
    after: Sequence[FoundLine]


class LogContext:
    """Finds neighbours. Belongs to one event loop."""

    def __init__(self, source: LogSource, engine: Engine) -> None:
        self._lines = LogLines(source, engine)

    async def around(
        self, tenant: str, labels: Mapping[str, str], ts_ns: int, *, before: int, after: int, far_ns: int = FAR
    ) -> Around:
        """Return the lines of the stream with `labels` around a time. Raise QueryFault."""
        query = LogQuery(selector=_selector(labels), span=_NOWHERE)

        async def some(start: int, end: int, most: int, direction: Direction) -> list[FoundLine]:
            found: list[FoundLine] = []
            async with aclosing(self._lines.lines(tenant, query, Slice(start, end), most, direction)) as pages:
                async for page in pages:
                    found += page
            return found

        at = await some(ts_ns, ts_ns + 1, MOST_AT, Direction.FORWARD)
        earlier = await some(ts_ns - far_ns, ts_ns, before, Direction.BACKWARD)
        later = await some(ts_ns + 1, ts_ns + 1 + far_ns, after, Direction.FORWARD)
        return Around(earlier[::-1], at, later)


def _selector(labels: Mapping[str, str]) -> StreamSelector:
    matchers = tuple(
        Matcher(label=name, op=MatchOp.EQUAL, value=value, span=_NOWHERE) for name, value in sorted(labels.items())
    )
    return StreamSelector(matchers=matchers, span=_NOWHERE)
