"""Questions of our own to the views, put together from fixed pieces; values are bound, never written into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from firstlight.query.engine import Engine, Query, Sessions
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import reading, role
from firstlight.query.sql.formats import lines
from firstlight.store.client import Client

SECOND: Final = 10**9
WINDOWS: Final = (300, 3_600, 86_400)
"""Seconds back from now in which what is newest is looked for first: most of the time that is far enough."""

Parameters = Mapping[str, Any]


@dataclass(slots=True)
class Where:
    """Conditions, all of which must hold, and the values in them."""

    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **values: Any) -> None:
        """Add a condition if its values are given: none of them is None."""
        if None not in values.values():
            self.conditions.append(condition)
            self.values.update(values)

    def __str__(self) -> str:
        return " AND ".join(self.conditions) or "1"


class Views:
    """Asks the views for rows, each as a line of JSON that the engine has printed."""

    def __init__(self, client: Client, engine: Engine, settings: QuerySettings) -> None:
        self._engine = engine
        self._sessions: Sessions = client.readers(
            settings.max_running,
            {**reading(settings), "date_time_output_format": "iso", "readonly": 1},
            database=client.names["sql_lean"],
            role=role(client, settings),
        )

    async def rows(self, sql: str, parameters: Parameters) -> list[bytes]:
        """Return the rows of an answer. Raise QueryFault."""
        query = Query(sql, "none")
        printing = self._engine.stream(self._sessions, sql, parameters, "JSONEachRow")
        async with self._engine.place(query), aclosing(printing) as printed:
            return [line async for line in lines(printed) if line]


def windows(since_ns: int | None, until_ns: int | None, now_ns: int) -> Iterator[int | None]:
    """Yield from when on to look for what is newest, ever further back: to where was asked for, or the beginning."""
    if since_ns is None and until_ns is None:
        yield from (now_ns - seconds * SECOND for seconds in WINDOWS)
    yield since_ns


def listing(name: str, rows: Sequence[bytes], limit: int) -> bytes:
    """Return up to `limit` rows as an object of JSON that says whether there are more."""
    more = b"true" if len(rows) > limit else b"false"
    return b'{"%s":[\n%s\n],"more":%s}\n' % (name.encode(), b",\n".join(rows[:limit]), more)
