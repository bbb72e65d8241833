"""Remote write, beside Prometheus and VictoriaMetrics: the same requests, made before."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
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

REQUESTS: Final = 5
"""How many requests each sender's series fill."""
WARM_UP: Final = 3
ROUNDS: Final = 80
CPU_TARGET: Final = 1.0
"""Microseconds of the server's CPU time for a sample."""

CPU: Final = "CPU per sample, µs"
SETTLED: Final = "with merges after, µs"
ROWS: Final = (CPU, SETTLED, "samples a second", "peak memory, MiB", "memory after, MiB")


def run(options: Options) -> Iterator[Report]:
    """Send the same to one after the other."""
    rounds = max(2, round(ROUNDS * options.scale))
    meanwhile = Meanwhile()
    # It ends now, so that nothing is of the future.
    began_ms = int(time.time() * 1000) - (WARM_UP + rounds) * INTERVAL_MS
    streams = [Stream(sender * REQUESTS * AT_ONCE, REQUESTS) for sender in range(SENDERS)]
    bodies = [list(stream.rounds(WARM_UP + rounds, began_ms)) for stream in streams]
    found = {system: _measure(system, bodies) for system in installed()}
    measured = {system: values for system, (values, _) in found.items()}
    yield Report(
        "remote-write",
        f"{rounds * SENDERS * REQUESTS * AT_ONCE:,} samples of {SENDERS * REQUESTS * AT_ONCE:,} series by {SENDERS}"
        f" senders at once, {AT_ONCE:,} a request",
        [Figure("CPU per sample", measured[FIRSTLIGHT][CPU], "µs", CPU_TARGET), *share_of_peers(measured, CPU, 1.0)],
        [*peers(), *meanwhile.remarks()],
        [f"{system.name}: {fault}" for system, (_, faults) in found.items() for fault in faults],
        beside("of the server", measured, ROWS),
    )


def _measure(system: System, bodies: Sequence[Sequence[bytes]]) -> tuple[Mapping[str, float], list[str]]:
    first = WARM_UP * REQUESTS
    samples = AT_ONCE * sum(len(own) - first for own in bodies)
    with system.begin(fresh_folder() / "data", NO_JOBS) as server:
        warmed = send(server.http, [own[:first] for own in bodies])
        before = server.settle()
        with MemoryWatch(server.process) as memory:
            sent = send(server.http, [own[first:] for own in bodies])
            during = server.cpu() - before
        settled = server.settle() - before
        values = {
            CPU: 1e6 * during / samples,
            SETTLED: 1e6 * settled / samples,
            "samples a second": samples / sent.seconds,
            "peak memory, MiB": memory.peak,
            "memory after, MiB": resident_mib(server.process),
        }
    return values, [*warmed.faults(), *sent.faults()]


SCENARIO: Final = Scenario("remote-write", "what a sample by remote write costs, beside others", run)
