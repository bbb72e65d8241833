"""Scraping, beside Prometheus and VictoriaMetrics: the same targets by the same `prometheus.yml`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from bench.folder import fresh_folder
from bench.metrics.beside import beside, share_of_peers
from bench.metrics.systems import FIRSTLIGHT, System, installed, peers
from bench.metrics.targets import Asked, jobs_of, lateness, targets
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.server import BenchError
from bench.usage import Meanwhile, MemoryWatch

TARGETS: Final = 200
SAMPLES: Final = 5000
INTERVAL_S: Final = 15
INTERVALS: Final = 2
WARM_UP_S: Final = 20.0
"""Until all are scraped once: what is seen for the first time is not measured."""
LATE_S: Final = 0.5
"""A scrape that is more than this off its interval is off the schedule."""

CPU: Final = "CPU per sample, µs"
LATE: Final = "off the schedule, %"
ROWS: Final = (
    CPU,
    "of one processor, %",
    "scrapes",
    "of those planned, %",
    LATE,
    "off by, p99, ms",
    "peak memory, MiB",
)


def run(options: Options) -> Iterator[Report]:
    """Let one after the other scrape the same."""
    count = max(2, round(TARGETS * options.scale))
    meanwhile, faults = Meanwhile(), []
    measured: dict[System, Mapping[str, float]] = {}
    for system in installed():
        try:
            measured[system] = _measure(system, count)
        except BenchError as error:
            measured[system] = {}
            faults.append(f"{system.name} did not scrape: {error}")
        else:
            if not measured[system]["scrapes"]:
                faults.append(f"{system.name} did not scrape")
    ours = measured[FIRSTLIGHT]
    yield Report(
        "scrape",
        f"{count} targets with {SAMPLES:,} samples each, every {INTERVAL_S} s",
        [
            Figure("CPU per sample", ours.get(CPU, math.nan), "µs"),
            *share_of_peers(measured, CPU, 1.0),
            Figure("off the schedule", ours.get(LATE, math.nan), "%", 1.0),
        ],
        [*peers(), *meanwhile.remarks()],
        faults,
        beside("of the server", measured, ROWS),
    )


def _measure(system: System, count: int) -> Mapping[str, float]:
    with (
        targets(SAMPLES) as asked,
        system.begin(fresh_folder() / "data", jobs_of(asked.address, count, INTERVAL_S)) as server,
    ):
        time.sleep(WARM_UP_S)
        asked.moments()
        before, seconds = server.cpu(), float(INTERVALS * INTERVAL_S)
        with MemoryWatch(server.process) as memory:
            time.sleep(seconds)
            used = server.cpu() - before
        return _values(asked, count, used, seconds) | {"peak memory, MiB": memory.peak}


def _values(asked: Asked, count: int, used: float, seconds: float) -> dict[str, float]:
    moments = asked.moments()
    scrapes = sum(map(len, moments.values()))
    off = np.array(lateness(moments, INTERVAL_S) or [np.nan])
    return {
        CPU: 1e6 * used / max(1, scrapes * SAMPLES),
        "of one processor, %": 100 * used / seconds,
        "scrapes": scrapes,
        "of those planned, %": 100 * scrapes / (INTERVALS * count),
        LATE: 100 * float(np.mean(off > LATE_S)) if scrapes else np.nan,
        "off by, p99, ms": 1000 * float(np.percentile(off, 99)),
    }


SCENARIO: Final = Scenario("scrape", "what scraping costs, and whether it is in time, beside others", run)
