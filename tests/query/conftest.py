"""A store with a small world in it. The engine lives once in a process, so nobody keeps it longer than a file of tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from firstlight.query.engine import Engine
from firstlight.query.settings import QuerySettings
from firstlight.query.sql.door import SqlDoor
from firstlight.sdk.metrics import Registry
from firstlight.store.open import Store
from firstlight.telemetry import QueryInstruments
from tests.query.world import world
from tests.store.opening import opened

LIMITS = QuerySettings(max_time=1.5, max_rows=100, max_export_rows=1000, max_result_size=1024**2)


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Store]:
    """A store with the world in it."""
    async with opened(tmp_path_factory.mktemp("store") / "store") as it:
        await it.writer.append(world())
        yield it


@pytest.fixture(scope="module")
async def door(store: Store) -> SqlDoor:
    """The SQL door of that store, with narrow limits."""
    return SqlDoor(store.client, Engine(LIMITS, QueryInstruments(Registry())), LIMITS)
