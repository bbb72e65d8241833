"""The engine, opened: sessions with it, each with a thread of its own, behind coroutines.

Whatever runs in the engine blocks, so it runs in a thread; and a session serves one caller at a time, so there are
several. Each lane of the writer has one, queries share a few, and two are apart from all others: one for statements
that may take long, such as retention's, and one to stop queries with.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from firstlight.errors import StoreBusy
from firstlight.store.connection import INSERT_SETTINGS, Answer, Connection, Settings, connect
from firstlight.store.faults import QueryFailed, StoreUnusable
from firstlight.store.location import DATABASE, Directory, Location
from firstlight.store.lock import DirectoryLock

T = TypeVar("T")

Insert = Callable[[str, pa.Table], Awaitable[None]]
"""Returns once the rows of a table are durable; raises a StoreError if none of them are. They are of one partition."""

PIECE = 256 * 1024
"""How many bytes of a streamed answer are handed on at a time."""

ACCESS_DENIED = 497

CLOSED = "cannot ask the store anything: it is closed"

CLOSING = 5.0
"""Seconds that whoever reads an answer has to notice that the store is closing."""

STOP_INTERVAL = 0.05
"""Seconds before a query that was told to stop is told so again: the first time it may not have begun."""


class Line:
    """A session and the thread that uses it: what is asked on it runs in turn."""

    def __init__(self, name: str, open_session: Callable[[], Connection]) -> None:
        self._open_session = open_session
        self._session: Connection | None = None
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"firstlight-{name}")

    @property
    def tag(self) -> str:
        """What the engine knows the session by; nothing before it is opened."""
        return self._session.tag if self._session else ""

    def ask(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Return the outcome-to-be of `work`; the session is opened when it is first asked anything."""
        if self._is_closed:
            raise StoreUnusable(CLOSED)
        return asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def hang_up(self) -> None:
        """End the session, when all that was asked before is done; the next to ask gets a new one."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._end)

    async def close(self) -> None:
        """End the session and the thread; to close again does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        await self.hang_up()
        self._thread.shutdown(wait=False)

    def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            return work(self._opened())
        except QueryFailed:
            # What the engine inside had already printed of a failed answer it would put before the next one of the
            # session (chdb 4.4). The next session is there before this one ends: with the last, the engine would go.
            failed, self._session = self._session, None
            if failed:
                self._session = self._open_session()
                failed.close()
            raise

    def _opened(self) -> Connection:
        self._session = self._session or self._open_session()
        return self._session

    def _end(self) -> None:
        if self._session:
            self._session.close()
            self._session = None


@dataclass(slots=True, eq=False)
class _Turn:
    """The use of a line by one query."""

    line: Line
    asked: asyncio.Future[Any] | None = None
    answer: Answer | None = None

    async def ask(self, work: Callable[[Connection], T]) -> T:
        """Return the outcome of `work`. If the caller is cancelled meanwhile, `work` goes on."""
        asked = self.asked = self.line.ask(work)
        return await asyncio.shield(asked)

    async def begin(self, sql: str, parameters: Mapping[str, Any], output: str) -> Answer:
        """Return the answer to `sql`; it is kept here too, to be closed whatever happens to the caller."""

        def read(session: Connection) -> Answer:
            self.answer = session.read(sql, parameters, output)
            return self.answer

        return await self.ask(read)


class Readers:
    """Sessions for queries, all with the same settings. Who asks while all are taken waits for one."""

    def __init__(self, new_line: Callable[[], Line], size: int, stop: Callable[[str], Awaitable[None]]) -> None:
        self._new_line = new_line
        self._stop = stop
        self._size = size
        self._free = asyncio.Semaphore(size)
        self._idle: list[Line] = []
        self._is_closed = False
        self._turns: set[_Turn] = set()
        self._returning: set[asyncio.Task[None]] = set()

    async def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Return the answer to `sql`, in which each ``{name:Type}`` is bound to one of `parameters`. Raise QueryFailed.

        If the caller is cancelled, the query is stopped.
        """
        async with self._turn() as turn:
            answer = await turn.begin(sql, parameters or {}, "ArrowStream")
            return await turn.ask(lambda _: _table(answer))

    async def stream(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, output: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield the answer to `sql` in the engine's format `output`, in pieces, as it comes. Raise QueryFailed.

        If the caller is cancelled or closes the iterator, the query is stopped.
        """
        async with self._turn() as turn:
            answer = await turn.begin(sql, parameters or {}, output)
            while piece := await turn.ask(lambda _: answer.read(PIECE)):
                yield piece

    async def close(self) -> None:
        """Stop the queries that run, and end the sessions. An answer that nobody reads on is waited for a little."""
        if self._is_closed:
            return
        self._is_closed = True
        for turn in tuple(self._turns):
            if turn.line.tag:
                await self._stop(turn.line.tag)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                for _ in range(self._size):
                    await self._free.acquire()
        for line in self._idle:
            await line.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[_Turn]:
        self._check_open()
        await self._free.acquire()
        try:
            self._check_open()  # it may have closed while this one waited
        except StoreUnusable:
            self._free.release()
            raise
        turn = _Turn(self._idle.pop() if self._idle else self._new_line())
        self._turns.add(turn)
        try:
            yield turn
        finally:
            self._turns.remove(turn)
            # Nobody waits for it: a caller who was cancelled is gone at once, and the next waits until it is done.
            returning = asyncio.create_task(self._take_back(turn))
            self._returning.add(returning)
            returning.add_done_callback(self._returning.discard)

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnusable(CLOSED)

    async def _take_back(self, turn: _Turn) -> None:
        asked, was_stopped, interval = turn.asked, False, STOP_INTERVAL
        while asked and not asked.done():
            if turn.line.tag:
                was_stopped = True
                await self._stop(turn.line.tag)
            await asyncio.wait([asked], timeout=interval)
            interval = min(2 * interval, 1.0)
        if asked and not asked.cancelled():
            asked.exception()  # has been told to the caller, or nobody is there to be told
        if answer := turn.answer:
            await turn.line.ask(lambda _: answer.close())
        if was_stopped:
            # The engine inside answers the next query of such a session with no rows (chdb 4.4).
            await turn.line.hang_up()
        self._idle.append(turn.line)
        self._free.release()


