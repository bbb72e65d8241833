"""Hands what was scraped to the store: that of many targets at once, and again if the store is busy."""

from __future__ import annotations

import asyncio

from firstlight.errors import StoreBusy, StoreError, StoreFull
from firstlight.ingest.receiver import Append
from firstlight.ingest.scrape.clock import Clock
from firstlight.model.batch import Batch, Rejections

GATHER_SECONDS = 1.0
"""How long what was scraped waits for what other targets expose: an insert costs the more, the smaller it is."""


class Delivery:
    """Appends batches. Belongs to the event loop it is used in."""

    def __init__(self, append: Append, clock: Clock, gather: float = GATHER_SECONDS) -> None:
        self._append = append
        self._clock = clock
        self._gather = gather
        self._gate = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()

    async def __call__(self, batch: Batch, until: int, patience: float = GATHER_SECONDS) -> Rejections:
        """Return, once the batch is durable, what of it the store would not take.

        It waits for others for no more than `patience` seconds. A store that is busy or full is asked again until the
        time `until`. Raises its last error then.
        """
        while True:
            await self._gathered(min(patience, self._gather))
            try:
                return await self._append(batch)
            except (StoreBusy, StoreFull) as error:
                left = (until - self._clock.now_ns()) / 1e9
                if self._closed.is_set() or left < error.retry_after:
                    raise
                await self._wait(error.retry_after)

    def close(self) -> None:
        """Let nothing wait any longer, be it for others or to try again."""
        self._closed.set()
        self._open()

    async def _gathered(self, seconds: float) -> None:
        """Return together with all others that wait, in one turn of the event loop, after no more than `seconds`."""
        if not seconds or self._closed.is_set():
            return
        loop = asyncio.get_running_loop()
        if self._timer is None or self._timer.when() > loop.time() + seconds:
            if self._timer:
                self._timer.cancel()
            self._timer = loop.call_later(seconds, self._open)
        await self._gate.wait()

    def _open(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._gate.set()
        self._gate = asyncio.Event()

    async def _wait(self, seconds: float) -> None:
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        closed = asyncio.ensure_future(self._closed.wait())
        await asyncio.wait([sleep, closed], return_when=asyncio.FIRST_COMPLETED)
        sleep.cancel()
        closed.cancel()


def reason_of(error: StoreError) -> str:
    """Return the word under which what was lost for `error` is counted."""
    match error:
        case StoreFull():
            return "full"
        case StoreBusy():
            return "busy"
    return "failed"
