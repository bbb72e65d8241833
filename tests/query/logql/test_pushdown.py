"""What the engine does of a pipeline is what the pipeline would have done: the same lines, and the same counts (P3)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.query.logql.ast import LogQuery
from firstlight.query.logql.lines import Lines
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pipeline import compile_stages
from firstlight.query.logql.pushdown import Pushed, push
from firstlight.query.logql.settings import LogqlSettings
from firstlight.query.logql.sql_terms import Bindings
from firstlight.query.logql.sql_windows import Buckets
from firstlight.query.logql.streams import Found, Origin
from tests.query.logql.stored import Logs, Row, logs

pytestmark = pytest.mark.anyio

ORIGINS = [{"app": "a", "pod": "1"}, {"app": "a", "pod": "2", "level": "stream"}, {"app": "b", "pod": "1"}]
TEXTS = [
    "level=error status=500 took=12ms path=/cart",
    "level=info status=200 took=3s path=/pay user=u1",
    '{"level":"error","status":500,"msg":"50% of a_b \\\\ gone","user":"u1"}',
    '{"level":"\\u0065rror","status":404,"msg":"x"}',
    "plain ERROR text with 10.0.0.7 and id 7d0c9a3f41",
    "two\nlines with error",
    "",
    "GET /api 200",
    "broken {json",
    'level="\\u0065rror" odd=1',
]
ROWS = [
    Row(
        place,
        text,
        ORIGINS[place % 3],
        {"user": f"u{place % 2}", "level": "meta"}
        if place % 4 == 0
        else {"route.name": "r1"}
        if place % 4 == 1
        else {},
        severity=[0, 9, 17, 13][place % 4],
    )
    for place, text in enumerate(TEXTS * 3)
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Logs]:
    """A store with these lines, which have levels."""
    async with logs(tmp_path_factory.mktemp("pushdown") / "store", LogqlSettings(max_series=10_000)) as made:
        await made.write(ROWS)
        yield made


STAGES = [
    '|= "error"', '!= "error"', '|= ""', '!= ""', '|= "" or "error"', '|= "error" or "GET"', '!= "error" or "GET"',
    '|= "50% of a_b \\\\"', '|= "a_b"', '|= "%"', '|~ "err.r"', '!~ "status=(2|5)00"', '|~ "(?i)error"', '|~ "two.lines"',
    '|~ "error|GET"', '!~ "error|GET"', '|~ ""', '|~ ".+"', '|~ "\\\\berror\\\\b"', '|~ "a|"', '|= "id 7d0c9a3f41"',
    '|> "GET <_> 200"', '!> "GET <_> 200"', '|> "<_>level=<_>"', '|= ip("10.0.0.0/8")', '!= ip("10.0.0.0/8") or "GET"',
    '| app="a"', '| pod!="1"', '| app="a" or pod="2"', '| level="stream"', '| level="meta"', '| level=""',
    '| user="u0"', '| user!="u0"', '| user=~"u.*"', '| user=""', '| route_name="r1"', '| nothing=""', '| nothing="x"',
    '| user="u0" or app="b"', '| user="u0", app="a"', '| detected_level="error"', '| detected_level=~"info|warn"',
    '| level_extracted="meta"', '| user="u0" or status>400',
    '| json | level="error"', '| json | level_extracted="error"', '| json | __error__="" | level="error"',
    '| json | status="404"', '| json | user="u1"', '| logfmt | level="error"', '| logfmt | user="u1"',
    '| logfmt | user_extracted="u1"', '| logfmt | level="error" or status="200"', '| logfmt | status>=500 |= "cart"',
    '| pattern "<verb> <path> <code>" | code="200"', '| regexp "id (?P<id>\\\\w+)" | id="7d0c9a3f41"',
    '| line_format "{{.app}} x" |= "a x"', '| line_format "{{.app}} x" | app="a" |= "b"', '| label_format app=pod | app="2"',
    '| drop user | user=""', '| keep app | user="u0"', '| decolorize |= "error"', '| json | drop level | level="error"',
]  # fmt: skip


@pytest.mark.parametrize("stages", STAGES)
async def test_the_same_lines_are_kept(it: Logs, stages: str) -> None:
    """Labels, metadata and text of every line are those that the pipeline gives by itself."""
    query = parse('{app=~".+"} ' + stages)
    assert isinstance(query, LogQuery)

    found = await it.lines('{app=~".+"} ' + stages)

    ours = {
        (entry.ts, entry.line, tuple(sorted(stream.labels.items())))
        for stream in found.streams
        for entry in stream.entries
    }
    assert ours == await _by_pipeline(it, query)


async def _by_pipeline(it: Logs, query: LogQuery) -> set[tuple[int, str, tuple[tuple[str, str], ...]]]:
    """Return what the pipeline keeps of all lines."""
    every = await it.lines('{app=~".+"}', categorize=True)
    entries = [(entry, stream.labels) for stream in every.streams for entry in stream.entries]
    entries.sort(key=lambda pair: pair[0].ts)
    lines = Lines(
        np.array([entry.ts for entry, _ in entries], np.int64),
        pa.array([entry.line for entry, _ in entries], pa.string()),
        np.arange(len(entries), dtype=np.int32),
        [labels for _, labels in entries],
        pa.array([_metadata(entry.metadata, entry.ts) for entry, _ in entries], pa.map_(pa.string(), pa.string())),
    )
    kept = compile_stages(query.stages).run(lines)
    return {
        (entries[row][0].ts, text, tuple(sorted(kept.labels[place].all.items())))
        for row, text, place in zip(kept.rows.tolist(), kept.line.to_pylist(), kept.labels_of.tolist(), strict=True)
    }


def _metadata(shown: object, ts: int) -> list[tuple[str, str]]:
    """Return the metadata of a line as it was sent: in an answer, what a label of the stream hides has another name."""
    assert isinstance(shown, dict)
    return [(name.removesuffix("_extracted"), text) for name, text in shown.items()]


COUNTED = [
    # the query, and the same with a stage that the engine cannot do
    "count_over_time({S}[10s])",
    "rate({S} |= `error`[7s])",
    "bytes_over_time({S}[10s])",
    "bytes_rate({S}[3s])",
    "sum(count_over_time({S}[10s]))",
    "sum by (app) (count_over_time({S}[10s]))",
    "sum by (user) (count_over_time({S}[10s]))",
    "sum by (level) (count_over_time({S}[10s]))",
    "sum by (level_extracted) (count_over_time({S}[10s]))",
    "sum by (detected_level) (rate({S}[10s]))",
    "sum by (level, detected_level, nothing) (count_over_time({S}[10s]))",
    "sum by (route_name, pod) (bytes_over_time({S}[10s]))",
    "sum without (pod, user) (count_over_time({S}[10s]))",
    "max by (app) (count_over_time({S} | user!=`u1`[10s]))",
    "absent_over_time({S} |= `GET`[2s])",
    "sum by (app) (count_over_time({S}[10s] offset 5s))",
]


@pytest.mark.parametrize("step", [10, 4, 1, 13], ids=lambda step: f"every {step} s")
@pytest.mark.parametrize("query", COUNTED)
async def test_what_the_engine_counts_is_what_is_read(it: Logs, query: str, step: int) -> None:
    """A stage that keeps every line, but that the engine cannot do, has all lines read one by one."""
    counted = await it.range(query.replace("{S}", '{app=~".+"}'), 3, 42, step)
    read = await it.range(query.replace("{S}", '{app=~".+"} != ip("1.2.3.4")'), 3, 42, step)

    assert counted.keys() == read.keys()
    for labels, values in counted.items():
        assert values == pytest.approx(read[labels]), labels


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.lists(st.integers(-60, 200), max_size=30))
def test_windows_are_runs_of_buckets(span: int, step: int, count: int, times: list[int]) -> None:
    """Every time is in the windows that it is in, and counted once in each."""
    buckets = Buckets(end=50, step=step if count > 1 else 0, span=span, count=count)
    begin, last = 50 - span, 50 + step * (count - 1)
    grid = np.zeros((1, buckets.size))
    for time in times:
        if begin < time <= last:
            place, is_in_gap = _bucket(time - begin - 1, span, step, count)
            if not is_in_gap:
                grid[0, place] += 1

    ends = [50 + step * place for place in range(count)]
    assert buckets.sums(grid)[0].tolist() == [sum(end - span < time <= end for time in times) for end in ends]


def _bucket(since: int, span: int, step: int, count: int) -> tuple[int, bool]:
    """Return what the SQL of the buckets gives."""
    if count == 1:
        return 0, False
    whole, rest = divmod(span, step)
    number = since // step
    if rest:
        number = 2 * number + (since % step >= rest)
    return number, whole == 0 and since % step >= rest


PUSHED = [
    # what                                       the stages                              left   streams
    ("line filters are done",                    '|= "a" != "b" |~ "c"',                    0, 2),
    ("patterns are only asked in part",          '|> "a <_>"',                              1, 2),
    ("a label that all have chooses streams",    '| app="a"',                               0, 1),
    ("a label that some have is left",           '| pod="1"',                               1, 2),
    ("what none has is asked of rows",           '| user="u"',                              0, 2),
    ("a filter of numbers is left",              '| user > 5',                              1, 2),
    ("line filters go before parsers",           '| json |= "a"',                           1, 2),
    ("but not before what changes lines",        '| line_format "x" |= "a"',                2, 2),
    ("filters of what is parsed are left",       '| json | user="u"',                       2, 2),
    ("nor before labels that are made",          '| label_format user=app | user="u"',      2, 2),
    ("errors are not looked for",                '| __error__=""',                          1, 2),
]  # fmt: skip


@pytest.mark.parametrize(("stages", "left", "streams"), [case[1:] for case in PUSHED], ids=[case[0] for case in PUSHED])
def test_what_is_left_to_the_pipeline(stages: str, left: int, streams: int) -> None:
    """Of two streams, of which one has a pod."""
    query = parse('{app=~".+"} ' + stages)
    assert isinstance(query, LogQuery)
    origins = [Origin("s", {"app": "a", "pod": "1"}, {}), Origin("s", {"app": "b"}, {})]

    pushed: Pushed = push(query.stages, Found(np.array([1, 2], np.uint64), origins), Bindings(), level=True)

    assert (len(pushed.left), len(pushed.found)) == (left, streams)
