"""One lane of the writer: requests gather, go in together, and are answered one by one.

Rows go in kind by kind, what others refer to first, and a block at a time, which the engine takes whole or not at
all. What it has taken is never sent to it again. If it refuses a block, each request's
rows are tried alone, and of a request refused so, ever smaller parts, until only the rows at fault are left out. A
request whose origins, series or metadata are refused is refused whole: its records would mean nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import pyarrow as pa

from firstlight.errors import StoreBusy, StoreError, StoreFull, StoreRefused
from firstlight.model.batch import size
from firstlight.store.blocks import Block, Piece, blocks
from firstlight.store.client import Insert
from firstlight.store.columns import TABLES
from firstlight.store.faults import Doubtful
from firstlight.store.settings import WriterSettings
from firstlight.telemetry import StoreInstruments

REFERRED_TO = frozenset({"origins", "series", "metadata"})
"""The kinds without which others mean nothing."""

MAX_TRIES = 256
"""How many inserts may be spent on finding the bad rows of one request; what is not told apart by then is refused."""

SHORTEST_WAIT = 0.001
"""Seconds between looks at who is on the way, where `settle` is 0."""

PerhapsBadRows = (StoreRefused, Doubtful)


@dataclass(slots=True, eq=False)
class Request:
    """What one sender waits for. `done` becomes how many of its rows were refused, or the error for all of them."""

    tables: Mapping[str, pa.Table]
    arrived: float
    done: asyncio.Future[int]
    refused: int = 0
    error: StoreError | None = None
    rows: int = field(init=False)
    nbytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = sum(table.num_rows for table in self.tables.values())
        self.nbytes = sum(map(size, self.tables.values()))


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What a lane is told by, and tells."""

    instruments: StoreInstruments
    stored: Callable[[str, pa.Table], None]
    """Called with each kind and rows that have become durable."""
    check_room: Callable[[], None] = lambda: None
    """Raises StoreFull if there is no room on the disk for anything."""
    upstream: Callable[[], int] = lambda: 0
    """Returns how many requests are on their way here, so that it pays to wait for them."""


