"""Stores that do not do as senders wish."""

from __future__ import annotations

import asyncio

from firstlight.model.batch import Batch, Rejections
from firstlight.store.fake import FakeStore


class SlowStore(FakeStore):
    """A store in which an append lasts until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.released = asyncio.Event()

    async def append(self, batch: Batch) -> Rejections:
        """Keep `batch`, when it is time."""
        self.entered.set()
        await self.released.wait()
        return await super().append(batch)


class BrokenStore(FakeStore):
    """A store with a bug."""

    async def append(self, batch: Batch) -> Rejections:
        """Fail as nobody expects."""
        raise ZeroDivisionError("a secret of the server")
