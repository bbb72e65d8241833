"""Too much: senders that pay no heed to refusals, and send twice what is taken.

There are more connections than requests fit into what the server may hold. Each sends one request, and for each one
that was taken two more may be sent, so what is offered stays at twice what is taken however fast the machine is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from bench.load.plan import HUNG, NO_ANSWER, Outcome
from bench.load.sending import RETRYABLE, TAKEN
from bench.replay import Replay, replay
from bench.report import Figure, Report
from bench.scenarios.ingest import SPANS, missing
from bench.scenarios.scenario import Options, Scenario
from bench.server import running
from bench.usage import disturbances, growth_per_minute

SECONDS: Final = 60.0
CONNECTIONS: Final = 640
PEAK_MIB: Final = 1200.0
GROWTH_MIB: Final = 100.0
"""How much memory may grow a minute, after the first third, and still be called flat: what its noise amounts to."""


def run(options: Options) -> Iterator[Report]:
    """Overload a server, and count every answer."""
    plan = replace(SPANS, connections=CONNECTIONS, overload=2.0, seconds=SECONDS * options.scale)
    with running() as server:
        found = replay(server, replace(plan, address=server.http), interval=1.0)
        wrong = [*faults(found.outcome), *missing(found, server, plan.signal)]
        words = f"{plan.seconds:.0f} s of twice as many spans as are taken, over {CONNECTIONS} connections"
        yield Report("overload", words, _figures(found), disturbances(found.others), wrong)


def _figures(found: Replay) -> list[Figure]:
    outcome, samples = found.outcome, found.memory.samples
    taken, refused = counts(outcome.statuses)
    return [
        Figure("requests", outcome.requests),
        Figure("taken", taken),
        Figure("refused", refused),
        Figure("sent for each taken", outcome.requests / max(1, taken)),
        Figure("spans taken a second", outcome.accepted / outcome.seconds),
        Figure("CPU per span taken", found.per_item(found.cpu_during), "µs"),
        Figure("answer p99", outcome.p99_ms, "ms"),
        Figure("longest answer", outcome.worst_ms, "ms"),
        Figure("peak memory", found.memory.peak, "MiB", PEAK_MIB),
        Figure("growth of memory", max(0.0, growth_per_minute(samples[len(samples) // 3 :])), "MiB/min", GROWTH_MIB),
    ]


def counts(statuses: Mapping[str, int]) -> tuple[int, int]:
    """Return how many requests were taken, and how many were told to come again later."""
    return statuses.get(TAKEN, 0), sum(count for status, count in statuses.items() if status in RETRYABLE)


def faults(outcome: Outcome) -> Iterator[str]:
    """Yield what must not happen in an overload: senders left without an answer, or with a wrong one."""
    for status, count in outcome.statuses.items():
        if status in (HUNG, NO_ANSWER):
            yield f"{count} requests got no answer ({status})"
        elif status != TAKEN and status not in RETRYABLE:
            yield f"{count} requests were answered with {status}, which tells a sender to give up"
    if outcome.refusals_without_delay:
        yield f"{outcome.refusals_without_delay} refusals did not say when to come again"
    if not counts(outcome.statuses)[1]:
        yield "nothing was refused: this was no overload"


SCENARIO: Final = Scenario("overload", "twice as much as is taken", run)
