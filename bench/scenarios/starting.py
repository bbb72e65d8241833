"""Starting: how long until the server is ready, with nothing stored and with some."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from bench.replay import replay
from bench.report import Figure, Report
from bench.scenarios.ingest import LOGS, POINTS, SPANS
from bench.scenarios.scenario import Options, Scenario
from bench.server import running

READY_SECONDS: Final = 2.0
STARTS: Final = 7
FILL_SECONDS: Final = 4.0


def run(options: Options) -> Iterator[Report]:
    """Start again and again, on an empty directory and on one with logs, spans and points in it."""
    starts = max(1, round(STARTS * options.scale))
    yield _report(
        "ready", f"from exec to /readyz, median of {starts} starts, nothing stored", [_start() for _ in range(starts)]
    )
    with tempfile.TemporaryDirectory(prefix="firstlight-bench-") as folder:
        data = Path(folder) / "data"
        with running(data) as server:
            for plan in (SPANS, LOGS, POINTS):
                seconds = FILL_SECONDS * options.scale
                replay(server, replace(plan, address=server.http, warm_up=0.0, seconds=seconds))
        size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) / 1024**2
        words = f"the same with {size:.0f} MiB of data"
        yield _report("ready-filled", words, [_start(data) for _ in range(starts)])


def _start(data: Path | None = None) -> float:
    with running(data) as server:
        return server.seconds_to_ready


def _report(name: str, words: str, seconds: list[float]) -> Report:
    return Report(
        name,
        words,
        [
            Figure("ready", median(seconds), "s", READY_SECONDS),
            Figure("fastest", min(seconds), "s"),
            Figure("slowest", max(seconds), "s"),
        ],
    )


SCENARIO: Final = Scenario("ready", "how long a start takes", run)
