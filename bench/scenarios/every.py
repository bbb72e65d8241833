"""All scenarios, in the order in which they run."""

from __future__ import annotations

from typing import Final

from bench.page import BEGIN, BEGIN_BESIDE, BEGIN_LOGS
from bench.scenarios import (
    attributes,
    floor,
    idle,
    ingest,
    logs_ingest,
    logs_queries,
    metrics_queries,
    overload,
    remote_write,
    samples_disk,
    scrape,
    series_memory,
    starting,
)
from bench.scenarios.scenario import Group, Scenario

SERVER: Final = Group(
    "server",
    "the server by itself",
    (
        *ingest.SCENARIOS,
        overload.SCENARIO,
        starting.SCENARIO,
        idle.SCENARIO,
        floor.SCENARIO,
        attributes.SCENARIO,
    ),
    BEGIN,
)
BESIDE: Final = Group(
    "beside",
    "metrics beside Prometheus and VictoriaMetrics",
    (
        metrics_queries.SCENARIO,
        remote_write.SCENARIO,
        scrape.SCENARIO,
        samples_disk.SCENARIO,
        series_memory.SCENARIO,
    ),
    BEGIN_BESIDE,
)
LOGS: Final = Group("log-lines", "log lines in and out", (*logs_ingest.SCENARIOS, logs_queries.SCENARIO), BEGIN_LOGS)
GROUPS: Final = (SERVER, BESIDE, LOGS)
SCENARIOS: Final[tuple[Scenario, ...]] = tuple(scenario for group in GROUPS for scenario in group.scenarios)
