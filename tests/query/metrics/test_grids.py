"""What the engine computes is what Prometheus' rules say, digit by digit, or it is left to be computed from samples (C1).

The rules are written down here a second time, as plainly as can be: loops over the samples of a window.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from firstlight.query.metrics.grids import FUNCTIONS, INSTANT
from firstlight.query.promql.values import Steps
from tests.query.metrics.shop import NOW, STALE, Row, matchers, row, shop

pytestmark = pytest.mark.anyio

Sample = tuple[int, float]


def extrapolated(window: Sequence[Sample], start: int, end: int, *, counter: bool, rate: bool) -> float | None:
    """Return what a counter or gauge grew by between the ends of a window, as Prometheus guesses it."""
    if len(window) < 2:
        return None
    (first, begun), (last, ended) = window[0], window[-1]
    grown = ended - begun
    if counter:
        for (_, before), (_, value) in pairwise(window):
            if value < before:
                grown += before
    between = (last - first) / 1000
    spacing = between / (len(window) - 1)
    ahead, behind = (first - start) / 1000, (end - last) / 1000
    if ahead >= spacing * 1.1:
        ahead = spacing / 2
    if counter and grown > 0 and begun >= 0:
        ahead = min(ahead, between * (begun / grown))
    if behind >= spacing * 1.1:
        behind = spacing / 2
    factor = (between + ahead + behind) / between
    return grown * (factor / ((end - start) / 1000) if rate else factor)


def latest(window: Sequence[Sample], *, rate: bool) -> float | None:
    """Return how much the last two samples differ."""
    if len(window) < 2:
        return None
    (before_ts, before), (ts, value) = window[-2:]
    if not rate:
        return value - before
    return (value if value < before else value - before) / ((ts - before_ts) / 1000)


def value_of(window: Sequence[Sample], fold: Callable[[list[float]], float]) -> float | None:
    """Return a number made of the values of a window, if there are any."""
    return fold([value for _, value in window]) if window else None


def resets(values: list[float]) -> float:
    """Return how often a value was lower than the one before."""
    return float(sum(after < before for before, after in pairwise(values)))


def least(values: list[float]) -> float:
    """Return the least of the values that are numbers."""
    return min((value for value in values if not math.isnan(value)), default=math.nan)


def most(values: list[float]) -> float:
    """Return the most of the values that are numbers."""
    return max((value for value in values if not math.isnan(value)), default=math.nan)


RULES: dict[str, Callable[[Sequence[Sample], int, int], float | None]] = {
    INSTANT: lambda window, _, __: window[-1][1] if window else None,
    "rate": lambda window, start, end: extrapolated(window, start, end, counter=True, rate=True),
    "increase": lambda window, start, end: extrapolated(window, start, end, counter=True, rate=False),
    "delta": lambda window, start, end: extrapolated(window, start, end, counter=False, rate=False),
    "irate": lambda window, _, __: latest(window, rate=True),
    "idelta": lambda window, _, __: latest(window, rate=False),
    "last_over_time": lambda window, _, __: window[-1][1] if window else None,
    "sum_over_time": lambda window, _, __: value_of(window, math.fsum),
    "avg_over_time": lambda window, _, __: value_of(window, lambda values: math.fsum(values) / len(values)),
    "min_over_time": lambda window, _, __: value_of(window, least),
    "max_over_time": lambda window, _, __: value_of(window, most),
    "count_over_time": lambda window, _, __: value_of(window, lambda values: float(len(values))),
    "resets": lambda window, _, __: value_of(window, resets),
}


def value(kind: str, before: float, dice: random.Random) -> float:
    """Return what comes after `before`."""
    match kind:
        case "counter":
            return float(dice.randint(0, 9)) if dice.random() < 0.1 else before + dice.randint(0, 50)
        case "seconds":
            return before + dice.random()
        case "restarted":
            return dice.random() if dice.random() < 0.1 else before + dice.random() * 1e6
        case "gauge":
            return before + dice.random() * 10 - 5
        case "odd":
            return dice.choice([math.nan, math.inf, -math.inf, -0.0, 0.0, 1e300, 3.0, 4.0])
        case _:
            return dice.choice([1e16, -1e16, 0.1, 3.0, 1e-5])


def made(kind: str, number: int, dice: random.Random) -> Row:
    """Return a series with gaps, some of them marked."""
    samples: dict[int, float] = {}
    ts, last = dice.randint(0, 20_000), 0.0
    for _ in range(dice.randint(0, 60)):
        ts += dice.choice([15_000, 15_000, 15_000, 5_000, 45_000, dice.randint(1, 60_000)])
        last = value(kind, last, dice)
        samples[ts] = STALE if dice.random() < 0.1 else last
    return row(kind, f"i={number}", samples)


KINDS = ("counter", "seconds", "restarted", "gauge", "odd", "wide")
GRIDS = [
    # steps, window
    (Steps(NOW, 60_000, 20), 300_000),
    (Steps(NOW + 15_000, 15_000, 60), 60_000),
    (Steps(NOW + 7_001, 10_000, 50), 25_500),
    (Steps(NOW + 900_000, 0, 1), 300_000),
    (Steps(NOW + 30_000, 100_000, 8), 30_000),
]


async def test_the_engine_computes_what_the_rules_say(tmp_path: Path) -> None:
    """For every function, on counters, gauges, gaps, markers and what is not finite; and little is left undone."""
    dice = random.Random(3)
    rows = [made(kind, number, dice) for kind in KINDS for number in range(12)]
    wrong: list[object] = []
    undone: dict[str, set[str]] = {function: set() for function in FUNCTIONS}
    async with shop(tmp_path, rows) as it:
        found = await it.source.find("default", matchers("i != "), NOW, NOW)
        by_labels = {tuple(sorted({"__name__": one.metric, **one.labels}.items())): one for one in rows}
        for function in FUNCTIONS:
            for steps, window in GRIDS:
                grid = await it.source.grid("default", found, function, window, steps)
                assert grid is not None
                left = {found.labels[place] for place in grid.undone.tolist()}
                undone[function] |= {dict(labels)["__name__"] for labels in left}
                got = dict(
                    zip(grid.vector.labels, zip(grid.vector.floats, grid.vector.present, strict=True), strict=True)
                )
                for labels in found.labels:
                    floats, present = got.get(labels, (np.zeros(steps.count), np.zeros(steps.count, bool)))
                    for place, end in enumerate(steps.times.tolist() if labels not in left else ()):
                        want = expected(function, by_labels[labels], end - window - NOW, end - NOW)
                        if not same(want, float(floats[place]) if present[place] else None):
                            wrong.append((function, labels, end - NOW, window, want, floats[place], present[place]))

    assert wrong == []
    assert undone == {
        function: {
            "rate": {"restarted", "gauge", "odd", "wide"},
            "increase": {"restarted", "gauge", "odd", "wide"},
        }.get(function, {"odd"} if function in ("sum_over_time", "avg_over_time") else set())
        for function in FUNCTIONS
    }


def expected(function: str, one: Row, start: int, end: int) -> float | None:
    """Return what the rule says of a series at a step."""
    window = [(ts, value) for ts, value in sorted(one.samples.items()) if start < ts <= end]
    if function == INSTANT and window and stale(window[-1][1]):
        return None
    return RULES[function]([sample for sample in window if not stale(sample[1])], start, end)


def stale(value: float) -> bool:
    """Return whether a value says that the series has ended."""
    return np.float64(value).tobytes() == np.float64(STALE).tobytes()


def same(want: float | None, got: float | None) -> bool:
    """Return whether two numbers differ by no more than the last digits."""
    if want is None or got is None:
        return want is got
    if math.isnan(want) or math.isnan(got):
        return math.isnan(want) and math.isnan(got)
    return want == got or abs(want - got) <= 1e-12 * max(abs(want), abs(got))
