"""Samples on disk, beside Prometheus and VictoriaMetrics: how many bytes each takes when all is merged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from bench.folder import fresh_folder
from bench.metrics.beside import beside, share_of_peers
from bench.metrics.disk import WEIGHTS
from bench.metrics.fleet import INTERVAL_MS, Target, target
from bench.metrics.host import host
from bench.metrics.sending import load
from bench.metrics.systems import FIRSTLIGHT, NO_JOBS, System, installed, peers
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.usage import Meanwhile

HOURS: Final = 12
HOSTS: Final = 10
SERVICES: Final = 10
"""Targets that are an exporter of a host, and processes of ours."""
BYTES_TARGET: Final = 1.5
BYTES: Final = "on disk per sample, B"


def run(options: Options) -> Iterator[Report]:
    """Load each kind of targets into each server."""
    meanwhile = Meanwhile()
    scrapes = HOURS * 3600 * 1000 // INTERVAL_MS
    began_ms = (int(time.time()) // 60 * 60 * 1000) - scrapes * INTERVAL_MS
    hosts = [host(number, scrapes) for number in range(max(1, round(HOSTS * options.scale)))]
    services = [target(number, scrapes, began_ms / 1000) for number in range(max(2, round(SERVICES * options.scale)))]
    for name, words, targets in (
        ("samples-disk-hosts", "hosts as a node exporter tells them", hosts),
        ("samples-disk-services", "services that count requests", services),
    ):
        measured = {system: {BYTES: _weigh(system, targets, began_ms)} for system in installed()}
        samples = sum(each.values.size for each in targets)
        yield Report(
            name,
            f"{words}: {samples:,} samples of {HOURS} h, merged",
            [
                Figure("on disk per sample", measured[FIRSTLIGHT][BYTES], "B", BYTES_TARGET),
                *share_of_peers(measured, BYTES),
            ],
            [*peers(), *meanwhile.remarks()],
            table=beside("of the server", measured, [BYTES]),
        )


def _weigh(system: System, targets: list[Target], began_ms: int) -> float:
    data = fresh_folder() / "data"
    with system.begin(data, NO_JOBS) as server:
        load(server, targets, began_ms)
        server.settle()
        return WEIGHTS[system](server, data, sum(each.values.size for each in targets))


SCENARIO: Final = Scenario("samples-disk", "the bytes that samples take, beside others", run)
