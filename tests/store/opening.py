"""Ways to open a store in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store, open_store
from firstlight.store.settings import RetentionSettings, StoreSettings, WriterSettings
from firstlight.telemetry import StoreInstruments
from tests.store.rows import NOW_NS

MEMORY = 512 * 1024**2
KEPT = RetentionSettings()
PROMPT = StoreSettings(writer=WriterSettings(max_delay=0.0))


@asynccontextmanager
async def opened(
    directory: Path,
    settings: StoreSettings = PROMPT,
    retention: RetentionSettings = KEPT,
    now_ns: Callable[[], int] = lambda: NOW_NS,
) -> AsyncIterator[Store]:
    """Hold a store open."""
    instruments = StoreInstruments(Registry())
    store = await open_store(settings, retention, instruments, directory=directory, now_ns=now_ns)
    try:
        yield store
    finally:
        await store.close()
