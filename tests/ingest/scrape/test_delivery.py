"""How what was scraped comes to the store: that of many targets at once."""

from __future__ import annotations

import asyncio

import pytest

from firstlight.errors import StoreBusy
from firstlight.ingest.scrape.clock import Clock
from firstlight.ingest.scrape.delivery import Delivery
from firstlight.model.batch import Batch
from firstlight.store.fake import FakeStore
from tests.ingest.scrape.hand import settle

pytestmark = pytest.mark.anyio

BATCH = Batch({}, 1)
LONG = 3600.0


async def test_what_comes_together_goes_together() -> None:
    """Batches wait for each other, and go to the store in one turn, so that it can insert them at once."""
    store = FakeStore()
    deliver = Delivery(store.append, Clock(), gather=LONG)
    first = asyncio.create_task(deliver(BATCH, until=0, patience=LONG))
    second = asyncio.create_task(deliver(BATCH, until=0, patience=LONG))
    await settle()
    assert store.batches == []

    # Who has less time does not wait for long, and takes the others along.
    third = asyncio.create_task(deliver(BATCH, until=0, patience=0.01))
    await third

    assert len(store.batches) == 3
    await asyncio.gather(first, second)


async def test_nothing_waits_at_the_end() -> None:
    """A stop hands over what waits at once, and asks a busy store no more."""
    store = FakeStore()
    deliver = Delivery(store.append, Clock(now_ns=lambda: 0), gather=LONG)
    waiting = asyncio.create_task(deliver(BATCH, until=10**18, patience=LONG))
    await settle()
    store.error = StoreBusy("busy", retry_after=LONG)

    deliver.close()

    with pytest.raises(StoreBusy):
        await waiting


async def test_a_wait_for_a_busy_store_ends() -> None:
    """A stop while a busy store is waited for is not held up by that."""
    store = FakeStore()
    store.error = StoreBusy("busy", retry_after=LONG)
    deliver = Delivery(store.append, Clock(now_ns=lambda: 0), gather=0)
    waiting = asyncio.create_task(deliver(BATCH, until=10**18))
    await settle()
    assert not waiting.done()

    deliver.close()

    with pytest.raises(StoreBusy):
        await waiting
