"""Telemetry in: what an item costs the server, and how long its sender waits for the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bench.load.plan import Plan, Signal
from bench.replay import Replay, replay
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.server import Server, running
from bench.stored import stored_bytes, stored_items
from bench.usage import disturbances

TARGETS: Final[Mapping[Signal, float]] = {"traces": 12.0, "logs": 8.0, "metrics": 3.0}
"""Microseconds of the server's CPU time for one span, log record, data point."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """Requests of one kind, sent as fast as they are answered."""

    name: str
    words: str
    plan: Plan
    has_target: bool = True

    def run(self, options: Options) -> Iterator[Report]:
        """Measure it on a server of its own."""
        plan = replace(
            self.plan, seconds=self.plan.seconds * options.scale, warm_up=self.plan.warm_up * min(1.0, options.scale)
        )
        with running() as server:
            address = server.grpc if plan.protocol == "grpc" else server.http
            run = replay(server, replace(plan, address=address))
            yield Report(
                self.name,
                self.words,
                self._figures(run, server),
                disturbances(run.others),
                list(faults(run, server, plan)),
            )

    def _figures(self, run: Replay, server: Server) -> list[Figure]:
        outcome, target = run.outcome, TARGETS[self.plan.signal] if self.has_target else None
        items = max(1, outcome.accepted)
        disk = stored_bytes(server, self.plan.signal) / max(1, outcome.accepted + outcome.warmed)
        return [
            Figure("items a second", outcome.accepted / outcome.seconds),
            Figure("CPU per item", run.per_item(run.cpu_during), "µs", target),
            Figure("with merges after", run.per_item(run.cpu_settled), "µs", target),
            Figure("answer p50", outcome.p50_ms, "ms"),
            Figure("answer p99", outcome.p99_ms, "ms"),
            Figure("peak memory", run.memory.peak, "MiB"),
            Figure("memory after", run.resident, "MiB"),
            Figure("sent per item", outcome.body_bytes / items, "B"),
            Figure("on disk per item", disk, "B"),
            Figure("CPU of the sender", 1e6 * outcome.cpu_seconds / items, "µs"),
        ]


def faults(run: Replay, server: Server, plan: Plan) -> Iterator[str]:
    """Yield what must not happen: refusals where there was room, no answers, items that are not there."""
    others = {status: count for status, count in run.outcome.statuses.items() if status != "200"}
    if others:
        yield f"not all requests were taken: {others}"
    yield from missing(run, server, plan.signal)


def missing(run: Replay, server: Server, signal: Signal) -> Iterator[str]:
    """Yield a complaint if the server does not have exactly what it said it has."""
    said, found = run.outcome.accepted + run.outcome.warmed, stored_items(server, signal)
    if said != found:
        yield f"{said:,} items were acknowledged, and {found:,} are stored"


SPANS: Final = Plan("traces", "")
LOGS: Final = Plan("logs", "")
POINTS: Final = Plan("metrics", "")
HISTOGRAMS: Final = replace(POINTS, histograms=0.2)
SHORT: Final = 8.0
ALONE: Final = "by one sender that waits for each answer"
IN_FLIGHT: Final = "by 8 senders at once"

INGESTS: Final = (
    Ingest("spans", f"spans with 9 attributes, 1,000 a request, {IN_FLIGHT}", SPANS),
    Ingest("spans-alone", f"the same {ALONE}", replace(SPANS, connections=1)),
    Ingest("logs", f"log records with 6 attributes, 1,000 a request, {IN_FLIGHT}", LOGS),
    Ingest("logs-alone", f"the same {ALONE}", replace(LOGS, connections=1)),
    Ingest("points", f"number points with 3 or 4 attributes, 1,000 a request, {IN_FLIGHT}", POINTS),
    Ingest("points-alone", f"the same {ALONE}", replace(POINTS, connections=1)),
    Ingest("histograms", f"points of which 20 % are explicit histograms of 15 buckets, {IN_FLIGHT}", HISTOGRAMS),
    Ingest(
        "spans-gzip",
        "the spans, compressed with gzip",
        replace(SPANS, encoding="gzip", prepared=600, seconds=SHORT, warm_up=1.0),
        has_target=False,
    ),
    Ingest(
        "spans-json",
        "the spans, as OTLP/JSON",
        replace(SPANS, encoding="json", prepared=200, seconds=SHORT, warm_up=1.0),
        has_target=False,
    ),
    Ingest("spans-grpc", "the spans, over gRPC", replace(SPANS, protocol="grpc", seconds=SHORT), has_target=False),
)

SCENARIOS: Final = tuple(Scenario(ingest.name, ingest.words, partial(Ingest.run, ingest)) for ingest in INGESTS)
