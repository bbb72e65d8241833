"""The one door that all queries go through, whatever language they are asked in.

Behind it a query is bounded: in time, in the engine's memory, in how many run and how many wait beside it. Whoever
asks and leaves takes the query with him. What the engine complains of comes out in words for users; how each query
ended is counted, and a slow one is logged.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import pyarrow as pa

from firstlight.errors import QueryError, UserError, brief
from firstlight.query.complaints import explain
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.settings import QuerySettings
from firstlight.store.faults import QueryFailed
from firstlight.telemetry import QueryInstruments

GRACE = 5.0
"""Seconds that the engine has to end a query by itself, before nobody waits for it any longer."""

LOGGED_TEXT = 500

_log = logging.getLogger(__name__)


class Sessions(Protocol):
    """Sessions with the engine, as `store.client.Readers` has them."""

    async def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Return an answer whole; raise QueryFailed. A caller who is cancelled takes the query with him."""
        ...

    def stream(self, sql: str, parameters: Mapping[str, Any] | None = None, *, output: str) -> AsyncIterator[bytes]:
        """Yield an answer in pieces; raise QueryFailed. Who closes the iterator stops the query."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """One query: what it was asked as, for what is said and logged of it, and by which id it is found again.

    `language` is what it is counted under.
    """

    text: str
    language: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])


class Place:
    """The place that a query holds among those that run."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = clock()

    def seconds(self) -> float:
        """Return for how long the query has been here, the wait for its turn included."""
        return self._clock() - self._begun


class Engine:
    """Lets queries through to the engine, so many at a time. Belongs to one event loop."""

    def __init__(
        self, settings: QuerySettings, instruments: QueryInstruments, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._instruments = instruments
        self._clock = clock
        self._places = asyncio.Semaphore(settings.max_running)
        self._waiting = 0

    async def table(self, sessions: Sessions, query: Query, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Return the answer to `query`, whole. Raise QueryError or QueryFault."""
        async with self.place(query), self._in_time():
            return await sessions.query(query.text, parameters)

    async def stream(
        self, sessions: Sessions, text: str, parameters: Mapping[str, Any], output: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield the answer to `text` in the engine's format `output`, for one who holds a place; raise QueryFailed.

        The engine has its time until the first piece; how fast the others are taken is not its fault. To be closed
        where it is not read to its end.
        """
        # It is a generator; the protocol of sessions cannot say so without saying how it is made.
        pieces = cast("AsyncGenerator[bytes, None]", sessions.stream(text, parameters, output=output))
        async with aclosing(pieces):
            async with self._in_time():
                first = await anext(pieces, b"")
            yield first
            async for piece in pieces:
                yield piece

    @asynccontextmanager
    async def place(self, query: Query) -> AsyncIterator[Place]:
        """Hold a place among those that run; raise what the engine complains of in words for users."""
        place = Place(self._clock)
        outcome = "failed"
        try:
            async with self._turn():
                yield place
            outcome = "done"
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        except QueryFailed as failed:
            complaint = explain(failed, query.text)
            outcome = _outcome(complaint)
            raise complaint from failed
        except UserError as error:
            outcome = _outcome(error)
            raise
        finally:
            seconds = place.seconds()
            self._instruments.queries.add(1, query.language, outcome)
            self._instruments.query_seconds.record(seconds, query.language)
            if seconds >= self._settings.slow:
                _log.warning(
                    "slow query %s: %.3f s, %s: %s", query.id, seconds, outcome, brief(query.text, LOGGED_TEXT)
                )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._places.locked() and self._waiting >= self._settings.max_waiting:
            raise QueryFault(
                f"cannot answer now: {self._settings.max_running} queries run and {self._waiting} wait;"
                " try again in a moment",
                Reason.BUSY,
                retry_after=1.0,
            )
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.max_time + GRACE):
                yield
        except TimeoutError:
            raise QueryFault(
                f"cannot answer: it took longer than the {self._settings.max_time:g} s that a query may;"
                " want a shorter range of ts, or fewer services",
                Reason.TIMEOUT,
            ) from None


def _outcome(error: UserError) -> str:
    if isinstance(error, QueryFault):
        return str(error.reason)
    return "refused" if isinstance(error, QueryError) else "failed"
