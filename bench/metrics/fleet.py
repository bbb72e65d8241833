"""The series of a fleet of services: what they are called, and how their values go. The same for the same numbers.

A target is a process that serves requests on a host of its own: a hundred series, most of them counters that begin anew
when the process does, the rest gauges. It is scraped at its own moment of each interval, to the millisecond, so that no
sample is at the edge of a window and Prometheus 2 and 3, which see edges differently, find the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = Mapping[str, str]

INTERVAL_MS: Final = 15_000
JOBS: Final = ("api", "web", "batch", "ledger")
HANDLERS: Final = ("/orders", "/basket", "/search")
METHODS: Final = ("GET", "POST")
CODES: Final[Mapping[str, float]] = {"200": 0.97, "404": 0.02, "500": 0.01}
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
MODES: Final[Mapping[str, float]] = {
    "idle": 0.7, "user": 0.18, "system": 0.07, "iowait": 0.03, "irq": 0.015, "steal": 0.005,
}  # fmt: skip
RESTARTS: Final = 0.15
"""Which share of the processes begins anew once in the time that is looked at."""


Series = tuple[Labels, Floats]
Counter = Callable[..., Series]


@dataclass(frozen=True, slots=True)
class Target:
    """A target: its series, with the moment in an interval at which it is scraped."""

    labels: Sequence[Labels]
    values: Floats
    """A row for each series, a column for each scrape."""
    offset_ms: int


def target(number: int, scrapes: int, began_s: float) -> Target:
    """Return the target of this number, scraped so many times."""
    random = np.random.default_rng(number)
    job = JOBS[number % len(JOBS)]
    own = {"job": job, "instance": f"{job}-{number:04}:8080"}
    found = list(_series(random, number, scrapes, began_s))
    return Target(
        labels=[{**own, **labels} for labels, _ in found],
        values=np.stack([values for _, values in found]),
        offset_ms=int(random.integers(1, INTERVAL_MS - 1)),
    )


def _series(random: np.random.Generator, number: int, scrapes: int, began_s: float) -> Iterator[Series]:
    born = int(random.integers(1, scrapes)) if random.random() < RESTARTS and scrapes > 1 else 0
    load = 40 * (1.3 + np.sin(np.arange(scrapes) * 2 * np.pi / 5760 + number)) * random.lognormal(0, 0.5)
    start = float(random.integers(10**6))

    def counter(name: str, steps: Floats, /, **labels: str) -> Series:
        grown = np.cumsum(steps) + start
        if born:
            grown[born:] -= grown[born - 1]
        return gauge(name, np.round(grown, 2), **labels)

    for handler in HANDLERS:
        yield from _requests(random, handler, load, counter)
    for processor in range(4):
        busy = random.normal(1, 0.1, scrapes)
        for mode, share in MODES.items():
            yield counter("node_cpu_seconds_total", np.abs(15 * share * busy), cpu=str(processor), mode=mode)
    for device in ("eth0", "eth1"):
        for way in ("receive", "transmit"):
            yield counter(f"node_network_{way}_bytes_total", np.floor(load * 1500 * random.random()), device=device)
    for mountpoint in ("/", "/var", "/home"):
        size = 4096.0 * random.integers(10**6, 10**8)
        used = 4096 * np.floor(np.cumsum(random.exponential(20, scrapes)))
        yield gauge("node_filesystem_size_bytes", np.full(scrapes, size), mountpoint=mountpoint)
        yield gauge(
            "node_filesystem_avail_bytes", np.maximum(0, 0.6 * size // 4096 * 4096 - used), mountpoint=mountpoint
        )
    total = 1024.0 * 16 * 1024**2
    yield gauge("node_memory_MemTotal_bytes", np.full(scrapes, total))
    yield gauge("node_memory_MemAvailable_bytes", _walk(random, scrapes, 0.5 * total, 1e7, 4096))
    yield gauge("process_resident_memory_bytes", _walk(random, scrapes, 5e8, 1e6, 4096))
    yield gauge("node_load1", _walk(random, scrapes, 2, 0.1, 0.01))
    yield gauge("go_goroutines", _walk(random, scrapes, 200, 5, 1))
    yield gauge("queue_depth", _walk(random, scrapes, 50, 10, 1))
    yield gauge("process_start_time_seconds", np.where(np.arange(scrapes) < born, 0.0, 15.0 * born) + np.floor(began_s))
    yield gauge("up", np.ones(scrapes))
    yield gauge("app_build_info", np.ones(scrapes), version=f"1.{number % 5}.0")


def _requests(random: np.random.Generator, handler: str, load: Floats, counter: Counter) -> Iterator[Series]:
    for method in METHODS:
        for code, share in CODES.items():
            yield counter(
                "http_requests_total", _counts(random, load * share), handler=handler, method=method, code=code
            )
    calls = _counts(random, load)
    name, middle = "http_request_duration_seconds", random.lognormal(-3, 0.7)
    for bound in BOUNDS:
        share = 1 - np.exp(-bound / middle)
        yield counter(f"{name}_bucket", np.floor(calls * share), handler=handler, le=str(bound))
    yield counter(f"{name}_bucket", calls, handler=handler, le="+Inf")
    yield counter(f"{name}_count", calls, handler=handler)
    yield counter(f"{name}_sum", calls * middle * random.lognormal(0, 0.1, len(calls)), handler=handler)


def _counts(random: np.random.Generator, means: Floats) -> Floats:
    return random.poisson(np.maximum(0.0, means)).astype(np.float64)


def gauge(name: str, values: npt.ArrayLike, /, **labels: str) -> Series:
    """Return a series of this name."""
    return {"__name__": name, **labels}, np.asarray(values, np.float64)


def _walk(random: np.random.Generator, scrapes: int, middle: float, stride: float, grain: float) -> Floats:
    walked = np.abs(middle + np.cumsum(random.normal(0, stride, scrapes)))
    return np.floor(walked / grain) * grain
