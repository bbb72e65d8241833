"""Metrics that are made of logs: when they are evaluated, what is recorded of them, and what ends (P3, issue 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from firstlight.errors import StoreBusy
from firstlight.ingest.receiver import Append
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.logql.result import Answered, Sample, ScalarResult, VectorResult
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.stats import Stats
from firstlight.query.logs.derived import DerivedSample, LogMetricRecorder, Outcome, Record
from firstlight.query.logs.derived_settings import LogMetric, LogMetrics
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.labelled import Labelled, Pages
from tests.query.logql.stored import SECOND, TENANT, Row, at, logs

pytestmark = pytest.mark.anyio

ERRORS = 'sum by (app) (count_over_time({app=~".+"} |= "error" [1m]))'
METRIC = LogMetric(record="log:errors", expr=ERRORS, interval=60.0, labels={"env": "prod"})

Series = dict[str, float]


@dataclass
class Scripted:
    """A door that gives one answer after the other, and a store that keeps what is recorded."""

    answers: list[Series | float | Exception]
    asked: list[int] = field(default_factory=list)
    recorded: list[tuple[list[DerivedSample], list[DerivedSample]]] = field(default_factory=list)
    busy: bool = False

    async def query(self, asked: str, time_ns: int, *, tenant: str) -> Answered:
        """Return the next answer."""
        self.asked.append(time_ns)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            return Answered(ScalarResult(time_ns, answer), Stats())
        samples = [Sample((("app", app), ("empty", "")), value) for app, value in answer.items()]
        return Answered(VectorResult(time_ns, samples), Stats())

    async def record(self, tenant: str, samples: Sequence[DerivedSample], ended: Sequence[DerivedSample]) -> None:
        """Keep what is recorded."""
        if self.busy:
            raise StoreBusy("too much to do")
        self.recorded.append((list(samples), list(ended)))

    def recorder(self, *metrics: LogMetric, now: Sequence[int] = ()) -> LogMetricRecorder:
        """Return what records, with a clock that says these seconds one after the other, then the last."""
        times = list(now)
        return LogMetricRecorder(
            metrics or (METRIC,),
            self,
            self.record,
            tenant=TENANT,
            now_ns=lambda: (times.pop(0) if len(times) > 1 else times[0]) * SECOND,
            count=lambda name, outcome, number: self.counted.append((outcome, number)),
        )

    counted: list[tuple[Outcome, int]] = field(default_factory=list)


def shown(samples: Sequence[DerivedSample]) -> list[tuple[str, int]]:
    return [(sample.labels.get("app", ""), int(sample.value)) for sample in samples]


async def test_a_sample() -> None:
    """With the name, the labels that are given, and none that is empty."""
    it = Scripted([{"a": 3.0}])

    assert await it.recorder().evaluate(0, 120 * SECOND) is Outcome.RECORDED
    assert it.asked == [120 * SECOND]
    assert it.recorded == [([DerivedSample({"__name__": "log:errors", "app": "a", "env": "prod"}, 120_000, 3.0)], [])]


async def test_a_number() -> None:
    it = Scripted([7.0])
    await it.recorder().evaluate(0, 0)

    assert it.recorded[0][0] == [DerivedSample({"__name__": "log:errors", "env": "prod"}, 0, 7.0)]


async def test_a_series_that_vanishes_has_ended() -> None:
    """Once; what fails in between is no end."""
    it = Scripted(
        [{"a": 1.0, "b": 2.0}, QueryFault("too long", Reason.TIMEOUT), {"b": 3.0}, {"b": 4.0}, {}, {}, {"a": 5.0}]
    )
    recorder = it.recorder()
    outcomes = [await recorder.evaluate(0, time * SECOND) for time in range(0, 420, 60)]

    assert outcomes == [Outcome.RECORDED, Outcome.FAILED, *[Outcome.RECORDED] * 5]
    assert [(shown(samples), shown(ended)) for samples, ended in it.recorded] == [
        ([("a", 1), ("b", 2)], []),
        ([("b", 3)], [("a", 0)]),
        ([("b", 4)], []),
        ([], [("b", 0)]),
        ([("a", 5)], []),
    ]


async def test_what_cannot_be_stored_is_tried_again_at_the_next_time() -> None:
    """The ends, too."""
    it = Scripted([{"a": 1.0}, {}, {}])
    recorder = it.recorder()
    await recorder.evaluate(0, 0)
    it.busy = True
    assert await recorder.evaluate(0, 60 * SECOND) is Outcome.FAILED
    it.busy = False
    await recorder.evaluate(0, 120 * SECOND)

    assert [(shown(samples), shown(ended)) for samples, ended in it.recorded] == [([("a", 1)], []), ([], [("a", 0)])]


async def test_two_series_that_would_be_one() -> None:
    it = Scripted([{"a": 1.0, "b": 2.0}])
    recorder = it.recorder(METRIC.model_copy(update={"labels": {"app": "all"}}))

    assert await recorder.evaluate(0, 0) is Outcome.FAILED
    assert it.recorded == []


TIMES = [
    # what                          the clock                         evaluated for    missed
    ("after a start, the next",     [61, 61, 120, 120, 180],          [120, 180],      0),
    ("started at a time",           [60, 60, 120, 120, 180],          [120, 180],      0),
    ("woken too early",             [61, 61, 119, 119, 121, 180, 181], [120, 180],     0),
    ("woken late",                  [61, 61, 130, 130, 185],          [120, 180],      0),
    ("two times missed",            [61, 61, 250, 250, 300],          [240, 300],      2),
    ("the clock was set back",      [300, 300, 60, 60, 360, 360, 420], [360, 420],     0),
]  # fmt: skip


@pytest.mark.parametrize(("now", "evaluated", "missed"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
async def test_when(now: list[int], evaluated: list[int], missed: int) -> None:
    """At multiples of the interval: so a restart never writes a sample twice."""
    it = Scripted([{}, {}])

    async def sleep(seconds: float) -> None:
        if len(it.asked) == 2:
            raise TimeoutError

    with pytest.raises(ExceptionGroup):
        await it.recorder(now=now).run(sleep)

    assert [time // SECOND for time in it.asked] == evaluated
    assert sum(number for outcome, number in it.counted if outcome is Outcome.MISSED) == missed


async def test_from_lines_to_samples(tmp_path: Path) -> None:
    """Through a store: what was said of a minute is a sample at its end, and its end is marked."""
    async with logs(tmp_path / "store", LogqlSettings()) as it:
        await it.write([Row(10, "an error"), Row(20, "error 2"), Row(30, "fine"), Row(40, "error", {"app": "b"})])
        recorder = LogMetricRecorder(
            [METRIC], it.door, _storing(Pages(Book()), it.store.writer.append), tenant=TENANT, now_ns=lambda: at(0)
        )
        for seconds in (60, 120):
            assert await recorder.evaluate(0, at(seconds)) is Outcome.RECORDED
        rows = await it.store.client.readers(1).query(
            "SELECT labels['app'] AS app, labels['env'] AS env, value, toUnixTimestamp64Milli(ts) AS ms FROM samples"
            " INNER JOIN (SELECT DISTINCT series_id, labels, metric FROM series) AS s USING (series_id)"
            " WHERE metric = 'log:errors' ORDER BY ts, app"
        )

    minute = at(60) // 10**6
    found = [(row["app"], row["env"], row["value"], row["ms"] - minute) for row in rows.to_pylist()]
    assert found[:2] == [("a", "prod", 2.0, 0), ("b", "prod", 1.0, 0)]
    assert [(app, math.isnan(value), ms) for app, _, value, ms in found[2:]] == [
        ("a", True, 60_000),
        ("b", True, 60_000),
    ]


def _storing(pages: Pages, append: Append) -> Record:
    async def record(tenant: str, samples: Sequence[DerivedSample], ended: Sequence[DerivedSample]) -> None:
        new, stale = ([Labelled(one.labels, one.time, one.value) for one in some] for some in (samples, ended))
        await append(pages.batch(tenant, new, stale=stale))

    return record


REFUSED = [
    # what              setting                                                           said
    ("a name",          {"record": "log-errors", "expr": ERRORS},                         "want the name of a metric"),
    ("no LogQL",        {"record": "a", "expr": "sum("},                                  "LogQL, line 1, column 5"),
    ("lines",           {"record": "a", "expr": '{app="a"}'},                             "want a metric query"),
    ("a label",         {"record": "a", "expr": ERRORS, "labels": {"a-b": "c"}},          "cannot give series the label 'a-b'"),
    ("a name as label", {"record": "a", "expr": ERRORS, "labels": {"__name__": "c"}},     "cannot give series the label"),
    ("too often",       {"record": "a", "expr": ERRORS, "interval": "1ms"},               "greater than or equal to 1"),
    ("no unit",         {"record": "a", "expr": ERRORS, "interval": "5"},                 "it has no unit"),
    ("a word",          {"record": "a", "expr": ERRORS, "every": "5s"},                   "Extra inputs"),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_settings_are_checked(setting: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        LogMetric.model_validate(setting)


def test_no_two_record_the_same() -> None:
    one = {"record": "a", "expr": ERRORS}
    read = TypeAdapter(LogMetrics).validate_python

    assert [each.interval for each in read([one, {**one, "labels": {"of": "b"}, "interval": "5m"}])] == [60.0, 300.0]
    with pytest.raises(ValidationError, match="cannot record a more than once"):
        read([one, {**one, "interval": "5m"}])
