"""A host as a node exporter tells it: many series, of which most never change. The same for the same number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from bench.metrics.fleet import INTERVAL_MS, Floats, Series, Target, gauge

CPUS: Final = 8
MODES: Final = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
DEVICES: Final = ("eth0", "eth1", "lo", "docker0")
DISKS: Final = ("nvme0n1", "nvme1n1", "sda")
NETWORK: Final = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
DISK: Final = ("reads_completed", "read_bytes", "writes_completed", "written_bytes", "io_time_seconds", "discards")
MEMORY: Final = 48
STATIC: Final = 120


def host(number: int, scrapes: int) -> Target:
    """Return the target of this number, scraped so many times."""
    random = np.random.default_rng(1_000_000 + number)
    own = {"job": "node", "instance": f"10.1.0.{number}:9100"}
    found = [series for part in PARTS for series in part(random, scrapes)]
    return Target(
        labels=[{**own, **labels} for labels, _ in found],
        values=np.stack([values for _, values in found]),
        offset_ms=int(random.integers(1, INTERVAL_MS - 1)),
    )


def _processors(random: np.random.Generator, scrapes: int) -> Iterator[Series]:
    # The kernel counts in hundredths of a second.
    for processor in range(CPUS):
        shares = random.dirichlet((60, 0.3, 0.05, 0.01, 0.5, 0.05, 4, 9), scrapes)
        for mode, share in zip(MODES, shares.T, strict=True):
            seconds = random.integers(10**6) + np.cumsum(np.round(1500 * share)) / 100
            yield gauge("node_cpu_seconds_total", np.round(seconds, 2), cpu=str(processor), mode=mode)
        yield gauge("node_cpu_frequency_hertz", 1e6 * random.integers(800, 3600, scrapes), cpu=str(processor))


def _network(random: np.random.Generator, scrapes: int) -> Iterator[Series]:
    for device in DEVICES:
        packets = random.poisson(random.lognormal(5, 2), scrapes).astype(np.float64)
        for way in ("receive", "transmit"):
            for kind in NETWORK:
                steps = packets * random.uniform(100, 1400) if kind == "bytes" else packets * (kind == "packets")
                yield gauge(f"node_network_{way}_{kind}_total", _grown(random, steps), device=device)


def _disks(random: np.random.Generator, scrapes: int) -> Iterator[Series]:
    for device in DISKS:
        operations = random.poisson(random.lognormal(2, 1.5), scrapes).astype(np.float64)
        for kind in DISK:
            steps = operations * 4096 if kind.endswith("_bytes") else operations * (kind != "discards")
            grown = _grown(random, steps)
            yield gauge(f"node_disk_{kind}_total", grown / 1000 if "seconds" in kind else grown, device=device)


def _memory(random: np.random.Generator, scrapes: int) -> Iterator[Series]:
    for number in range(MEMORY):
        # A third moves all the time, a third at times, a third never.
        stirs = random.random(scrapes) < (0.95, 0.05, 0.0)[number % 3]
        walk = np.cumsum(np.where(stirs, np.round(random.normal(0, 2000, scrapes)), 0.0))
        yield gauge(f"node_memory_{number:02}_bytes", 4096 * np.abs(random.integers(10**6) + walk))


def _rest(random: np.random.Generator, scrapes: int) -> Iterator[Series]:
    for span, factor in (("1", 0.2), ("5", 0.08), ("15", 0.03)):
        yield gauge(f"node_load{span}", np.round(np.abs(1.5 + np.cumsum(random.normal(0, factor / 5, scrapes))), 2))
    for kind, mean in (("context_switches", 60_000.0), ("intr", 40_000.0), ("forks", 90.0)):
        yield gauge(f"node_{kind}_total", _grown(random, random.poisson(mean, scrapes).astype(np.float64)))
    began = 15.0 * np.arange(scrapes) + 1.79e9
    yield gauge("node_time_seconds", np.round(began + random.random(scrapes), 7))
    yield gauge("scrape_duration_seconds", np.round(random.lognormal(-4, 0.2, scrapes), 9))
    for number in range(STATIC):
        yield gauge("node_setting", np.full(scrapes, float(random.integers(5000))), name=f"setting-{number:03}")


def _grown(random: np.random.Generator, steps: Floats) -> Floats:
    return np.floor(np.cumsum(steps) + random.integers(10**7))


PARTS: Final[tuple[Callable[[np.random.Generator, int], Iterator[Series]], ...]] = (
    _processors,
    _network,
    _disks,
    _memory,
    _rest,
)
