"""Log lines in, over the protocols of log shippers: what a line costs, and what it takes on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.alone import alone
from bench.logs.sending import SENDERS, Load, send
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.server import Server, running
from bench.stored import stored_bytes, stored_items
from bench.usage import Meanwhile, MemoryWatch, resident_mib

REQUESTS: Final = 1_500
WARM_UP: Final = 160
CPU_TARGET: Final = 6.0
"""Microseconds of the server's CPU time for a line."""

WORDS: Final = {
    "ndjson": "records of 10 fields as NDJSON",
    "bulk": "the same to Elasticsearch's _bulk",
    "loki": "lines of 200 to 300 bytes, JSON, logfmt and plain, to Loki's push API as JSON",
}


def run(protocol: str, options: Options) -> Iterator[Report]:
    """Measure one protocol on a server of its own."""
    requests = max(SENDERS, round(REQUESTS * options.scale))
    now_ns, step_ns = time.time_ns(), 10_000
    load = Load("", protocol, requests, now_ns - requests * 1000 * step_ns, step_ns)
    with running() as server:
        warm = Load(server.http, protocol, WARM_UP, load.first_ns - WARM_UP * 1000 * step_ns, step_ns)
        warmed = alone(send, warm)
        before, meanwhile = server.settle(), Meanwhile()
        with MemoryWatch(server.process) as memory:
            sent = alone(send, Load(server.http, protocol, requests, load.first_ns, step_ns))
            during = server.cpu() - before
        settled = server.settle() - before
        lines = sent.lines + warmed.lines
        disk = stored_bytes(server, "logs") / lines
        index = _index_bytes(server) / lines
        raw = (sent.nbytes + warmed.nbytes) / lines
        yield Report(
            f"logs-{protocol}",
            f"{WORDS[protocol]}, 1,000 a request, by {SENDERS} senders at once",
            [
                Figure("lines a second", sent.lines / sent.seconds),
                Figure("CPU per line", 1e6 * during / sent.lines, "µs", CPU_TARGET),
                Figure("with merges after", 1e6 * settled / sent.lines, "µs", CPU_TARGET),
                Figure("peak memory", memory.peak, "MiB"),
                Figure("memory after", resident_mib(server.process), "MiB"),
                Figure("sent per line", raw, "B"),
                Figure("on disk per line", disk, "B", raw / 6),
                Figure("without the index", disk - index, "B", raw / 9),
            ],
            meanwhile.remarks(),
            [*warmed.faults(), *sent.faults(), *_missing(server, lines)],
        )


def _missing(server: Server, sent: int) -> Iterator[str]:
    found = stored_items(server, "logs")
    if found != sent:
        yield f"{sent:,} lines were acknowledged, and {found:,} are stored"


def _index_bytes(server: Server) -> float:
    return float(server.api.get("/status")["store"]["tables"]["logs"]["index_bytes"])


SCENARIOS: Final = tuple(Scenario(f"logs-{name}", words, partial(run, name)) for name, words in WORDS.items())
