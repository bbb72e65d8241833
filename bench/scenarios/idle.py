"""Doing nothing: what the server takes when nobody sends or asks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.server import running
from bench.usage import resident_mib

SECONDS: Final = 30.0
IDLE_MIB: Final = 400.0


def run(options: Options) -> Iterator[Report]:
    """Look at a server that was started and left alone."""
    seconds = SECONDS * options.scale
    with running() as server:
        before = server.cpu()
        time.sleep(seconds)
        share = (server.cpu() - before) / seconds
        figures = [
            Figure("memory", resident_mib(server.process), "MiB", IDLE_MIB),
            Figure("of one processor", 100 * share, "%"),
        ]
        yield Report("idle", f"{seconds:.0f} s after the start, nobody sends or asks", figures)


SCENARIO: Final = Scenario("idle", "what it takes to do nothing", run)
