"""`GET /api/firstlight/v1/logs/tail`: log records as they become durable, to whoever follows them.

The writer tells of what it has committed; nothing is done with it unless somebody listens. Each who does has room for
so many records: one who reads too slowly loses the oldest, is told how many, and the others and the writer are not kept
waiting. The answer is NDJSON, with a line now and then although nothing comes, so that both sides notice when the
other is gone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.api.native.asked import Asked, level_of
from firstlight.api.native.replies import StreamedAnswer, error_response
from firstlight.errors import UserError
from firstlight.query.faults import QueryFault, Reason
from firstlight.telemetry import QueryInstruments

PARAMETERS: Final = ("service", "level", "contains", "trace_id")
NDJSON: Final = "application/x-ndjson"
LOGS: Final = "logs"
COLUMNS: Final = ("ts", "service", "severity", "body", "trace_id", "span_id", "attributes", "event_name")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records somebody follows."""

    service: str | None = None
    severity: int | None = None
    """The least that is wanted."""
    contains: str | None = None
    trace_id: bytes | None = None

    @classmethod
    def of(cls, asked: Asked) -> Wanted:
        """Return what a URL asks for. Raise RequestError."""
        trace_id = asked.id("trace_id", 32)
        return cls(
            asked.text("service"),
            asked.severity("level"),
            asked.text("contains"),
            bytes.fromhex(trace_id) if trace_id else None,
        )

    def among(self, rows: pa.Table) -> pa.Table:
        """Return those of `rows` that are wanted."""
        masks = []
        if self.service is not None:
            masks.append(pc.equal(rows["service"], self.service))
        if self.severity is not None:
            masks.append(pc.greater_equal(rows["severity"], pa.scalar(self.severity, pa.uint8())))
        if self.trace_id is not None:
            masks.append(pc.equal(rows["trace_id"], pa.scalar(self.trace_id, pa.binary(16))))
        if self.contains is not None:
            masks.append(pc.match_substring(rows["body"], self.contains, ignore_case=True))
        for mask in masks[1:]:
            masks[0] = pc.and_(masks[0], mask)
        return rows.filter(masks[0]) if masks else rows


class Follower:
    """One who follows, and the records that wait for him, the oldest of which go when there are too many."""

    def __init__(self, wanted: Wanted, room: int) -> None:
        self.wanted = wanted
        self._room = room
        self._waiting: deque[pa.Table] = deque()
        self._records = 0
        self._dropped = 0
        self._is_over = False
        self._news = asyncio.Event()

    def offer(self, rows: pa.Table) -> int:
        """Keep what is wanted of `rows` until it is taken; return how many records had to go for it."""
        found = self.wanted.among(rows)
        if not found.num_rows:
            return 0
        self._waiting.append(found)
        self._records += found.num_rows
        dropped = 0
        while self._records > self._room:
            oldest = self._waiting.popleft()
            too_many = min(self._records - self._room, oldest.num_rows)
            if too_many < oldest.num_rows:
                self._waiting.appendleft(oldest.slice(too_many))
            self._records -= too_many
            dropped += too_many
        self._dropped += dropped
        self._news.set()
        return dropped

    def end(self) -> None:
        """Let go of who follows: the server stops."""
        self._is_over = True
        self._news.set()

    async def lines(self, heartbeat: float) -> AsyncGenerator[bytes, None]:
        """Yield what comes, and a sign of life after each `heartbeat` seconds in which nothing did."""
        yield b'{"following":true}\n'
        while not self._is_over:
            try:
                async with asyncio.timeout(heartbeat):
                    await self._news.wait()
            except TimeoutError:
                yield b'{"heartbeat":true}\n'
                continue
            self._news.clear()
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                yield orjson.dumps({"dropped": dropped}) + b"\n"
            while self._waiting:
                rows = self._waiting.popleft()
                self._records -= rows.num_rows
                yield b"".join(orjson.dumps(record) + b"\n" for record in records(rows))


class Tail:
    """Tells all who follow of the records that were committed."""

    def __init__(
        self, instruments: QueryInstruments, *, max_followers: int = 100, room: int = 2_000, heartbeat: float = 10.0
    ) -> None:
        """Take how many may follow at once, and how many records may wait for each of them."""
        self._instruments = instruments
        self._max_followers = max_followers
        self._room = room
        self._heartbeat = heartbeat
        self._followers: set[Follower] = set()

    def committed(self, kind: str, rows: pa.Table) -> None:
        """Tell of rows that have become durable: what the writer calls."""
        if kind != LOGS or not self._followers:
            return
        shown = rows.select(COLUMNS)
        for follower in self._followers:
            dropped = follower.offer(shown)
            if dropped:
                self._instruments.tail_dropped_records.add(dropped)

    async def follow(self, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        """Yield lines until whoever reads them closes this, or the server stops. Raise QueryFault if too many do."""
        with self._place(wanted) as follower:
            async for line in follower.lines(self._heartbeat):
                yield line

    def close(self) -> None:
        """Let go of all who follow."""
        for follower in self._followers:
            follower.end()

    @contextmanager
    def _place(self, wanted: Wanted) -> Iterator[Follower]:
        if len(self._followers) >= self._max_followers:
            raise QueryFault(
                f"cannot follow: {self._max_followers} do already; try again later", Reason.BUSY, retry_after=10.0
            )
        follower = Follower(wanted, self._room)
        self._followers.add(follower)
        self._instruments.tail_subscribers.set(len(self._followers))
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            self._instruments.tail_subscribers.set(len(self._followers))


def tail_route(tail: Tail, prefix: str) -> Route:
    """Return the route of the live tail."""

    async def answer(request: Request) -> Response:
        try:
            wanted = Wanted.of(Asked.of(request.query_params, PARAMETERS, 0))
        except UserError as error:
            return error_response(error)
        return StreamedAnswer(tail.follow(wanted), NDJSON, headers={"cache-control": "no-store"})

    return Route(f"{prefix}/logs/tail", answer)


def records(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield log records as the API shows them: with the same names and forms as the view has."""
    times = rows["ts"].cast(pa.int64()).to_pylist()
    for time_ns, row in zip(times, rows.drop_columns(["ts"]).to_pylist(), strict=True):
        yield {
            "ts": iso(time_ns),
            "service": row["service"],
            "level": level_of(row["severity"]),
            "severity": row["severity"],
            "body": row["body"],
            "trace_id": row["trace_id"].hex() if any(row["trace_id"]) else "",
            "span_id": row["span_id"].hex() if any(row["span_id"]) else "",
            "attributes": dict(row["attributes"]),
            "event_name": row["event_name"],
        }


def iso(time_ns: int) -> str:
    """Return a time as the engine prints it.

    >>> iso(1728043145123456789)
    '2024-10-04T11:59:05.123456789Z'
    """
    seconds, nanoseconds = divmod(time_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09}Z"
