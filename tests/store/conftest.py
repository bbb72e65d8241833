"""A real store for tests that need one. The engine lives once in a process, so nobody keeps it from test to test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firstlight.store.client import Client
from firstlight.store.location import Directory
from firstlight.store.open import Store
from tests.store.opening import MEMORY, opened


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Store]:
    """A store in a directory of its own, with its tables."""
    async with opened(tmp_path / "store") as it:
        yield it


@pytest.fixture
async def client(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Client]:
    """An engine in a directory of its own, with nothing in it."""
    it = await Client.open(Directory(tmp_path / "store"), memory=MEMORY)
    yield it
    await it.close()
