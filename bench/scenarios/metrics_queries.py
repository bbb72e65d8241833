"""Queries of a dashboard, beside Prometheus and VictoriaMetrics: the same samples, the same questions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.folder import fresh_folder
from bench.metrics.answers import difference, series_of
from bench.metrics.asking import MANNERS, REFRESH_SECONDS, REFRESHES, Asked, ask_all
from bench.metrics.beside import beside
from bench.metrics.fleet import INTERVAL_MS, Target, target
from bench.metrics.queries import QUERIES
from bench.metrics.ratios import ratios
from bench.metrics.sending import load
from bench.metrics.systems import FIRSTLIGHT, NO_JOBS, PROMETHEUS, VICTORIA, System, installed, peers
from bench.report import Figure, Report
from bench.scenarios.scenario import Options, Scenario
from bench.usage import Meanwhile

TARGETS: Final = 100
"""Of a hundred series each."""
HOURS: Final = 24
MEAN_TARGETS: Final = {"cold": 0.6, "warm": 0.6, "at-once": 0.6, "refresh": 0.3}
"""What the geometric mean of the waits may be of that of Prometheus."""
WORST: Final = 1.5
"""What the wait for any one query may be."""


def run(options: Options) -> Iterator[Report]:
    """Load all of them with the same, then ask one after the other."""
    scrapes = HOURS * 3600 * 1000 // INTERVAL_MS
    # The last scrape is a whole minute ago, and past what is asked about when now has gone on.
    last_s = int(time.time()) // 300 * 300
    began_ms = last_s * 1000 - scrapes * INTERVAL_MS
    now_s = last_s - REFRESHES * REFRESH_SECONDS - 60
    targets = [target(number, scrapes, began_ms / 1000) for number in range(max(4, round(TARGETS * options.scale)))]
    series = sum(len(each.labels) for each in targets)

    meanwhile, folders, remarks = Meanwhile(), {}, peers()
    for system in installed():
        folders[system], seconds = _load(system, targets, began_ms)
        remarks.append(f"{system.name} took its {series * scrapes:,} samples in {seconds:.0f} s")
    asked = {system: ask_all(system, folder, QUERIES, now_s) for system, folder in folders.items()}

    remarks += [*meanwhile.remarks(), *_odd(asked)]
    words = f"{len(QUERIES)} queries over {series:,} series and {HOURS} h at {INTERVAL_MS // 1000} s"
    for place, (manner, how) in enumerate(MANNERS.items()):
        waits = {system: found.waits[manner] for system, found in asked.items()}
        yield Report(
            f"metrics-queries-{manner}",
            f"{words}, {how}",
            _figures(manner, waits),
            () if place else remarks,
            () if place else list(_faults(asked)),
            beside("query", waits, [query.name for query in QUERIES], "ms"),
        )


def _load(system: System, targets: Sequence[Target], began_ms: int) -> tuple[Path, float]:
    data = fresh_folder() / "data"
    with system.begin(data, NO_JOBS) as server:
        began = time.monotonic()
        load(server, targets, began_ms)
        seconds = time.monotonic() - began
        server.settle()
    return data, seconds


def _figures(manner: str, waits: Mapping[System, Mapping[str, float]]) -> list[Figure]:
    ours, figures = waits[FIRSTLIGHT], []
    for peer in (PROMETHEUS, VICTORIA):
        found = ratios(ours, waits.get(peer, {}))
        limits = (MEAN_TARGETS[manner], WORST) if peer is PROMETHEUS and found.each else (None, None)
        figures += [
            Figure(f"of {peer.name}, mean", found.mean, "", limits[0]),
            Figure(f"of {peer.name}, worst", found.worst, "", limits[1]),
        ]
    return figures


def _faults(asked: Mapping[System, Asked]) -> Iterator[str]:
    ours = asked[FIRSTLIGHT]
    for name, words in ours.failures.items():
        yield f"firstlight did not answer {name!r}: {words}"
    if PROMETHEUS in asked:
        theirs = asked[PROMETHEUS].answers
        for name in ours.answers.keys() & theirs.keys():
            odd = difference(ours.answers[name], theirs[name])
            if odd:
                yield f"the answer to {name!r} is not that of Prometheus: {odd}"


def _odd(asked: Mapping[System, Asked]) -> Iterator[str]:
    for system, found in asked.items():
        if system is not FIRSTLIGHT:
            yield from (f"{system.name} did not answer {name!r}: {words}" for name, words in found.failures.items())
    if VICTORIA in asked:
        ours, theirs = asked[FIRSTLIGHT].answers, asked[VICTORIA].answers
        for name in ours.keys() & theirs.keys():
            here, there = len(series_of(ours[name])), len(series_of(theirs[name]))
            if here != there:
                yield f"VictoriaMetrics answers {name!r} with {there} series, and firstlight with {here}"


SCENARIO: Final = Scenario("metrics-queries", "queries of a dashboard, beside Prometheus and VictoriaMetrics", run)
