"""Stores at an interval what patterns were found since the last time."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from typing import Final

from firstlight.errors import StoreError
from firstlight.ingest.patterns.miner import Miner
from firstlight.ingest.receiver import Append

INTERVAL: Final = 10.0
"""Seconds between two looks."""

_log = logging.getLogger(__name__)


async def watch(miner: Miner, append: Append, workers: Executor, interval: float = INTERVAL) -> None:
    """Mine and store until cancelled. Counts that cannot be stored are left out, and that is logged."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(interval)
        batch = await loop.run_in_executor(workers, miner.mine)
        if batch is None:
            continue
        try:
            await append(batch)
        except StoreError as error:
            _log.warning("cannot store patterns of log lines this time: %s", error)
