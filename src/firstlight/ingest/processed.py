"""Batches processed on their way to the store, for what brings them itself: sockets, files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from firstlight.ingest.receiver import Append
from firstlight.model.batch import Batch, Rejections


def processed(append: Append, process: Callable[[Batch], Batch], workers: Executor) -> Append:
    """Return an `append` that has each batch processed by one of the `workers` before."""

    async def append_processed(batch: Batch) -> Rejections:
        found = await asyncio.get_running_loop().run_in_executor(workers, process, batch)
        return await append(found) if found.tables else Rejections()

    return append_processed
