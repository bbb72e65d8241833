"""Who follows the log records that become durable, and what waits for each: a bounded number, the oldest go first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from firstlight.query.faults import QueryFault, Reason
from firstlight.telemetry import QueryInstruments

LOGS: Final = "logs"
COLUMNS: Final = ("ts", "origin_id", "severity", "severity_text", "body", "trace_id", "span_id", "attributes")

MAX_TOLD: Final = 100
"""How many records that had to go are told of one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """Records that have become durable, at a time of the loop's clock, and some of those that had to go before them."""

    rows: pa.Table
    came: float
    dropped: Sequence[tuple[int, int]] = ()
    """The origin and the time of each."""


class Follower:
    """One who follows."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: deque[tuple[pa.Table, float]] = deque()
        self._records = 0
        self._dropped: list[tuple[int, int]] = []
        self._is_over = False
        self._news = asyncio.Event()

    def offer(self, rows: pa.Table, now: float) -> int:
        """Keep `rows` until they are taken; return how many records had to go for them."""
        self._waiting.append((rows, now))
        self._records += rows.num_rows
        dropped = 0
        while self._records > self._room:
            oldest, came = self._waiting.popleft()
            too_many = min(self._records - self._room, oldest.num_rows)
            if too_many < oldest.num_rows:
                self._waiting.appendleft((oldest.slice(too_many), came))
            self._note(oldest.slice(0, too_many))
            self._records -= too_many
            dropped += too_many
        self._news.set()
        return dropped

    def end(self) -> None:
        """Let go of who follows: the server stops."""
        self._is_over = True
        self._news.set()

    async def news(self) -> AsyncIterator[News]:
        """Yield what comes, until the end."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting and not self._is_over:
                rows, came = self._waiting.popleft()
                self._records -= rows.num_rows
                dropped, self._dropped = self._dropped, []
                yield News(rows, came, dropped)
            if self._is_over:
                return

    def _note(self, rows: pa.Table) -> None:
        some = rows.slice(0, MAX_TOLD - len(self._dropped))
        times = some["ts"].cast(pa.int64()).to_pylist()
        self._dropped.extend(zip(some["origin_id"].to_pylist(), times, strict=True))


class Followers:
    """All who follow. Belongs to one event loop."""

    def __init__(self, instruments: QueryInstruments, *, most: int = 100, room: int = 20_000) -> None:
        """Take how many may follow at once, and how many records may wait for each of them."""
        self._instruments = instruments
        self._most = most
        self._room = room
        self._followers: set[Follower] = set()

    def __len__(self) -> int:
        return len(self._followers)

    def committed(self, kind: str, rows: pa.Table) -> None:
        """Tell of rows that have become durable: what the writer calls."""
        if kind != LOGS or not self._followers:
            return
        shown = rows.select(COLUMNS)
        now = asyncio.get_running_loop().time()
        for follower in self._followers:
            dropped = follower.offer(shown, now)
            if dropped:
                self._instruments.tail_dropped_records.add(dropped)

    def close(self) -> None:
        """Let go of all who follow."""
        for follower in self._followers:
            follower.end()

    @contextmanager
    def place(self) -> Iterator[Follower]:
        """Hold a place among those who follow. Raise QueryFault if there is none."""
        if len(self._followers) >= self._most:
            raise QueryFault(f"cannot follow: {self._most} do already; try again later", Reason.BUSY, retry_after=10.0)
        follower = Follower(self._room)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)