class Client:
    """The engine of one installation. What it gives out must not be used after `close`."""

    def __init__(self, location: Location, *, memory: int) -> None:
        self.location = location
        self._memory = memory
        self._lock = _locked(location) if isinstance(location, Directory) else None
        self._lanes: list[Line] = []
        self._readers: list[Readers] = []
        self._control = self._line("control", {})
        self._upkeep = self._line("upkeep", {})

    @property
    def database(self) -> str:
        """The database that everything is in."""
        return DATABASE if isinstance(self.location, Directory) else self.location.database

    @property
    def names(self) -> Mapping[str, str]:
        """The databases that are made beside it, by the names that ``{name:Identifier}`` in the schema stands for."""
        return {"sql": f"{self.database}_sql", "sql_lean": f"{self.database}_sql_lean"}

    @classmethod
    async def open(cls, location: Location, *, memory: int) -> Client:
        """Return the engine at `location`, with its database there. Raise StoreUnusable if it cannot be had."""
        client = cls(location, memory=memory)
        try:
            await client._make_database()
        except BaseException:
            await client.close()
            raise
        return client

    def lane(self, name: str) -> Insert:
        """Return a way to insert that shares its session with no other."""
        line = self._line(name, INSERT_SETTINGS)
        self._lanes.append(line)

        async def insert(table: str, rows: pa.Table) -> None:
            try:
                await line.ask(lambda session: session.insert(table, rows))
            except StoreUnusable as error:  # it could be used before, so it may be again
                raise StoreBusy(f"cannot store: {error}") from error

        return insert

    def readers(
        self, size: int, settings: Settings | None = None, *, database: str | None = None, role: str | None = None
    ) -> Readers:
        """Return `size` sessions for queries, with settings such as ``readonly`` and ``max_execution_time``.

        They are about another `database` than that of the tables if one is named, and have no rights but those of
        `role` if one is.
        """
        readers = Readers(lambda: self._line("reader", settings or {}, database, role), size, self._stop_queries)
        self._readers.append(readers)
        return readers

    async def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing; the next waits for it. Raise QueryFailed."""
        await self._upkeep.ask(lambda session: session.command(sql, parameters or {}))

    async def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Return the answer to a question of the store's own, of those that are quickly answered. Raise QueryFailed."""
        return await self._upkeep.ask(lambda session: _table(session.read(sql, parameters or {}, "ArrowStream")))

    async def close(self) -> None:
        """End all sessions, and with them the engine if it is inside this process."""
        for readers in self._readers:
            await readers.close()
        for line in (*self._lanes, self._upkeep, self._control):
            await line.close()
        if self._lock:
            self._lock.release()

    def _line(self, name: str, settings: Settings, database: str | None = None, role: str | None = None) -> Line:
        about = database or self.database
        return Line(
            name,
            lambda: connect(self.location, database=about, memory=self._memory, settings=settings, role=role),
        )

    async def _make_database(self) -> None:
        line = Line("opening", lambda: connect(self.location, database=None, memory=self._memory, settings={}))
        try:
            await line.ask(lambda session: session.command(f"CREATE DATABASE IF NOT EXISTS `{self.database}`", {}))
        except QueryFailed as error:
            if error.code != ACCESS_DENIED:  # then somebody else may have made it for us
                raise StoreUnusable(f"cannot open {self.location}: {error}") from error
        finally:
            # The engine inside goes with its last session: the next is there before this one ends.
            with suppress(StoreUnusable):
                await self._control.ask(lambda _: None)
            await line.close()
        await self._control.ask(lambda _: None)

    async def _stop_queries(self, tag: str) -> None:
        sql = "KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC"
        with suppress(QueryFailed):  # who asked waits until the query is over, one way or another
            await self._control.ask(lambda session: session.command(sql, {"tag": tag}))


def _locked(location: Directory) -> DirectoryLock:
    if "?" in str(location):
        raise StoreUnusable(
            f"cannot open {location}: it has a ? in its name, and the engine takes what follows for options;"
            " choose another directory"
        )
    return DirectoryLock(location.path)


def _table(answer: Answer) -> pa.Table:
    with closing(answer):
        return pa.ipc.open_stream(answer.read()).read_all()
