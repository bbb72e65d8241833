"""Queries through the door, over a store: which lines, in which order, how many; metrics; limits and refusals (P3)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

import numpy as np
import pytest

from firstlight.errors import QueryError
from firstlight.query.faults import QueryFault, Reason
from firstlight.query.logql import source_newest
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.logql.result import Direction
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.source_portions import PORTION, cut
from firstlight.query.logql.sql_rows import Slice
from tests.query.logql.stored import SECOND, TENANT, Logs, Row, at, logs

pytestmark = pytest.mark.anyio

ROWS = [
    *(Row(10 * place, f"n={place} m={place % 3}", {"app": "a", "pod": str(place % 2)}) for place in range(12)),
    *(Row(60, f"same {place}", {"app": "same"}) for place in range(30)),
    *(Row(3000 + place, f"late {place}", {"app": "late"}) for place in range(5)),
    Row(5, "one", {"app": "b"}, {"user": "u1"}, severity=17),
    Row(6, "two", {"app": "b"}, {"user": "u2"}, severity=9),
    *(Row(place, f"k{place}", {"app": "many", "n": str(place)}) for place in range(40)),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Logs]:
    """A store with these lines."""
    async with logs(tmp_path_factory.mktemp("door") / "store") as made:
        await made.write(ROWS)
        yield made


BACK = Direction.BACKWARD
LINES = [
    # what                                    the query                      start end  limit direction  interval  lines
    ("all, oldest first",                     '{app="late"}',                   0, 3600, 9, Direction.FORWARD, 0, "01234"),
    ("all, newest first",                     '{app="late"}',                   0, 3600, 9, BACK,              0, "43210"),
    ("the first of them",                     '{app="late"}',                   0, 3600, 2, Direction.FORWARD, 0, "01"),
    ("the last of them",                      '{app="late"}',                   0, 3600, 2, BACK,              0, "43"),
    ("the end is no part of the range",       '{app="late"}',                3001, 3003, 9, Direction.FORWARD, 0, "12"),
    ("a range without lines",                 '{app="late"}',                   0,  100, 9, Direction.FORWARD, 0, ""),
    ("a range that ends before it begins",    '{app="late"}',                 100,    0, 9, Direction.FORWARD, 0, ""),
    ("lines at least so far apart",           '{app="late"}',                   0, 3600, 9, Direction.FORWARD, 2, "024"),
    ("from the other end",                    '{app="late"}',                   0, 3600, 9, BACK,              3, "41"),
    ("apart, and so many",                    '{app="late"}',                   0, 3600, 2, BACK,              2, "42"),
    ("of those that a filter keeps",          '{app="late"} !~ "[13]"',         0, 3600, 2, BACK,              0, "42"),
    ("what the engine cannot do",             '{app="late"} |> "<_> 3"',        0, 3600, 2, BACK,              0, "3"),
    ("none at all",                           '{app="late"}',                   0, 3600, 0, BACK,              0, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "start", "end", "limit", "direction", "interval", "expected"),
    [case[1:] for case in LINES],
    ids=[case[0] for case in LINES],
)
async def test_which_lines(
    it: Logs, query: str, start: float, end: float, limit: int, direction: Direction, interval: float, expected: str
) -> None:
    """In the order in which they are asked for, told by their last letter."""
    found = await it.lines(query, start, end, limit, direction, interval)

    assert "".join(entry.line[-1] for stream in found.streams for entry in stream.entries) == expected


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("page", [1, 3, 7, 100], ids=lambda page: f"pages of {page}")
async def test_lines_of_the_same_time_are_not_torn_apart(
    it: Logs, monkeypatch: pytest.MonkeyPatch, direction: Direction, page: int
) -> None:
    """However small the pages are in which a pipeline reads: each line once, and none left out."""
    monkeypatch.setattr(source_newest, "LEAST_PAGE", page)
    monkeypatch.setattr(source_newest, "MOST_PAGE", page)

    found = await it.lines('{app=~"same|a"} |> "<_> <_>"', direction=direction)

    texts = sorted(entry.line for stream in found.streams for entry in stream.entries)
    assert texts == sorted(row.line for row in ROWS if row.labels["app"] in ("same", "a"))


async def test_streams_are_told_apart_by_all_labels(it: Logs) -> None:
    """Metadata and what was parsed are labels of the answer; they stand beside each line, too."""
    found = await it.lines('{app="b"} | label_format x="{{.user}}!"')

    assert [stream.labels for stream in found.streams] == [
        {"app": "b", "user": "u1", "x": "u1!"},
        {"app": "b", "user": "u2", "x": "u2!"},
    ]
    entry = found.streams[0].entries[0]
    assert (entry.ts, entry.line, entry.metadata, entry.parsed) == (at(5), "one", {"user": "u1"}, {"x": "u1!"})


async def test_streams_are_in_the_order_of_their_text(it: Logs) -> None:
    """As in Loki: what has a label more comes before what has it not."""
    await it.write([Row(1, "1", {"x": "a"}), Row(1, "2", {"x": "a", "y": "b"}), Row(1, "3", {"x": "a1"})])

    found = await it.lines('{x=~".+"}')

    assert [stream.labels for stream in found.streams] == [{"x": "a", "y": "b"}, {"x": "a"}, {"x": "a1"}]


async def test_categorized_streams_are_those_of_the_store(it: Logs) -> None:
    """With the encoding flag `categorize-labels`."""
    found = await it.lines('{app="b"}', categorize=True)

    assert [(stream.labels, len(stream.entries)) for stream in found.streams] == [({"app": "b"}, 2)]


METRICS = [
    # what                                   the query                                                          the answer
    ("a number",                             "1 + 2 * 3",                                                        7.0),
    ("a vector of a number",                 "vector(2) + vector(3)",                                            {"": 5}),
    ("division by zero is NaN",              "vector(1) / vector(0)",                                            {"": math.nan}),
    ("also by a number",                     "vector(1) / 0",                                                    {"": math.nan}),
    ("the rest of a division by zero",       "vector(1) % 0",                                                    {"": math.nan}),
    ("a power",                              "2 ^ vector(3)",                                                    {"": 8}),
    ("a comparison keeps the vector",        "1 < vector(3)",                                                    {"": 3}),
    ("or not",                               "3 < vector(1)",                                                    {}),
    ("a comparison that is a number",        "3 < bool vector(1)",                                               {"": 0}),
    ("lines are counted",                    'count_over_time({app="a"}[100s])',                {"app=a,pod=0": 5, "app=a,pod=1": 5}),
    ("in a window that is open on the left", 'sum(count_over_time({app="a"}[10s]))',                              {"": 1}),
    ("bytes are summed",                     'sum by (app) (bytes_over_time({app="b"}[200s]))',                   {"app=b": 6}),
    ("values are unwrapped",                 'sum by (m) (sum_over_time({app="a"} | logfmt | unwrap n [101s]))',
     {"m=0": 18, "m=1": 22, "m=2": 15}),
    ("an aggregation with its own groups",   'max_over_time({app="a"} | logfmt | unwrap n [200s]) by (pod)',
     {"pod=0": 10, "pod=1": 9}),
    ("the largest, by labels",               'topk(2, sum by (n) (count_over_time({app="many", n=~"1|2|3"}[200s])))',
     {"n=1": 1, "n=2": 1}),
    ("approximately the largest, exactly",   'approx_topk(1, sum by (app) (count_over_time({app=~"a|b"}[200s])))', {"app=a": 11}),
    ("sorted",                               'sort_desc(sum by (app) (count_over_time({app=~"a|b|same"}[200s])))',
     {"app=same": 30, "app=a": 11, "app=b": 2}),
    ("sorted the other way",                 'sort(sum by (app) (count_over_time({app=~"a|b|same"}[200s])))',
     {"app=b": 2, "app=a": 11, "app=same": 30}),
    ("a label is made",                      'label_replace(vector(1), "x", "y", "", "")',                        {"x=y": 1}),
    ("a label goes",                         'label_replace(sum by (app) (count_over_time({app="b"}[200s])), "app", "", "app", ".*")',
     {"": 2}),
    ("and",                                  'count_over_time({app="a"}[200s]) and on (pod) count_over_time({pod="1"}[200s])',
     {"app=a,pod=1": 5}),
    ("unless",                               'count_over_time({app="a"}[200s]) unless on (pod) count_over_time({pod="1"}[200s])',
     {"app=a,pod=0": 6}),
    ("or",                                   'sum by (app) (count_over_time({app="b"}[200s])) or vector(1)',
     {"": 1, "app=b": 2}),
    ("a share",                              ('sum by (app, pod) (count_over_time({app="a"}[200s])) / on (app) group_left'
     ' sum by (app) (count_over_time({app="a"}[200s]))'), {"app=a,pod=0": 6 / 11, "app=a,pod=1": 5 / 11}),
    ("nothing is there",                     'absent_over_time({app="zz", pod=~".+"}[1m])',                       {"app=zz": 1}),
    ("something is",                         'absent_over_time({app="a"}[1m])',                                   {}),
    ("earlier lines",                        'sum(count_over_time({app="a"}[100s] offset 100s))',                 {"": 1}),
    ("parsers matter only if labels do",     'sum(count_over_time({app="same"} | json [200s]))',                  {"": 30}),
    ("variants",                             ('variants(count_over_time({app="b"}[200s]), bytes_over_time({app="b"}[200s]))'
     ' of ({app="b"}[200s])'),
     {"__variant__=0,app=b,user=u1": 1, "__variant__=0,app=b,user=u2": 1,
      "__variant__=1,app=b,user=u1": 3, "__variant__=1,app=b,user=u2": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [case[1:] for case in METRICS], ids=[case[0] for case in METRICS])
async def test_what_metrics_are(it: Logs, query: str, expected: dict[str, float] | float) -> None:
    """At one time, in the order of the answer."""
    found = await it.instant(query, 105)

    assert found == pytest.approx(expected, nan_ok=True)
    if isinstance(found, dict) and isinstance(expected, dict):
        assert list(found) == list(expected)


async def test_a_number_over_a_range_is_a_series(it: Logs) -> None:
    """As in Loki."""
    assert await it.range("1 + 1", 0, 20, 10) == {"": [2, 2, 2]}


async def test_values_stand_at_their_steps(it: Logs) -> None:
    """Where a window has nothing, there is no value."""
    found = await it.range('sum(count_over_time({app="late"}[2s]))', 2998, 3008, 2)

    assert found == {"": [None, 1, 2, 2, None, None]}


REFUSED = [
    # what                                  the query                                                  what is said
    ("no LogQL",                            "{app=",                                                   "syntax error"),
    ("a stage that cannot be meant",        '{app="a"} | json x="y["',                                 "parse error : stage '. json x"),
    ("an address by an expression",         'count_over_time({app="a"} |~ ip("10.0.0.0/8") [5m])',     "ip: invalid operation"),
    ("lines at an instant",                 '{app="a"}',                                               "log queries are not supported"),
    ("lines that a parser cannot read",     'count_over_time({app="same"} | json [5m])',               "pipeline error: 'JSONParserErr'"),
    ("more series than there may be",       'count_over_time({app="many"}[5m])',                       r"maximum number of series \(20\)"),
    ("several for one",                     'count_over_time({app="a"}[5m]) / on (app) count_over_time({app="a"}[5m])',
     "found duplicate series on the right hand-side"),
    ("several on the left",                 'count_over_time({app="a"}[5m]) / on (app) sum by (app) (count_over_time({app="a"}[5m]))',
     "multiple matches for labels: many-to-one matching must be explicit"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "told"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
async def test_what_is_refused(it: Logs, query: str, told: str) -> None:
    """In Loki's words."""
    with pytest.raises((QueryError, LogqlFailed), match=told):
        await it.by(LogqlSettings(max_series=20)).instant(query, 105)


