"""Sends for a while over many connections, and counts every answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from bench.load.feed import Feed, Request
from bench.load.http import Answer
from bench.load.plan import HUNG, Plan, Signal
from bench.load.refused import refused_items

TAKEN: Final = "200"
RETRYABLE: Final = frozenset({"429", "503", "UNAVAILABLE", "RESOURCE_EXHAUSTED"})


class Link(Protocol):
    """A connection to the server: HTTP or gRPC."""

    async def post(self, body: bytes | bytearray) -> Answer:
        """Send one request and return its answer."""

    async def close(self) -> None:
        """Close the connection, if it is open."""


@dataclass(slots=True)
class Tally:
    """What came of the requests so far."""

    statuses: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    body_bytes: int = 0
    refusals_without_delay: int = 0
    latencies: list[float] = field(default_factory=list)
    """Of the requests that were taken, in seconds."""

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.statuses.total()

    def count(self, signal: Signal, request: Request, answer: Answer, seconds: float) -> None:
        """Add one answer."""
        self.statuses[answer.status] += 1
        if answer.status == TAKEN:
            self.accepted += request.items - refused_items(signal, answer.body)
            self.body_bytes += len(request.body)
            self.latencies.append(seconds)
        elif answer.status in RETRYABLE and answer.delay is None:
            self.refusals_without_delay += 1

    def latency_ms(self, percent: float) -> float:
        """Return within which time so many of a hundred answers came."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.nan


class Sending:
    """All connections of a run."""

    def __init__(self, plan: Plan, feed: Feed, links: Sequence[Link]) -> None:
        self._plan = plan
        self._feed = feed
        self._links = links
        # In an overload every connection may send once, and then two more may for each request that was taken.
        self._permits = asyncio.Semaphore(len(links)) if plan.overload else None

    async def run(self, seconds: float, requests: int = 0) -> Tally:
        """Send for `seconds`, and at least so many requests; return when all are answered."""
        tally = Tally()
        end = time.monotonic() + seconds
        await asyncio.gather(
            *(
                self._send(link, tally, lambda: time.monotonic() < end or tally.requests < requests)
                for link in self._links
            )
        )
        return tally

    async def close(self) -> None:
        """Close the connections."""
        for link in self._links:
            await link.close()

    async def _send(self, link: Link, tally: Tally, more: Callable[[], bool]) -> None:
        while more():
            if not await self._may_send(more):
                return
            request = self._feed.next()
            if request is None:
                return
            began = time.monotonic()
            answer = await self._post(link, request)
            tally.count(self._plan.signal, request, answer, time.monotonic() - began)
            if self._permits:
                for _ in range(round(self._plan.overload) if answer.status == TAKEN else 0):
                    self._permits.release()
            elif answer.status != TAKEN:
                await asyncio.sleep(answer.delay or 1.0)

    async def _may_send(self, more: Callable[[], bool]) -> bool:
        if self._permits is None:
            return True
        while more():
            try:
                async with asyncio.timeout(0.5):
                    await self._permits.acquire()
                return True
            except TimeoutError:
                continue
        return False

    async def _post(self, link: Link, request: Request) -> Answer:
        try:
            async with asyncio.timeout(self._plan.patience):
                return await link.post(request.body)
        except TimeoutError:
            await link.close()
            return Answer(HUNG)
