"""How fast counters rise: read now and then, so that what is asked later can look back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from firstlight.sdk.metrics import Counter

WINDOW: Final = 60.0
"""Seconds that a rate is taken over, if the server has run as long."""

INTERVAL: Final = 5.0

Counts = Mapping[str, float]


def by_label(counter: Counter, label: str) -> dict[str, float]:
    """Return the values of a counter, summed up by one of its labels."""
    sums: dict[str, float] = {}
    for sample in counter.collect().samples:
        name = dict(sample.labels)[label]
        sums[name] = sums.get(name, 0.0) + sample.value
    return sums


class Rates:
    """What counters rose by in the last minute."""

    def __init__(self, read: Callable[[], Counts], clock: Callable[[], float]) -> None:
        """Take what reads the counters, and a clock that only goes forward."""
        self._read = read
        self._clock = clock
        self._seen: deque[tuple[float, Counts]] = deque()
        self.look()

    def look(self) -> None:
        """Take note of the counters."""
        now = self._clock()
        self._seen.append((now, dict(self._read())))
        # The one that is just too old stays: the window begins there.
        while len(self._seen) > 1 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            self.look()

    def per_second(self) -> Counts:
        """Return how much each counter rises in a second."""
        (then, before), now, counts = self._seen[0], self._clock(), self._read()
        seconds = max(now - then, 1.0)  # in the first moment a handful would seem to be thousands
        return {name: (count - before.get(name, 0.0)) / seconds for name, count in counts.items()}
