"""What becomes of the series of a target that is no longer there: they end, unless it, or its like, comes back soon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Final

import numpy as np

from firstlight.errors import StoreError
from firstlight.ingest.scrape.loop import TargetLoop, World
from firstlight.ingest.scrape.reading import NOTHING

INTERVALS: Final = 2.1
"""For how many of its intervals a target may be away: as long as Prometheus waits."""

Alive = Callable[[Mapping[str, str]], Sequence[TargetLoop]]
"""Returns what is scraped now and labels its samples so."""

_log = logging.getLogger(__name__)


class Retirements:
    """Lets targets go. Belongs to the event loop it is used in."""

    def __init__(self, world: World, alive: Alive) -> None:
        self._world = world
        self._alive = alive
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, loop: TargetLoop) -> None:
        """Stop scraping, and tell in due time that the series have ended."""
        task = asyncio.create_task(self._retire(loop), name=f"retiring {loop.target.url}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def stop(self) -> None:
        """Wait no longer. As with Prometheus, a server that stops does not tell that its series have ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _retire(self, loop: TargetLoop) -> None:
        await loop.stop()
        if loop.last.at_ms is None:
            return
        clock = self._world.clock
        await clock.sleep(INTERVALS * loop.target.interval)
        others = self._alive(loop.target.labels)
        series = reduce(np.union1d, (other.reading.live for other in others), NOTHING)
        batch = loop.reading.end(loop.due // 1_000_000, series, report=not others)
        if not batch.tables:
            return
        try:
            await self._world.deliver(batch, clock.now_ns() + round(loop.target.interval * 1e9), loop.target.interval)
        except StoreError as error:
            _log.warning("cannot store that the series of %s have ended: %s", loop.target.url, error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("BUG: %s has failed", task.get_name(), exc_info=error)
