"""What Prometheus servers send as they scrape: requests with one sample of each of many series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from bench.metrics.fleet import INTERVAL_MS
from bench.metrics.requests import body, label_bytes

AT_ONCE: Final = 2000
"""How many samples a request has: what Prometheus sends at most."""
NAMES: Final = 250
"""How many metrics a target has; two series of each."""


def labels_of(number: int) -> Mapping[str, str]:
    """Return the labels of a series; five hundred that follow each other are of one target."""
    instance, place = divmod(number, 2 * NAMES)
    return {
        "__name__": f"component_{place % NAMES:03}_operations_total",
        "cluster": "eu-1",
        "instance": f"10.0.{instance // 250}.{instance % 250}:9100",
        "job": f"service-{instance % 12}",
        "outcome": "success" if place < NAMES else "failure",
    }


class Stream:
    """One sender's part: some thousands of series from the number `first` on, counters with paces of their own."""

    def __init__(self, first: int, requests: int) -> None:
        random = np.random.default_rng(first)
        numbers = range(first, first + requests * AT_ONCE)
        heads = [label_bytes(labels_of(number)) for number in numbers]
        self._heads = [heads[place : place + AT_ONCE] for place in range(0, len(heads), AT_ONCE)]
        self._pace = random.lognormal(2, 1, (requests, AT_ONCE))
        self._value = np.floor(random.uniform(0, 1e6, (requests, AT_ONCE)))
        self._random = random

    def rounds(self, count: int, began_ms: int) -> Iterator[bytes]:
        """Yield all requests of so many scrapes."""
        for number in range(count):
            self._value += self._random.poisson(self._pace)
            time = np.array([began_ms + number * INTERVAL_MS])
            for heads, values in zip(self._heads, self._value, strict=True):
                yield body(heads, values[:, None], time)