LIMITED = [
    # what                     the query                            start end    step limit  what is said
    ("steps that are none",    "vector(1)",                             0, 10,     0, 100, "zero or negative query resolution"),
    ("an end before a start",  "vector(1)",                            10,  0,     1, 100, "end timestamp must not be before"),
    ("too many steps",         "vector(1)",                             0, 20_000, 1, 100, "exceeded maximum resolution"),
    ("too many lines",         '{app="a"}',                             0, 10,     1, 9_000, "max entries limit per query exceeded"),
    ("approx_topk over time",  "approx_topk(1, vector(1))",             0, 10,     1, 100, "only supported on instant queries"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "start", "end", "step", "limit", "told"),
    [case[1:] for case in LIMITED],
    ids=[case[0] for case in LIMITED],
)
async def test_what_ranges_are_refused(
    it: Logs, query: str, start: int, end: int, step: int, limit: int, told: str
) -> None:
    """In Loki's words."""
    with pytest.raises((QueryError, LogqlFailed), match=told):
        await it.door.query_range(query, at(start), at(end), step * SECOND, tenant=TENANT, limit=limit)


async def test_lines_that_one_query_may_read_are_bounded(it: Logs) -> None:
    """Those that the engine cannot count by itself."""
    narrow = it.by(LogqlSettings(max_lines=10))

    with pytest.raises(LogqlFailed, match="reads more than 10 lines"):
        await narrow.instant('sum by (n) (count_over_time({app="a"} | logfmt [5m]))', 105)
    assert await narrow.instant('sum(count_over_time({app="a"}[5m]))', 105) == {"": 11}


