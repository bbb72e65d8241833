"""Active series, beside Prometheus and VictoriaMetrics: how much memory they hold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Final

from bench.folder import fresh_folder
from bench.metrics.beside import beside, share_of_peers
from bench.metrics.fleet import INTERVAL_MS
from bench.metrics.sending import SENDERS, send
from bench.metrics.stream import AT_ONCE, Stream
from bench.metrics.systems import FIRSTLIGHT, NO_JOBS, System, installed, peers
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.usage import Meanwhile, MemoryWatch, resident_mib

SERIES: Final = 100_000
SCRAPES: Final = 4
AFTER: Final = "memory after, MiB"
GROWN: Final = "more than when empty, MiB"
ROWS: Final = (AFTER, GROWN, "peak memory, MiB", "CPU, s")


def run(options: Options) -> Iterator[Report]:
    """Give each the same series, and look when it has gone quiet."""
    requests = max(1, round(SERIES * options.scale / SENDERS / AT_ONCE))
    meanwhile = Meanwhile()
    began_ms = int(time.time() * 1000) - SCRAPES * INTERVAL_MS
    found = {system: _measure(system, requests, began_ms) for system in installed()}
    measured = {system: values for system, (values, _) in found.items()}
    yield Report(
        "series-memory",
        f"{SENDERS * requests * AT_ONCE:,} new series with {SCRAPES} samples each, by remote write",
        [Figure("memory after", measured[FIRSTLIGHT][AFTER], "MiB"), *share_of_peers(measured, AFTER)],
        [*peers(), *meanwhile.remarks()],
        [f"{system.name}: {fault}" for system, (_, faults) in found.items() for fault in faults],
        beside("of the server", measured, ROWS),
    )


def _measure(system: System, requests: int, began_ms: int) -> tuple[Mapping[str, float], list[str]]:
    streams = [Stream(sender * requests * AT_ONCE, requests) for sender in range(SENDERS)]
    with system.begin(fresh_folder() / "data", NO_JOBS) as server:
        before, empty = server.settle(), resident_mib(server.process)
        with MemoryWatch(server.process) as memory:
            # Made as they are sent: those of a million series would not fit beside the server.
            sent = send(server.http, [stream.rounds(SCRAPES, began_ms) for stream in streams])
            settled = server.settle()
        after = resident_mib(server.process)
        values = {
            AFTER: after,
            GROWN: after - empty,
            "peak memory, MiB": memory.peak,
            "CPU, s": settled - before,
        }
    return values, sent.faults()


SCENARIO: Final = Scenario("series-memory", "the memory that active series hold, beside others", run)
