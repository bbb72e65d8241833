"""Samples come as they were stored: bit by bit, in order, each time once, histograms among them (C1, P5)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from firstlight.model.tables import CUSTOM_BOUNDS
from firstlight.query.metrics.extent import of_series
from firstlight.query.metrics.together import together
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.plan import Fetch
from firstlight.query.promql.values import Labels, Samples, Steps
from tests.query.metrics.shop import DAY, NOW, STALE, Row, labelled, matchers, row, samples_of, shop

pytestmark = pytest.mark.anyio


def fetch_of(name: str, start: int, end: int) -> Fetch:
    """Return what is wanted of a metric, in milliseconds from `NOW` on."""
    return Fetch(matchers(f"__name__ = {name}"), NOW + start, NOW + end)


BITS = (0x7FF0000000000002, 0x7FF8000000000001, 0xFFF8000000000003, 0x7FF0000000000000, 0x8000000000000000, 1)


async def test_the_bits_of_floats_come_through(tmp_path: Path) -> None:
    """Whatever NaN it is, and after the engine has merged its parts."""
    values = np.array(BITS, np.uint64).view(np.float64)
    one = row("bits", "", {15 * place: float(value) for place, value in enumerate(values)})
    fetch = fetch_of("bits", 0, DAY)
    async with shop(tmp_path, [one]) as it:
        await it.store.client.command("OPTIMIZE TABLE samples FINAL")
        found = (await it.source.fetch("default", [fetch]))[fetch]

    assert [hex(bits) for bits in found.floats.view(np.uint64)] == [hex(bits) for bits in BITS]


async def test_samples_are_those_of_the_range_in_order(tmp_path: Path) -> None:
    """Both ends included; series without any are left out; no series no samples; one fetch does not mind another."""
    rows = [
        row("m", "i=1", {-DAY: 1.0, 0: 2.0, 1000: 3.0, 2000: 4.0}),
        row("m", "i=2", {1000: 5.0, 500: 6.0}),
        row("m", "i=3", {3000: 7.0}),
        row("m", "i=1", {1000: 8.0}, tenant="other"),
    ]
    both, none = fetch_of("m", -DAY, 1000), fetch_of("x", 0, 1000)
    early = fetch_of("m", 0, 999)
    async with shop(tmp_path, rows) as it:
        found = await it.source.fetch("default", [both, none, early, both])

    by_labels = _by_labels(found[both])
    assert by_labels == {
        labelled("m", i="1"): [(-DAY, 1.0), (0, 2.0), (1000, 3.0)],
        labelled("m", i="2"): [(500, 6.0), (1000, 5.0)],
    }
    assert len(found[none]) == 0
    assert found[none].offsets.tolist() == [0]
    assert _by_labels(found[early]) == {labelled("m", i="1"): [(0, 2.0)], labelled("m", i="2"): [(500, 6.0)]}


async def test_the_last_one_written_of_a_time_counts(tmp_path: Path) -> None:
    """Whether or not the engine has merged, and of two that are the same one is left."""
    one = row("m", "", {0: 9.0, 1000: 1.0})
    fetch = fetch_of("m", 0, 1000)
    seen = []
    async with shop(tmp_path, [one]) as it:
        for value in (5.0, 7.0, 6.0):
            await it.add(samples_of(one, {1000: value, 0: 9.0}))
            seen.append(_by_labels((await it.source.fetch("default", [fetch]))[fetch]))
        await it.store.client.command("OPTIMIZE TABLE samples FINAL")
        seen.append(_by_labels((await it.source.fetch("default", [fetch]))[fetch]))

    assert [next(iter(each.values())) for each in seen] == [[(0, 9.0), (1000, value)] for value in (5.0, 7.0, 6.0, 6.0)]


EXPONENTIAL = {
    "count": 6.0,
    "sum": 9.0,
    "scale": 1,
    "zero_count": 1.0,
    "positive_offset": 2,
    "positive_counts": [2.0, 3.0],
}
EXPLICIT = {"count": 3.0, "sum": 2.0, "scale": CUSTOM_BOUNDS, "positive_counts": [1.0, 2.0], "bounds": [0.5]}
FINE = {"count": 3.0, "sum": 2.0, "scale": 10, "positive_offset": 3, "positive_counts": [1.0, 2.0]}

HISTOGRAMS = [
    # what                                        the series                                                           seen
    ("a native one",                              row("h", "", {0: 1.0}, histograms={15: EXPONENTIAL}),                [None, (1, 3, [2.0, 3.0], ())]),
    ("one of OTLP, exponential",                  row("h", "", histograms={15: EXPONENTIAL}, origin=7),                [(1, 3, [2.0, 3.0], ())]),
    ("one with bounds, of Prometheus",            row("h", "", histograms={15: EXPLICIT}),                             [(CUSTOM_BOUNDS, 0, [1.0, 2.0], (0.5,))]),
    ("one with bounds, of OTLP, is not seen",     row("h", "", histograms={15: EXPLICIT}, origin=7),                   None),
    ("but its floats are",                        row("h", "", {0: 1.0}, histograms={15: EXPLICIT}, origin=7),         [None]),
    ("a finer one than Prometheus has",           row("h", "", histograms={15: FINE}),                                 [(8, 1, [1.0, 2.0], ())]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "expected"), [case[1:] for case in HISTOGRAMS], ids=[case[0] for case in HISTOGRAMS])
async def test_histograms_are_among_the_samples(
    tmp_path: Path, one: Row, expected: list[tuple[int, int, list[float], tuple[float, ...]] | None] | None
) -> None:
    """In order of time, as objects; what stands beside classic series is not seen twice."""
    fetch = fetch_of("h", 0, 1000)
    async with shop(tmp_path, [one]) as it:
        found = (await it.source.fetch("default", [fetch]))[fetch]
        explicit = await it.source.find("default", fetch.matchers, NOW, NOW)
        has = await it.source.grid("default", explicit, "last_over_time", 1000, _steps(1)) is None

    assert has is (expected is not None and any(expected))
    if expected is None:
        assert len(found) == 0
        return
    objects = found.histograms.tolist() if found.histograms is not None else [None] * len(found.ts)
    seen = [h and (h.schema, h.positive.offset, h.positive.counts.tolist(), h.custom_bounds) for h in objects]
    assert seen == expected


async def test_explicit_histograms_of_otlp_are_seen_if_asked_for(tmp_path: Path) -> None:
    """As native histograms with custom buckets."""
    fetch = fetch_of("h", 0, 1000)
    async with shop(tmp_path, [row("h", "", histograms={15: EXPLICIT}, origin=7)], explicit_histograms=True) as it:
        found = (await it.source.fetch("default", [fetch]))[fetch]

    assert found.histograms is not None
    assert found.histograms[0].custom_bounds == (0.5,)


async def test_too_many_samples_are_an_error(tmp_path: Path) -> None:
    """And not a part of them."""
    fetch = fetch_of("m", 0, 1000)
    async with shop(tmp_path, [row("m", "", {0: 1.0, 1: 2.0, 2: 3.0, STEP: STALE})], max_samples=3) as it:
        with pytest.raises(EvaluationFailed, match="too many samples"):
            await it.source.fetch("default", [fetch])


async def test_whole_metrics_are_read_by_where_they_lie(tmp_path: Path) -> None:
    """Many ids need not be listed: all of a metric begin alike."""
    rows = [row("m", f"i={number}", {0: 1.0}) for number in range(4)]
    async with shop(tmp_path, [*rows, row("other", "", {0: 1.0})]) as it:
        found = await it.source.find("default", matchers("__name__ = m"), NOW, NOW)
        condition = of_series("default", found, NOW, NOW, many=2)
        sql = f"SELECT series_id FROM samples WHERE {condition.sql} ORDER BY series_id"
        answer = await it.readers.query(sql, condition.parameters)

    assert found.whole
    assert "ids" not in condition.parameters
    assert answer.column("series_id").to_pylist() == found.ids.tolist()


@pytest.mark.parametrize("far", [10**15, -(10**15), 2**62], ids=["after 2299", "before 1900", "where no time is"])
async def test_any_time_can_be_asked_for(tmp_path: Path, far: int) -> None:
    """There is nothing, and no error."""
    fetch = fetch_of("m", far - 1000, far)
    async with shop(tmp_path, [row("m", "", {0: 1.0})]) as it:
        found = await it.source.fetch("default", [fetch])

    assert len(found[fetch]) == 0


async def test_one_failure_takes_the_other_questions_back() -> None:
    """None of them goes on unseen."""
    ended: list[str] = []

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("long")

    async def bad() -> None:
        raise EvaluationFailed("no")

    with pytest.raises(EvaluationFailed, match="no"):
        await together([long(), bad()])

    assert ended == ["long"]


STEP = 15


def _steps(count: int) -> Steps:
    return Steps(NOW + STEP, STEP, count)


def _by_labels(samples: Samples) -> dict[Labels, list[tuple[int, float]]]:
    edges = samples.offsets.tolist()
    pairs = list(zip((samples.ts - NOW).tolist(), samples.floats.tolist(), strict=True))
    return {labels: pairs[edges[at] : edges[at + 1]] for at, labels in enumerate(samples.labels)}
