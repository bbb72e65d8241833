"""What `firstlight logs` does with a further word, asked of a server that answers from a store (P3, R3, L4, issue 4)."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from io import BytesIO, TextIOWrapper

import anyio.to_thread
import pyarrow as pa
import pytest

from firstlight.cli.main import main
from firstlight.model.batch import Batch
from firstlight.model.tables import PATTERNS
from tests.api.native.logs_rig import LOGS, LogsApi, logs_served
from tests.api.native.test_logs_in_logql import MINED
from tests.cli.answering import Answer, answering, in_berlin
from tests.query.logql.stored import Row

pytestmark = pytest.mark.anyio

SHOP = {"app": "shop", "pod": "p1"}
TRACE = bytes(range(16))
NOW = "2024-10-04T12:00:00Z"

ROWS = [
    Row(30, "order 1 placed", SHOP, {"user": "ann lee"}, severity=9),
    Row(20, '{"status":500,"msg":"it failed:\\n  \\u001b[31mred"}', SHOP, {}, severity=17, trace_id=TRACE),
    Row(10, "two\nlines", {"app": "bank"}, {}),
]


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_berlin():
        yield


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[LogsApi]:
    """A server with lines and patterns."""
    async with logs_served(tmp_path_factory.mktemp("words")) as served:
        await served.write(ROWS)
        await served.store.writer.append(Batch({"patterns": pa.Table.from_pylist(MINED, PATTERNS)}, len(MINED)))
        yield served


async def run(it: LogsApi, *words: str) -> int:
    """Run a command about the server, which goes on in this process."""
    return await anyio.to_thread.run_sync(main, ["logs", *words, "--server", it.url])


LINES = [
    # what                words                                                              printed
    ("the newest last",   ["query", '{app=~".+"}'],
     ('2024-10-04 13:59:30.000 INFO  unknown_service order 1 placed\n'
     '2024-10-04 13:59:40.000 ERROR unknown_service {"status":500,"msg":"it failed:\\n  \\u001b[31mred"} 00010203\n'
     '2024-10-04 13:59:50.000 -     unknown_service two\n'
     '    lines\n')),
    ("R3 json",           ["query", '{app="shop"} | json | status > 400 | line_format "{{.msg}}"', "--columns", "status,app,none"],
     ('2024-10-04 13:59:40.000 ERROR unknown_service it failed: 00010203 status=500 app=shop\n'
     '      \\x1b[31mred\n')),
    ("L4 a regex",        ["query", '{app=~"sho.*|x"} |~ "(?i)(ORDER|fatal)"', "--labels"],
     '2024-10-04 13:59:30.000 INFO  unknown_service order 1 placed app=shop pod=p1 user="ann lee"\n'),
    ("the oldest",        ["query", '{app="shop"}', "--direction", "forward", "--limit", "1", "--output", "raw"],
     'order 1 placed\n'),
    ("of the clock here", ["query", '{app="shop"}', "--from", "2024-10-04 13:59:35", "--to", "2024-10-04T12:00Z", "--output", "raw"],
     '{"status":500,"msg":"it failed:\\n  \\u001b[31mred"}\n'),
    ("a number",          ["query", "sum(count_over_time({app=~\".+\"}[1h]))"],
     'series  value\n{}          3\n(1 series at 2024-10-04 14:00:00)\n'),
    ("what is around",    ["context", '{app="shop"}', "--at", "2024-10-04T11:59:40Z", "--output", "table"],
     ('  2024-10-04 13:59:30.000 INFO  unknown_service order 1 placed\n'
     '> 2024-10-04 13:59:40.000 ERROR unknown_service {"status":500,"msg":"it failed:\\n  \\u001b[31mred"} 00010203\n')),
    ("patterns",          ["patterns", "--new", "15m"],
     ('lines  a minute  level  service  last seen         new  pattern\n'
     '    3       0.2  error  shop     2024-10-04 13:55  new  card <_> declined\n(1 pattern)\n')),
    ("more patterns",     ["patterns", "--limit", "1"],
     ('lines  a minute  level  service  last seen         new  pattern\n'
     '   40     0.667  info   shop     2024-10-04 13:50       order <_> placed\n(1 pattern; there are more: --limit shows them)\n')),
    ("facets",            ["facets", '{app="shop"}', "--values", "1"],
     ('field           from       lines  values  the most frequent\n'
     'app             label          2       1  shop 2\n'
     'pod             label          2       1  p1 2\n'
     'detected_level  level          2       2  error 1, …\n'
     'user            attribute      1       1  ann lee 1\n(4 fields of 2 lines)\n')),
]  # fmt: skip


@pytest.mark.parametrize(("words", "printed"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
async def test_prints(it: LogsApi, words: list[str], printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = await run(it, *words)

    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert said.out == printed


async def test_a_chart(it: LogsApi, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a metric query over some time."""
    await run(it, "query", 'sum by (app) (count_over_time({app=~".+"}[10s]))', "--since", "1m", "--step", "10s")

    said = capsys.readouterr().out.splitlines()
    assert said[0] == '{app="bank"}'
    assert said[2] == "  min 1  max 1  last 1"
    assert said[3] == '{app="shop"}'
    assert said[-1].startswith("(2 series from 2024-10-04 13:59:")


async def test_output_for_programs(it: LogsApi, capsys: pytest.CaptureFixture[str]) -> None:
    await run(it, "query", '{app=~".+"}', "--output", "ndjson")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    await run(it, "query", '{app=~".+"}', "--output", "json")
    whole = json.loads(capsys.readouterr().out)
    await run(it, "query", "vector(1)", "--output", "ndjson")
    metric = json.loads(capsys.readouterr().out)

    assert [row["body"] for row in rows] == [row.line for row in ROWS[::-1]]
    assert whole == {"logs": rows, "full": False}
    assert (metric["metric"], metric["value"][1]) == ({}, "1")