async def test_streams_that_one_selector_may_match_are_bounded(it: Logs) -> None:
    """Whatever is asked of them."""
    with pytest.raises(LogqlFailed, match="matches more than 10 streams"):
        await it.by(LogqlSettings(max_streams=10)).texts('{app="many"}')


PORTIONS = [
    # what                              the lines of each piece           the portions
    ("none",                            [],                               []),
    ("few",                             [(3, 10)],                        [(30, 40)]),
    ("together",                        [(0, 10), (5, 10)],               [(0, 60)]),
    ("as many as there is room for",    [(0, PORTION), (1, 1)],           [(0, 10), (10, 20)]),
    ("more than that at one time",      [(0, 3 * PORTION), (1, 1)],       [(0, 10), (10, 20)]),
    ("up to the end",                   [(9, 1), (10, 1)],                [(90, 105)]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), [case[1:] for case in PORTIONS], ids=[case[0] for case in PORTIONS])
def test_time_is_cut_where_lines_are(lines: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    """No portion has more than there is room for, if it can be cut."""
    pieces = np.array(lines, np.int64).reshape(-1, 2)

    found = cut(Slice(0, 105), 10, pieces[:, 0], pieces[:, 1])

    assert [(part.start, part.end) for part in found] == expected


async def test_a_query_takes_no_longer_than_it_may(it: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was waiting for is left behind."""

    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(it.source, "find", never)
    with pytest.raises(QueryFault, match="timed out") as failed:
        await it.door.query_range('{app="a"}', at(0), at(10), SECOND, tenant=TENANT, timeout=0.05)

    assert failed.value.reason is Reason.TIMEOUT


async def test_what_a_query_took_is_told(it: Logs) -> None:
    """Streams, lines that were read or counted, lines in the answer."""
    read = await it.door.query_range('{app="a"}', at(0), at(3600), SECOND, tenant=TENANT, limit=5)
    counted = await it.door.query('sum(count_over_time({app="a"}[5m]))', at(105), tenant=TENANT)

    assert (read.stats.streams, read.stats.entries) == (2, 5)
    assert read.stats.lines >= 5
    assert (counted.stats.streams, counted.stats.lines) == (2, 11)
