"""`firstlight query promql`: what it asks, the tables and charts it shows, and what it says when there is none."""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firstlight.cli import promql
from firstlight.cli.chart import sparkline
from firstlight.cli.main import main
from tests.app.running import running, settings_for
from tests.cli.answering import INSTANT, RANGE, Answer, Scripted, answering, in_berlin, said_by

NOW = 1_700_003_600.0


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    with in_berlin():
        yield


def answer(kind: str, result: Any, **more: Any) -> Answer:
    """Return what a server answers that has a result."""
    return Answer.of({"status": "success", "data": {"resultType": kind, "result": result}, **more})


def series(value: Any, **labels: str) -> dict[str, Any]:
    """Return a series with a value at one time."""
    return {"metric": labels, "value": [1_700_000_000, value]}


HISTOGRAM = {"count": "5", "sum": "7.5", "buckets": [[0, "1", "2", "5"]]}
LINE = {"metric": {"__name__": "up"}, "values": [[1_700_000_000, "1"], [1_700_001_800, "NaN"], [1_700_003_600, "3"]]}

DRAWN = f"▁{' ' * 29}·{' ' * 28}█"

TABLES = [
    # what               kind      result                                                        what is shown
    ("series", "vector", [series("1", __name__="up", job="a"), series("12.5", job='b"\n')],
     'series         value\nup{job="a"}        1\n{job="b\\"\\n"}   12.5\n(2 series at 2023-11-14 23:13:20)\n'),
    ("a UTF-8 name", "vector", [series("+Inf", __name__="a.b")], 'series   value\n{"a.b"}   +Inf\n(1 series at 2023-11-14 23:13:20)\n'),
    ("no labels", "vector", [series("1")], "series  value\n{}          1\n(1 series at 2023-11-14 23:13:20)\n"),
    ("a histogram", "vector", [{"metric": {"__name__": "h"}, "histogram": [1_700_000_000, HISTOGRAM]}],
     "series             value\nh       count 5, sum 7.5\n(1 series at 2023-11-14 23:13:20)\n"),
    ("nothing", "vector", [], "(no series)\n"),
    ("a number", "scalar", [1_700_000_000, "2"], "2\n"),
    ("a text", "string", [1_700_000_000, "a\x1b"], "a\\x1b\n"),
    ("a range selector", "matrix", [LINE],
     f"up\n  {DRAWN}\n  min 1  max 3  last 3\n(1 series from 2023-11-14 23:13:20 to 2023-11-15 00:13:20)\n"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "result", "shown"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_shows_what_is_at_one_time(kind: str, result: Any, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering({INSTANT: [answer(kind, result)]}) as it:
        assert main(["query", "promql", "up", "--server", it.url]) == 0

    assert capsys.readouterr().out == shown
    assert it.asked[0].body == {"query": "up"}


CHARTED = f"""\
up
  {DRAWN}
  min 1  max 3  last 3
… and 2 more
(3 series from 2023-11-14 23:13:20 to 2023-11-15 00:13:20)
"""


def test_draws_series_over_time(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"warnings": ["PromQL warning: odd (1:1)"], "infos": ["PromQL info: so so (1:1)"]}
    with answering({RANGE: [answer("matrix", [LINE, LINE, LINE], **told)]}) as it:
        words = ["--start", "1700000000", "--end", "2023-11-14T23:13:20Z", "--limit", "1"]
        assert main(["query", "promql", "up", "--server", it.url, *words]) == 0

    said = capsys.readouterr()
    assert said.out == CHARTED
    assert said.err == "PromQL warning: odd (1:1)\nPromQL info: so so (1:1)\n"


ASKED = [
    # what                       words                                             what is asked
    ("the last hour",            ["--since", "1h"],                                ("1700000000.0", "1700003600.0", "60.0")),
    ("a step of one's own",      ["--since", "1h", "--step", "5m"],                ("1700000000.0", "1700003600.0", "300.0")),
    ("before some time",         ["--since", "1m", "--end", "1700000060"],         ("1700000000.0", "1700000060.0", "1.0")),
    ("a time of the clocks here", ["--start", "2023-11-14T23:13:20"],              ("1700000000.0", "1700003600.0", "60.0")),
]  # fmt: skip


@pytest.mark.parametrize(("words", "asked"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
def test_asks_for_a_range(words: list[str], asked: tuple[str, str, str]) -> None:
    with answering({RANGE: [answer("matrix", [])]}) as it:
        assert _run(it, "up", *words) == 0

    assert it.asked[0].body == dict(zip(("query", "start", "end", "step"), ("up", *asked), strict=True))


def test_asks_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The query may come on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO("up\n"))
    with answering({INSTANT: [answer("vector", [])]}) as it:
        assert _run(it, "-", "--at", "2023-11-14T22:13:20Z") == 0

    assert it.asked[0].body == {"query": "up\n", "time": "1700000000.0"}


def _run(it: Scripted, *words: str) -> int:
    """Run it with a clock of ours."""
    parser = argparse.ArgumentParser()
    promql.add_arguments(parser)
    return promql.main(parser.parse_args([*words, "--server", it.url]), clock=lambda: NOW)


CSV = """\
__name__,job,timestamp,value
up,a,1700000000,1
,b,1700000000,"{""count"":""5"",""sum"":""7.5"",""buckets"":[[0,""1"",""2"",""5""]]}"
"""


def test_writes_csv(capsys: pytest.CaptureFixture[str]) -> None:
    whole = {"metric": {"job": "b"}, "histogram": [1_700_000_000, HISTOGRAM]}
    with answering({INSTANT: [answer("vector", [series("1", __name__="up", job="a"), whole])]}) as it:
        main(["query", "promql", "up", "--format", "csv", "--server", it.url])

    assert capsys.readouterr().out == CSV


def test_hands_json_on(capsys: pytest.CaptureFixture[str]) -> None:
    given = answer("vector", [series("1", job="a")])
    with answering({INSTANT: [given]}) as it:
        main(["query", "promql", "up", "--format", "json", "--server", it.url])

    assert capsys.readouterr().out.encode() == given.body + b"\n"


REFUSED = [
    # what                     query          error                                                                    said
    ("a place",                "é + )",       'invalid parameter "query": 1:6: parse error: unexpected ")"',            'PromQL, line 1, column 5: unexpected ")"\n  é + )\n      ^\n'),
    ("a place on a later line", "up\n  + )",  'invalid parameter "query": 2:5: parse error: unexpected ")"',            'PromQL, line 2, column 5: unexpected ")"\n    + )\n      ^\n'),
    ("no place",               "up",          "found duplicate series for the match group",                            "found duplicate series for the match group\n"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "error", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_points_at_what_is_wrong(query: str, error: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused = Answer.of({"status": "error", "errorType": "bad_data", "error": error}, 400)
    with answering({INSTANT: [refused]}) as it:
        assert main(["query", "promql", query, "--server", it.url]) == 1

    assert capsys.readouterr().err == said


MISUSED = [
    # what               words                                        said
    ("two times",        ["--at", "1", "--since", "1h"],              "cannot ask for one time and for more: found --at and --since; want one of them\n"),
    ("no beginning",     ["--step", "1m"],                            "cannot tell when to begin: found --step alone; want either --since or --start\n"),
    ("two beginnings",   ["--since", "1h", "--start", "1"],           "cannot tell when to begin: found both; want either --since or --start\n"),
    ("backwards",        ["--start", "2", "--end", "1"],              "cannot ask for a time that ends before it begins; want --end after --start\n"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), [row[1:] for row in MISUSED], ids=[row[0] for row in MISUSED])
def test_says_which_options_do_not_go_together(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "promql", "up", *words]) == 2
    assert capsys.readouterr().err == said


def test_says_what_is_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["query", "promql", "up", "--at", "noon"])

    assert (
        "cannot read 'noon'; want seconds since 1970, or a time such as 2026-01-31T12:00:00Z" in capsys.readouterr().err
    )


LINES = [
    # what                  values                                     line
    ("all heights",         [1, 2, 3, 4, 5, 6, 7, 8],                  "▁▂▃▄▅▆▇█"),
    ("level",               [5, 5, 5],                                 "▄▄▄"),
    ("no number",           [math.nan, 1, math.inf],                   "·▄·"),
    ("numbers of any size", [-1.7e308, 0, 1.7e308],                    "▁▅█"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "line"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_draws_a_line(values: list[float], line: str) -> None:
    assert sparkline(list(enumerate(values)), 0, len(values) - 1, len(values)) == line


@pytest.mark.anyio
async def test_asks_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(settings_for(tmp_path)) as it:
        table = await said_by(it, capsys, "query", "promql", "vector(2) * 3", "--at", "1700000000")
        chart = await said_by(it, capsys, "query", "promql", "vector(time())", "--start", "0", "--end", "59")

    assert table == "series  value\n{}          6\n(1 series at 2023-11-14 23:13:20)\n"
    assert chart.splitlines()[1][2:] == "".join(
        "▁▂▃▄▅▆▇█"[int(second / 59 * 8) if second < 59 else 7] for second in range(60)
    )
