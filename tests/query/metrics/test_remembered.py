"""What is answered from memory is what is answered anew, whatever was stored, dropped and asked in between (C1, P7)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstlight.api.prometheus.deletion import StoreAdmin
from firstlight.query.engine import Engine
from firstlight.query.metrics.series import Keeping
from firstlight.query.metrics.source import Source
from firstlight.query.metrics.usage import NotedSource, Usage
from firstlight.query.promql.door import Answered, PromqlDoor
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.result import Instant, Matrix
from firstlight.query.promql.run import at_instant, over_range
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.promql.values import Labels, Steps
from firstlight.query.settings import QuerySettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.query.metrics.shop import DAY, NOW, STALE, Row, Shop, batches, matchers, row, shop

pytestmark = pytest.mark.anyio

MINUTE = 60_000
STEP = 15_000


@dataclass(slots=True)
class Clock:
    """What time it is."""

    ms: int = NOW


@dataclass(slots=True, eq=False)
class Both:
    """A door that remembers, one that does not, and what the first said of how much it remembered."""

    shop: Shop
    door: PromqlDoor
    plain: PromqlDoor
    source: Source
    clock: Clock
    outcomes: list[str] = field(default_factory=list)

    async def same(self, text: str, steps: Steps, **how: Any) -> str:
        """Ask both, and return how much was remembered."""
        found = await told(self.door, text, steps, **how)
        expected = await told(self.plain, text, steps, **how)
        assert_equal(found, expected, f"{text} over {steps}")
        return self.outcomes[-1] if self.outcomes else ""

    async def store(self, *rows: Row) -> None:
        """Store samples of series."""
        await self.shop.add(*batches(rows))


Told = tuple[Mapping[Labels, Mapping[int, float]], tuple[str, ...]] | str


async def told(door: PromqlDoor, text: str, steps: Steps, **how: Any) -> Told:
    """Return what a door answers."""
    try:
        return values(await door.range(text, steps, tenant="default", **how))
    except EvaluationFailed as error:
        return str(error)


def values(answered: Answered) -> Told:
    """Return an answer as numbers by labels and time; of histograms their sums."""
    notes = tuple(sorted((*answered.warnings, *answered.infos)))
    match answered.result:
        case Instant(vector=vector):
            return {labels: {0: vector.floats[i, 0]} for i, labels in enumerate(vector.labels)}, notes
        case Matrix(samples=samples):
            assert list(samples.labels) == sorted(samples.labels)
            edges = samples.offsets.tolist()
            whole = samples.histograms
            return {
                labels: {
                    int(samples.ts[k]): float(
                        samples.floats[k] if whole is None or whole[k] is None else whole[k].sum + 0.5
                    )
                    for k in range(edges[i], edges[i + 1])
                }
                for i, labels in enumerate(samples.labels)
            }, notes
        case other:
            return str(other)


def assert_equal(found: Told, expected: Told, what: str) -> None:
    """Fail unless both say the same, to what the order of adding up leaves."""
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected, what
        return
    assert found[1] == expected[1], what
    assert found[0].keys() == expected[0].keys(), what
    for labels, points in expected[0].items():
        assert found[0][labels].keys() == points.keys(), f"{what}: {labels}"
        there = np.array(list(points.values()))
        here = np.array([found[0][labels][time] for time in points])
        np.testing.assert_allclose(here, there, rtol=1e-9, err_msg=f"{what}: {labels}")


@pytest.fixture
async def both(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Both]:
    """A store with little in it."""
    clock = Clock()
    with ThreadPoolExecutor(2) as workers:
        async with shop(tmp_path, [row("up", "job=a", {-MINUTE: 1.0})], keeping=Keeping(-1, -1)) as it:
            source = Source(it.readers, now_ms=lambda: clock.ms, is_told_all=True, recent_bytes=1 << 20)
            it.store.writer.committed.append(source.learn)
            it.store.retention.forgotten.append(source.forget)
            engine = Engine(QuerySettings(), QueryInstruments(Registry()))
            outcomes: list[str] = []
            remembering = PromqlDoor(source, engine, PromqlSettings(), workers, lambda: 0.0, outcomes.append)
            plain = PromqlDoor(it.source, engine, PromqlSettings(), workers, lambda: 0.0)
            made = Both(it, remembering, plain, source, clock, outcomes)
            yield made


def until(end: int, steps: int = 20, step: int = STEP) -> Steps:
    """Return the last steps of a dashboard."""
    return over_range(NOW + end - steps * step, NOW + end, step)


def counter(labels: str, first: int, last: int, *, metric: str = "hits_total", pace: float = 3.0) -> Row:
    """Return a series with a sample every 15 seconds."""
    return row(metric, labels, {time: pace * time / STEP + 1e6 for time in range(first, last, STEP)})


HITS = "sum by (job) (rate(hits_total[1m]))"


class TestWhatIsRemembered:
    """How much of an answer comes from memory."""

    async def test_the_same_again_is_remembered_whole(self, both: Both) -> None:
        """Range and instant."""
        await both.store(counter("job=a", -600_000, 0))
        assert await both.same(HITS, until(0)) == "nothing"
        assert await both.same(HITS, until(0)) == "whole"
        assert await both.same("hits_total", at_instant(NOW)) == "nothing"
        assert await both.same("hits_total", at_instant(NOW)) == "whole"

    async def test_how_it_is_written_does_not_matter(self, both: Both) -> None:
        """Spaces, and the order of matchers."""
        await both.store(counter("job=a", -600_000, 0))
        assert await both.same('sum(rate(hits_total{job="a",i=""}[1m]))', until(0)) == "nothing"
        assert await both.same(' sum ( rate (hits_total{i="",job="a"}[60s] ))', until(0)) == "whole"

    async def test_a_dashboard_that_goes_on_computes_its_last_steps(self, both: Both) -> None:
        """With samples coming in."""
        await both.store(counter("job=a", -600_000, 0))
        assert await both.same(HITS, until(0)) == "nothing"
        for time in range(0, 5 * STEP, STEP):
            both.clock.ms = NOW + time
            await both.store(counter("job=a", time, time + STEP), counter("job=b", time, time + STEP))
            assert await both.same(HITS, until(time + STEP)) == "part"
            assert await both.same(HITS, until(time + STEP)) == "whole"

    @pytest.mark.parametrize("shift", [1, 14_999])
    async def test_another_phase_is_another_query(self, both: Both, shift: int) -> None:
        """Steps that do not meet those that are remembered."""
        await both.store(counter("job=a", -600_000, 0))
        assert await both.same(HITS, until(0)) == "nothing"
        assert await both.same(HITS, until(shift)) == "nothing"
        assert await both.same(HITS, until(shift)) == "whole"

    async def test_what_is_late_is_seen(self, both: Both) -> None:
        """Steps before it stay."""
        await both.store(counter("job=a", -600_000, 0))
        await both.same(HITS, until(0))
        await both.store(counter("job=b", -100_000, -40_000))
        assert await both.same(HITS, until(0)) == "part"
        await both.store(counter("job=c", -500_000, -400_000))
        assert await both.same(HITS, until(0)) == "nothing"

    async def test_what_is_late_of_another_metric_does_not_matter(self, both: Both) -> None:
        """Somebody sends what is hours old."""
        await both.store(counter("job=a", -600_000, 0))
        both.clock.ms = NOW + 10 * MINUTE
        await both.same(HITS, until(0))
        await both.store(counter("job=a", -600_000, -500_000, metric="old_total"))
        assert await both.same(HITS, until(0)) == "whole"
        await both.store(counter("job=d", -300_000, -200_000))
        assert await both.same(HITS, until(0)) != "whole"

    @pytest.mark.parametrize(
        "text",
        [
            "rate(hits_total[1m] offset -1m)",
            "sum_over_time(rate(hits_total[30s])[2m:30s] offset -30s)",
        ],
    )
    async def test_what_looks_ahead_changes_earlier(self, both: Both, text: str) -> None:
        """An offset less than nothing."""
        await both.store(counter("job=a", -600_000, -60_000))
        await both.same(text, until(0))
        await both.store(counter("job=a", -60_000, 0))
        assert await both.same(text, until(0)) == "part"

    async def test_an_offset_makes_it_last(self, both: Both) -> None:
        """What comes now does not matter to five minutes ago."""
        await both.store(counter("job=a", -600_000, 0))
        text = "rate(hits_total[1m] offset 5m)"
        await both.same(text, until(0))
        await both.store(counter("job=a", 0, 60_000))
        assert await both.same(text, until(0)) == "whole"

    @pytest.mark.parametrize(
        "text",
        [
            '{job="a"}',
            "hits_total @ end()",
            "hits_total @ start()",
            f"hits_total @ {NOW // 1000}",
            "rate(hits_total[5m:] @ end())",
            "vector(1)",
            "time()",
            'rate({__name__=~"hits.*"}[1m])',
            'label_replace(hits_total, "__name__", "x", "job", ".*")',
        ],
    )
    async def test_what_depends_on_more_than_the_step_is_not(self, both: Both, text: str) -> None:
        """Or on no samples at all."""
        await both.store(counter("job=a", -600_000, 0))
        for _ in range(2):
            assert await both.same(text, until(0)) == "unused"

    async def test_who_wants_it_anew_gets_it_anew(self, both: Both) -> None:
        """For whatever reason."""
        await both.store(counter("job=a", -600_000, 0))
        for _ in range(2):
            await both.door.range(HITS, until(0), tenant="default", fresh=True)
        assert both.outcomes == ["unused", "unused"]

    async def test_what_there_is_to_tell_is_told_again(self, both: Both) -> None:
        """Such answers are not remembered."""
        await both.store(row("heat", "job=a", {time: float(time) for time in range(-600_000, 0, STEP)}))
        for _ in range(2):
            assert await both.same("rate(heat[1m])", until(0)) == "nothing"

    async def test_lookback_is_part_of_the_question(self, both: Both) -> None:
        """A sample four minutes old."""
        await both.store(row("heat", "job=a", {-240_000: 1.0}))
        assert await both.same("heat", until(0)) == "nothing"
        assert await both.same("heat", until(0), lookback_ms=60_000) == "nothing"

    async def test_deleted_samples_are_gone(self, both: Both) -> None:
        """At once."""
        await both.store(counter("job=a", -600_000, 0), counter("job=b", -600_000, 0))
        await both.same(HITS, until(0))
        both.clock.ms = NOW + STEP
        await both.same(HITS, until(STEP))
        admin = StoreAdmin(both.shop.store.client, both.source, both.shop.store.retention.forgotten, lambda: NOW)
        await admin.delete_series("default", matchers("__name__ = hits_total", "job = b"), NOW - DAY, NOW + DAY)
        assert await both.same(HITS, until(STEP)) == "nothing"

    async def test_what_is_answered_from_memory_was_queried_too(self, both: Both) -> None:
        """By whom nobody queries, one sees what need not be stored."""
        await both.store(counter("job=a", -600_000, 0))
        usage = Usage(lambda: both.clock.ms)
        with ThreadPoolExecutor(1) as workers:
            engine = Engine(QuerySettings(), QueryInstruments(Registry()))
            door = PromqlDoor(NotedSource(both.source, usage), engine, PromqlSettings(), workers, lambda: 0.0)
            for second in range(3):
                both.clock.ms = NOW + second * 1000
                await door.range(HITS, until(0), tenant="default")
        assert usage.of("default")["hits_total"].count == 3

    async def test_histograms_that_come_later_are_seen(self, both: Both) -> None:
        """Where there were floats alone."""
        await both.store(counter("job=a", -600_000, 0))
        await both.same("hits_total", until(0))
        both.clock.ms = NOW + STEP
        await both.same("hits_total", until(STEP))
        whole = {"count": 6.0, "sum": 9.0, "scale": 1, "zero_count": 6.0}
        await both.store(row("hits_total", "job=h", histograms={-30_000: whole, -15_000: whole}))
        await both.same("hits_total", until(STEP))
        await both.same("hits_total", until(STEP))


TEXTS = (
    "hits_total",
    'hits_total{job="j1"}',
    'hits_total{job!="j1"} offset 1m',
    "rate(hits_total[1m])",
    HITS,
    "sum(increase(hits_total[2m])) / sum(rate(hits_total[1m] offset -30s))",
    "topk(2, sum by (job) (rate(hits_total[90s])))",
    "max_over_time(heat[3m])",
    "avg by (job) (heat) > 3",
    "heat or hits_total",
    "absent(hits_total)",
    "count(heat) unless on () vector(3)",
    "max_over_time(sum by (job) (rate(hits_total[1m]))[2m:30s])",
    "hits_total * on (job) group_left () sum by (job) (heat)",
    'label_replace(heat, "kind", "$1", "job", "j(.*)")',
    "changes(heat[2m]) + scalar(count(hits_total))",
    "timestamp(heat)",
    "histogram_quantile(0.9, sum by (le) (rate(hits_total[1m])))",
    "quantile_over_time(0.5, heat[2m])",
)


@dataclass(slots=True)
class Life:
    """What happens: samples come, on time or late, series come and go, dashboards are looked at."""

    both: Both
    dice: random.Random
    now: int = 0
    counts: dict[str, float] = field(default_factory=dict)

    async def go_on(self) -> None:
        """Let one thing happen."""
        match self.dice.choices(("time", "late", "gone"), (10, 2, 0.3))[0]:
            case "time":
                self.now += self.dice.choice((5_000, 15_000, 30_000))
                self.both.clock.ms = NOW + self.now
                await self.both.store(*self.fresh(self.now))
            case "late":
                await self.both.store(*self.fresh(self.now - self.dice.choice((1_000, 20_000, 130_000, 400_000))))
            case _:
                self.both.source.forget("samples", 0)

    def fresh(self, time: int) -> Sequence[Row]:
        """Return some samples at about a time."""
        rows = []
        for number in self.dice.sample(range(6), self.dice.randint(1, 5)):
            labels, kind = f"job=j{number % 3},i={number},le={number}.0", self.dice.choice(("hits_total", "heat"))
            key = f"{kind}{labels}"
            grown = self.counts.get(key, 0.0) + self.dice.randint(0, 9)
            self.counts[key] = 0.0 if self.dice.random() < 0.05 else grown
            value = STALE if self.dice.random() < 0.05 else self.counts[key]
            rows.append(row(kind, labels, {time - 7 * number: value}))
        return rows

    async def go_on_while_asking(self) -> None:
        """Let one thing happen while questions are asked, of which the answers are of before or after."""
        asked = [
            self.both.door.range(text, until(self.now, 20), tenant="default") for text in self.dice.sample(TEXTS, 4)
        ]
        await asyncio.gather(self.go_on(), *asked, return_exceptions=True)

    async def ask(self) -> None:
        """Ask something of somewhere."""
        step = self.dice.choice((15_000, 30_000))
        end = (
            self.now // step * step - self.dice.choice((0, 0, 0, 0, 60_000, -30_000)) + self.dice.choice((0, 0, 7_001))
        )
        text = self.dice.choice(TEXTS)
        if self.dice.random() < 0.2:
            await self.both.same(text, at_instant(NOW + end))
        else:
            await self.both.same(text, until(end, self.dice.choice((10, 20, 30)), step))


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_it_is_the_same_in_whatever_order_things_happen(both: Both, seed: int) -> None:
    """Writes and questions as dice have it, one after the other and at once."""
    life = Life(both, random.Random(seed))
    for _ in range(30):
        await life.go_on()
        await life.go_on_while_asking()
        for _ in range(3):
            await life.ask()
    assert {"part", "nothing"} <= set(both.outcomes)
