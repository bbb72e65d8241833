"""Waiting for what cannot be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; the time-out of the test is the limit."""
    while not condition():  # noqa: ASYNC110 - what is waited for happens in another process or library
        await asyncio.sleep(0.01)
