"""The time as scraping sees it: read and waited for in one place, so that a test can turn it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, how much has passed, and how to wait."""

    now_ns: Callable[[], int] = time.time_ns
    """Nanoseconds since 1970."""
    elapsed: Callable[[], float] = time.perf_counter
    """Seconds since some moment, never turned back."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Returns after that many seconds."""
