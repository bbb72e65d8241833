"""Starting: how long until the server is ready, with nothing stored and with some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from bench.folder import fresh_folder
from bench.replay import replay
from bench.report import Figure, Report
from bench.scenarios.ingest import LOGS, POINTS, SPANS
from bench.scenarios.scenario import Options, Scenario
from bench.server import running
from bench.usage import MIB, Meanwhile

READY_SECONDS: Final = 2.0
STARTS: Final = 7
FILL_SECONDS: Final = 4.0


def run(options: Options) -> Iterator[Report]:
    """Start again and again, on an empty directory and on one with logs, spans and points in it."""
    starts = max(1, round(STARTS * options.scale))
    yield _started("ready", f"from exec to /readyz, median of {starts} starts, nothing stored", starts)
    data = fresh_folder() / "data"
    _fill(data, FILL_SECONDS * options.scale)
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) / MIB
    yield _started("ready-filled", f"the same with {size:.0f} MiB of data", starts, data)


def _fill(data: Path, seconds: float) -> None:
    with running(data) as server:
        for plan in (SPANS, LOGS, POINTS):
            replay(server, replace(plan, address=server.http, warm_up=0.0, seconds=seconds))


def _started(name: str, words: str, starts: int, data: Path | None = None) -> Report:
    meanwhile = Meanwhile()
    seconds = [_start(data) for _ in range(starts)]
    figures = [
        Figure("ready", median(seconds), "s", READY_SECONDS),
        Figure("fastest", min(seconds), "s"),
        Figure("slowest", max(seconds), "s"),
    ]
    return Report(name, words, figures, meanwhile.remarks())


def _start(data: Path | None) -> float:
    with running(data) as server:
        return server.seconds_to_ready


SCENARIO: Final = Scenario("ready", "how long a start takes", run)