class Lane:
    """Inserts what is submitted to it, in the order of `kinds`."""

    def __init__(
        self, name: str, kinds: Collection[str], insert: Insert, settings: WriterSettings, around: Surroundings
    ) -> None:
        self.name = name
        self.kinds = kinds
        self._insert = insert
        self._settings = settings
        self._around = around
        self._waiting: deque[Request] = deque()
        self._rows = 0
        self._nbytes = 0
        self._arrived = asyncio.Event()
        self._hurry = False
        self._work: asyncio.Task[None] | None = None

    def submit(self, tables: Mapping[str, pa.Table]) -> asyncio.Future[int]:
        """Return what will be the number of rows refused, once all others are durable; or raise a StoreError.

        The rows go in even if nobody waits for that any more.
        """
        loop = asyncio.get_running_loop()
        request = Request(tables, loop.time(), loop.create_future())
        request.done.add_done_callback(_look_at)
        self._waiting.append(request)
        self._count(request, +1)
        self._around.instruments.queued_bytes.add(request.nbytes, self.name)
        self._arrived.set()
        self._work = self._work or asyncio.create_task(self._run())
        return request.done

    async def drain(self) -> None:
        """Return when everything submitted is done; do not wait for more to come."""
        self._hurry = True
        self._arrived.set()
        if self._work:
            await self._work

    async def _run(self) -> None:
        while self._waiting:
            await self._gather()
            group = self._take()
            # A task, so that its exception, if it has a bug, is what the requests get, and the lane goes on.
            commit = asyncio.create_task(self._commit(group))
            await asyncio.wait([commit])
            for request in group:
                self._answer(request, commit.exception())
        self._work = None

    async def _gather(self) -> None:
        """Wait for company for the first request: until there is a block, or nobody comes, or `max_delay` is over."""
        loop = asyncio.get_running_loop()
        until = self._waiting[0].arrived + self._settings.max_delay
        while not (self._hurry or self._is_block()) and (left := until - loop.time()) > 0:
            self._arrived.clear()
            try:
                async with asyncio.timeout(min(left, self._settings.settle or SHORTEST_WAIT)):
                    await self._arrived.wait()
            except TimeoutError:
                if not self._around.upstream():
                    return

    def _is_block(self) -> bool:
        return self._rows >= self._settings.max_block_rows or self._nbytes >= self._settings.max_block_bytes

    def _take(self) -> list[Request]:
        """Take the first requests that make a block; one that is larger goes alone, and is cut."""
        group, rows, nbytes = [self._waiting.popleft()], 0, 0
        while self._waiting:
            rows, nbytes = rows + group[-1].rows, nbytes + group[-1].nbytes
            following = self._waiting[0]
            if (
                rows + following.rows > self._settings.max_block_rows
                or nbytes + following.nbytes > self._settings.max_block_bytes
            ):
                break
            group.append(self._waiting.popleft())
        for request in group:
            self._count(request, -1)
        return group

    def _count(self, request: Request, sign: int) -> None:
        self._rows += sign * request.rows
        self._nbytes += sign * request.nbytes

    def _answer(self, request: Request, bug: BaseException | None) -> None:
        self._around.instruments.queued_bytes.add(-request.nbytes, self.name)
        error = request.error or bug
        if error:
            self._around.instruments.refusals.add(1, self.name, reason_of(error))
            request.done.set_exception(error)
        else:
            request.done.set_result(request.refused)

    async def _commit(self, group: Sequence[Request]) -> None:
        """Make the rows of `group` durable; note in each request what became of its own."""
        self._around.instruments.commit_requests.record(len(group), self.name)
        self._around.instruments.commit_rows.record(sum(request.rows for request in group), self.name)
        try:
            self._around.check_room()
        except StoreFull as error:
            _fail(group, error)
            return
        for kind in self.kinds:
            pieces = [Piece(request, request.tables[kind]) for request in group if kind in request.tables]
            bounds = self._settings
            for block in blocks(kind, pieces, max_rows=bounds.max_block_rows, max_bytes=bounds.max_block_bytes):
                await self._store(block)

    async def _store(self, block: Block[Request]) -> None:
        pieces = [piece for piece in block.pieces if piece.sender.error is None]
        if not pieces:
            return
        try:
            await self._put(block.kind, pa.concat_tables([piece.rows for piece in pieces]))
        except PerhapsBadRows as error:
            await self._store_apart(block.kind, pieces, error)
        except StoreError as error:
            _fail([piece.sender for piece in pieces], error)

    async def _store_apart(self, kind: str, pieces: Sequence[Piece[Request]], error: StoreError) -> None:
        """Store each of `pieces` alone, after all of them together were refused with `error`."""
        refused = [(pieces[0], error)] if len(pieces) == 1 else []
        for piece in pieces if len(pieces) > 1 else ():
            try:
                await self._put(kind, piece.rows)
            except PerhapsBadRows as alone:
                refused.append((piece, alone))
            except StoreError as alone:
                _fail([piece.sender], alone)
        # If the engine takes the rows of others, the fault is in these.
        others_went_in = len(refused) < len(pieces)
        for piece, cause in refused:
            try:
                await self._store_good_rows(kind, piece, cause, certain=others_went_in)
            except StoreError as last:
                _fail([piece.sender], last)

    async def _store_good_rows(self, kind: str, piece: Piece[Request], error: StoreError, *, certain: bool) -> None:
        """Store what can be of a piece that was refused with `error`; raise if none of it can, and why is doubtful."""
        certain = certain or isinstance(error, StoreRefused)
        if kind in REFERRED_TO:
            raise StoreRefused(str(error)) if certain else error
        parts, tries = halves(piece.rows), MAX_TRIES
        refused = 0 if parts else 1
        while parts:
            part = parts.pop()
            tries -= 1
            try:
                await self._put(kind, part)
                certain = True
            except PerhapsBadRows:
                # Every part gets one try, whatever the others need.
                smaller = halves(part) if tries > len(parts) + 1 else []
                parts += smaller
                refused += 0 if smaller else part.num_rows
        if not certain:
            raise error
        piece.sender.refused += refused
        self._around.instruments.refused_rows.add(refused, kind)

    async def _put(self, kind: str, rows: pa.Table) -> None:
        start = perf_counter()
        await self._insert(TABLES[kind], rows)
        self._around.instruments.insert_seconds.record(perf_counter() - start, kind)
        self._around.instruments.inserted_rows.add(rows.num_rows, kind)
        self._around.stored(kind, rows)


def halves(rows: pa.Table) -> list[pa.Table]:
    """Return the two halves of `rows`, the first one last; none of a single row."""
    middle = rows.num_rows // 2
    return [rows.slice(middle), rows.slice(0, middle)] if middle else []


def reason_of(error: BaseException) -> str:
    """Return the word that a request's refusal is counted under."""
    match error:
        case StoreFull():
            return "full"
        case StoreBusy():
            return "busy"
    return "failed"


def _fail(requests: Sequence[Request], error: StoreError) -> None:
    for request in requests:
        request.error = request.error or error


def _look_at(done: asyncio.Future[int]) -> None:
    """Take note of the outcome, which asyncio would complain of if the sender has left."""
    if not done.cancelled():
        done.exception()
