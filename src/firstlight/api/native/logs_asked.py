"""What is asked of logs in LogQL: the query, and from when to when; and what answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firstlight.api.loki.followers import Followers
from firstlight.api.native.asked import Asked
from firstlight.errors import QueryError
from firstlight.http.errors import RequestError
from firstlight.query.engine import Engine
from firstlight.query.logql.ast import Expr, LogQuery
from firstlight.query.logql.door import LogqlDoor
from firstlight.query.logql.run import prepare
from firstlight.query.logql.source import LogSource
from firstlight.query.logql.sql_rows import Slice
from firstlight.query.logs.patterns import PatternSource
from firstlight.query.logs.searches import SavedSearches

SECOND: Final = 10**9
HOUR: Final = 3600 * SECOND

MAX_QUERY: Final = 128 * 1024
"""How many characters a query may have."""

STEPS: Final = 250
"""How many steps a range has of which none is said, or a few more."""

MAX_STEPS: Final = 11_000

PLACED: Final = re.compile(r"parse error(?: at line [0-9]+, col [0-9]+| ): ")

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Logs:
    """What answers questions about the logs of one tenant."""

    source: LogSource
    door: LogqlDoor
    engine: Engine
    patterns: PatternSource
    followers: Followers
    searches: SavedSearches
    tenant: str

    async def query(self, asked: Asked) -> Expr:
        """Return the query that is asked. Raise RequestError or QueryError."""
        text = asked.text("query")
        if text is None:
            raise RequestError('cannot tell what to look for: "query" is missing; want a query in LogQL')
        if len(text) > MAX_QUERY:
            raise RequestError(f'cannot read "query": it has {len(text)} characters; want at most {MAX_QUERY}')
        try:
            return await self.source.compute(lambda: prepare(text))
        except QueryError as error:
            # The place is told beside the words here, and need not be told in them.
            words = PLACED.sub("", error.complaint)
            raise QueryError(words, query=error.query, span=error.span, language=error.language) from None

    async def lines(self, asked: Asked) -> LogQuery:
        """Return the query that is asked, which must be one of lines. Raise RequestError or QueryError."""
        query = await self.query(asked)
        if not isinstance(query, LogQuery):
            raise RequestError(
                'cannot find lines with "query", which is about metrics; want a selector and what filters lines,'
                ' such as {app="shop"} |= "error"'
            )
        return query


def span(asked: Asked, default_ns: int = HOUR) -> Slice:
    """Return from when to before when is asked: in the last hour, if nothing is said. Raise RequestError."""
    until_ns = asked.time_ns("until")
    end = asked.now_ns + 1 if until_ns is None else until_ns
    since_ns = asked.time_ns("since")
    start = max(0, min(end, asked.now_ns) - default_ns) if since_ns is None else since_ns
    if end <= start:
        raise RequestError('cannot look where there is no time: "until" is not after "since"; want it to be later')
    return Slice(start, end)


def step_of(asked: Asked, whole: Slice) -> int:
    """Return the step that is asked for, or one that makes some 250 of a range. Raise RequestError."""
    seconds = asked.seconds("step")
    length = whole.end - whole.start
    step = -(-length // STEPS // SECOND) * SECOND if seconds is None else round(seconds * SECOND)
    if step <= 0 or length // step > MAX_STEPS:
        raise RequestError(f'cannot cut the time into steps: want a "step" that makes at most {MAX_STEPS} of it')
    return step
