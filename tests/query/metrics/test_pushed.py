"""What the engine computes of a query is what its evaluation from samples gives, and is told of in the same words (C1).

Both ways are gone, on the same store: with everything pushed to the engine that can be, and with nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from firstlight.query.metrics import source as sources
from firstlight.query.metrics.reading import read
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.result import Instant, Matrix
from firstlight.query.promql.run import Options, at_instant, finish, over_range, prepare
from firstlight.query.promql.values import Labels, Steps
from tests.query.metrics.shop import NOW, STALE, Row, Shop, row, shop

pytestmark = pytest.mark.anyio

LATENCY = {"count": 6.0, "sum": 9.0, "scale": 1, "zero_count": 6.0}

Told = tuple[Mapping[Labels, Mapping[int, float]], tuple[str, ...], tuple[str, ...]] | str


def value(kind: str, before: float, dice: random.Random) -> float:
    """Return what comes after `before`."""
    match kind:
        case "requests_total":
            return float(dice.randint(0, 9)) if dice.random() < 0.1 else before + dice.randint(0, 50)
        case "seconds_sum":
            return before + dice.random()
        case "restarted_total":
            return dice.random() if dice.random() < 0.1 else before + dice.random() * 1e3
        case "temperature":
            return before + dice.random() * 10 - 5
        case "odd":
            return dice.choice([math.nan, math.inf, -math.inf, -0.0, 0.0, 1e300, 3.0, 4.0])
        case _:
            return dice.choice([1e16, -1e16, 0.1, 3.0, 1e-5])


def made(kind: str, number: int, dice: random.Random) -> Row:
    """Return a series with gaps, some of them marked; some end early, with a marker or without."""
    samples: dict[int, float] = {}
    ts, last = dice.randint(0, 20_000), 0.0
    for _ in range(dice.randint(0, 60)):
        ts += dice.choice([15_000, 15_000, 15_000, 5_000, 45_000, dice.randint(1, 60_000)])
        last = value(kind, last, dice)
        samples[ts] = STALE if dice.random() < 0.1 else last
    return row(kind, f"i={number},job=j{number % 3},half={'ab'[number % 2]}", samples)


KINDS = ("requests_total", "seconds_sum", "restarted_total", "temperature", "odd", "wide")
RANGES = (
    *("rate", "increase", "delta", "irate", "idelta", "resets"),
    *(f"{name}_over_time" for name in ("last", "sum", "avg", "min", "max", "count")),
)
OPERATIONS = ("sum", "avg", "min", "max", "count", "group")
STEPS = (
    over_range(NOW, NOW + 1_200_000, 60_000),
    over_range(NOW + 7_001, NOW + 500_000, 10_000),
    at_instant(NOW + 400_000),
)
PRODUCTS = (
    *(f"{function}({kind}[{window}])" for function in RANGES for kind in KINDS for window in ("5m", "25s")),
    *(f"{op} by (job) ({function}({kind}[2m]))" for op in OPERATIONS for function in RANGES for kind in KINDS),
    *(f"{op} without (i, half) ({kind})" for op in OPERATIONS for kind in KINDS),
)
"""Each is asked over one of STEPS."""

QUERIES = (
    *KINDS,
    # what stands around it
    "sum(rate(requests_total[1m])) / on () count(requests_total offset 1m)",
    "sum by (job) ((rate(requests_total[1m] offset 30s))) + ignoring (x) sum by (job) (rate(requests_total[1m]))",
    "topk by (job) (2, avg by (job, half) (temperature))",
    "max_over_time(rate(requests_total[1m])[5m:30s])",
    "rate(requests_total[1m] @ start()) + rate(requests_total[1m])",
    "timestamp(temperature) - timestamp(temperature > 0)",
    "quantile by (job) (0.9, rate(seconds_sum[1m]))",
    "absent(nothing) or absent_over_time(temperature[1m])",
    'label_replace(sum by (job) (temperature), "x", "$1", "job", "(.)(.)")',
    "sum(nothing)",
    "rate(nothing[5m])",
    # several metrics at once
    'sum by (job) ({__name__=~"requests_total|temperature"})',
    'count by (__name__) ({__name__=~"requests_total|temperature"})',
    'sum by (job) (rate({__name__=~"requests_total|temperature",half="a"}[1m]))',
    'sum by (job) (last_over_time({__name__=~"requests_total|temperature"}[1m]))',
    'rate({__name__=~"requests_total",half="a"}[1m]) or rate({__name__=~"temperature",half="b"}[1m])',
    # with histograms among the samples
    "sum by (job) (histogram_count(rate(latency[15s])))",
    "sum by (job) (rate(latency[1m]))",
    "count(latency)",
)


async def told(it: Shop, text: str, steps: Steps) -> tuple[Told, bool]:
    """Return what a query answers: values by series and time, warnings, infos; or why there is none.

    And whether any of it was computed by the engine.
    """
    options = Options()
    query = prepare(text, steps, options)
    data = await read(it.source, "default", query, options)
    try:
        found = finish(query, data.fetched, options, data.given)
    except EvaluationFailed as failed:
        return str(failed), bool(data.given)
    values: dict[Labels, dict[int, float]] = {}
    match found.result:
        case Matrix(samples):
            for place, labels in enumerate(samples.labels):
                of_series = slice(int(samples.offsets[place]), int(samples.offsets[place + 1]))
                values[labels] = dict(
                    zip(samples.ts[of_series].tolist(), samples.floats[of_series].tolist(), strict=True)
                )
        case Instant(time, vector):
            values = {
                labels: {time: one} for labels, one in zip(vector.labels, vector.floats[:, 0].tolist(), strict=True)
            }
    return (values, tuple(sorted(found.warnings)), tuple(sorted(found.infos))), bool(data.given)


def differs(pushed: Told, evaluated: Told, text: str) -> bool:
    """Return whether answers differ by more than the last digits of sums."""
    if isinstance(pushed, str) or isinstance(evaluated, str):
        return pushed != evaluated
    shape = [{labels: list(values) for labels, values in told[0].items()} for told in (pushed, evaluated)]
    if shape[0] != shape[1] or pushed[1:] != evaluated[1:]:
        return True
    got, want = (
        np.array([one for labels in evaluated[0] for one in told[0][labels].values()]) for told in (pushed, evaluated)
    )
    with np.errstate(all="ignore"):
        # What was added up may have been larger than what came out of it: of `wide` it is up to 1e17.
        close = np.abs(got - want) <= 1e-12 * np.maximum(np.abs(got), np.abs(want)) + (100.0 if "wide" in text else 0)
    return not bool((close | (got == want) | (np.isnan(got) & np.isnan(want))).all())


@pytest.mark.parametrize("products", [120, pytest.param(len(PRODUCTS), marks=pytest.mark.slow)], ids=("some", "all"))
async def test_what_is_pushed_to_the_engine_is_what_is_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, products: int
) -> None:
    """For every function and aggregation, on counters, gauges, gaps, markers, what is not finite, and histograms."""
    dice = random.Random(5)
    rows = [made(kind, number, dice) for kind in KINDS for number in range(12)]
    rows.append(row("latency", "job=j1", {15_000: 1.0, 30_000: 2.0}, histograms={45_000: LATENCY, 60_000: LATENCY}))
    evaluated_twice: list[str] = []
    wrong: list[tuple[str, Steps, list[Told]]] = []
    async with shop(tmp_path, rows) as it:
        asked = [(text, dice.choice(STEPS)) for text in dice.sample(PRODUCTS, products)] + [
            (text, steps) for text in QUERIES for steps in STEPS
        ]
        for text, steps in asked:
            both = []
            for least in (0, 10**12):
                monkeypatch.setattr(sources, "WORTHWHILE", least)
                answer, pushed = await told(it, text, steps)
                both.append(answer)
                if text in PRODUCTS and pushed is not (least == 0):
                    evaluated_twice.append(text)
            if differs(both[0], both[1], text):
                wrong.append((text, steps, both))

    assert [found[:2] for found in wrong] == []
    assert evaluated_twice == []