SAID = [
    # what                        words                                                  exit  said on standard error
    ("a mistake",                 ["query", '{app="a"} | jsn'],                          1,
     'LogQL, line 1, column 16: syntax error: unexpected $end'),
    ("a mistake to follow",       ["follow", '{app="a'],                                 1, "LogQL, line 1, column 6"),
    ("a mistake to export",       ["export", '{app='],                                   1, "LogQL, line 1, column 6"),
    ("nothing in an hour",        ["query", '{app="zz"}'],                               0, "--since 7d looks further back"),
    ("nothing in a day",          ["query", '{app="zz"}', "--since", "1d"],              0, "no lines match\n"),
    ("there is more",             ["query", '{app="shop"}', "--limit", "1"],             0, "there may be more than these 1 lines"),
    ("metrics raw",               ["query", "vector(1)", "--output", "raw"],             2, "cannot print metrics as lines"),
    ("two beginnings",            ["query", "{}", "--since", "1h", "--from", "1"],       2, "found --since and --from"),
    ("no such search",            ["searches", "run", "nothing"],                        1, "there is no such search"),
    ("fields of a pipeline",      ["facets", '{app="shop"} | json | a="b"'],             1, "cannot count fields"),
    ("none around",               ["context", '{app="zz"}', "--at", "1m"],               0, "have these labels"),
    ("around many",               ["context", '{app=~"zz"}', "--at", "1m"],              1, "want a selector with = alone"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "said"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
async def test_says(it: LogsApi, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(it, *words) == code
    assert said in capsys.readouterr().err


async def test_points_at_a_mistake(it: LogsApi, capsys: pytest.CaptureFixture[str]) -> None:
    await run(it, "query", '{app="shop"} |= "a" | jsn')

    assert capsys.readouterr().err.splitlines()[1:] == ['  {app="shop"} |= "a" | jsn', "                           ^"]


async def test_reads_a_query_from_standard_input(
    it: LogsApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b'{app="shop"}\n|= "order"')))
    await run(it, "query", "-", "--output", "raw")

    assert capsys.readouterr().out == "order 1 placed\n"


MISPLACED = [
    # words                                       said
    (["--service", "a", "query", "{}"],           "cannot use --service before query, which has options of its own; want it after query\n"),
    (["--follow", "follow", "{}"],                "cannot use --follow before follow"),
    (["--since", "1h", "patterns"],               "cannot use --since before patterns"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), MISPLACED, ids=[" ".join(row[0]) for row in MISPLACED])
def test_options_before_a_word(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_server_before_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    """Is that of the word."""
    with answering({f"{LOGS}/searches": [Answer.of({"searches": []})]}) as it:
        assert main(["logs", "--server", it.url, "searches", "list"]) == 0

    assert capsys.readouterr().out == "(0 searches)\n"


async def test_searches(it: LogsApi, capsys: pytest.CaptureFixture[str]) -> None:
    """Saved, listed, run, deleted."""
    query = '{app="shop"} | json | status > 400'
    assert (
        await run(it, "searches", "save", "bad", query, "--columns", "pod, status", "--description", "what fails") == 0
    )
    assert await run(it, "searches", "save", "worse", "{app=") == 1
    capsys.readouterr()
    await run(it, "searches", "list")
    listed = capsys.readouterr().out
    await run(it, "searches", "run", "bad")
    found = capsys.readouterr().out
    await run(it, "searches", "delete", "bad")
    await run(it, "searches", "list", "--output", "json")

    assert listed == (f"name  query                               description\nbad   {query}  what fails\n(1 search)\n")
    assert found.endswith("00010203 pod=p1 status=500\n")
    assert json.loads(capsys.readouterr().out) == {"searches": []}


def test_follows(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, and what is in both once."""
    monkeypatch.setattr("firstlight.cli.logs_following.WAITS", (0.0,))
    rows = [
        {"ts": f"2024-10-04T11:00:0{number}Z", "service": "s", "level": "info", "body": f"line {number}",
         "trace_id": "", "span_id": "", "labels": {"a": "b"}, "metadata": {}, "parsed": {}}
        for number in range(3)
    ]  # fmt: skip
    answers = {
        f"{LOGS}/query": [Answer.lines([rows[1], rows[0]])],
        f"{LOGS}/follow": [
            Answer.lines([{"following": True}, rows[1], {"dropped": 3}, rows[2]]),
            Answer.of({"error": "no more"}, 400),
        ],
    }
    with answering(answers) as it:
        assert main(["logs", "follow", '{a="b"}', "--columns", "a", "--limit", "2", "--server", it.url]) == 1

    said = capsys.readouterr()
    assert [line.split(" s ")[1] for line in said.out.splitlines()] == ["line 0 a=b", "line 1 a=b", "line 2 a=b"]
    assert said.err.splitlines() == [
        "3 records not shown: they come faster than they can be taken",
        "the server went away; waiting for it to come back",
        "no more",
    ]
    assert [(one.path, one.options.get("limit")) for one in it.asked[:2]] == [
        (f"{LOGS}/follow", None), (f"{LOGS}/query", ["2"]),
    ]  # fmt: skip


def test_tries_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the settings make of them."""
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b'{"level":"error","msg":"no"}\n')))

    assert main(["logs", "try", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["severity"] == 17
