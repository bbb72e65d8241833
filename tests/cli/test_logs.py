"""`firstlight logs`: what it asks, how records look, and how it follows a server that comes and goes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstlight.cli.main import main
from tests.app.running import running, settings_for
from tests.cli.answering import SQL, TAIL, Answer, answering, in_berlin, said_by
from tests.ingest.requests import logs

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def record(number: int, **changed: Any) -> dict[str, Any]:
    """Return a log record as the server sends it."""
    return {
        "ts": f"2024-01-02T03:04:0{number}.123456789Z",
        "service": "shop",
        "level": "info",
        "severity": 9,
        "body": f"line {number}",
        "trace_id": TRACE,
        "span_id": "00f067aa0ba902b7",
        "attributes": {"user": "ann", "words": "two words", "empty": ""},
        "event_name": "",
        **changed,
    }


RECORDS = [
    record(2, level="error", severity=17, body="it failed:\n  here\n", trace_id=""),
    record(1, level="unknown", severity=0, body="\x1b[31mred\x07"),
]

TEXT = f"""\
2024-01-02 04:04:01.123 -     shop \\x1b[31mred\\x07 {TRACE[:8]}
2024-01-02 04:04:02.123 ERROR shop it failed:
      here
"""


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_berlin():
        yield


def test_shows_the_newest_last(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines(RECORDS)]}) as it:
        assert main(["logs", "--limit", "2", "--server", it.url]) == 0

    assert capsys.readouterr().out == TEXT


def test_shows_attributes(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines([record(1)])]}) as it:
        main(["logs", "--attributes", "--server", it.url])

    assert (
        capsys.readouterr().out
        == f'2024-01-02 04:04:01.123 INFO  shop line 1 {TRACE[:8]} user=ann words="two words" empty=""\n'
    )


def test_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines([record(2), record(1)])]}) as it:
        main(["logs", "--format", "json", "--server", it.url])

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [record(1), record(2)]


ASKED = [
    # words                            condition                                                     bound
    (["--service", "a' OR 1"],         "service = {service:String}",                                 {"service": "a' OR 1"}),
    (["--level", "WARN"],              "severity >= {severity:UInt8}",                               {"severity": 13}),
    (["--contains", "100%"],           "positionCaseInsensitiveUTF8(body, {contains:String}) > 0",   {"contains": "100%"}),
    (["--trace", TRACE.upper()],       "trace_id = {trace:String}",                                  {"trace": TRACE}),
    (["--trace", "4BF9"],              "startsWith(trace_id, {trace:String})",                       {"trace": "4bf9"}),
    (["--since", "1m30s"],             "ts >= now64(9) - toIntervalMillisecond({since:UInt64})",     {"since": 90_000}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "condition", "bound"), ASKED, ids=[" ".join(row[0]) for row in ASKED])
def test_binds_what_is_asked_for(words: list[str], condition: str, bound: dict[str, object]) -> None:
    with answering({SQL: [Answer.lines([])]}) as it:
        main(["logs", *words, "--server", it.url])

    asked = it.asked[-1].body
    assert f" FROM logs WHERE {condition} ORDER BY ts DESC LIMIT {{limit:UInt64}}" in asked["query"]
    assert asked["params"] == {**bound, "limit": 100}


def test_looks_where_the_newest_are_first() -> None:
    """And further back only if there are too few."""
    with answering({SQL: [Answer.lines([record(1)]), Answer.lines([record(2), record(1)])]}) as it:
        main(["logs", "--limit", "2", "--server", it.url])

    assert [one.body["params"] for one in it.asked] == [
        {"since": 300_000, "limit": 2},
        {"since": 86_400_000, "limit": 2},
    ]


def test_says_when_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines([])]}) as it:
        assert main(["logs", "--server", it.url]) == 0

    assert capsys.readouterr().err == "no log records match; `firstlight status` says what has come in\n"


REFUSED = [
    # words                        said
    (["--since", "15"],            "cannot read '15' as a duration: it has no unit; write 15s for seconds"),
    (["--level", "loud"],          "invalid choice: 'loud'"),
    (["--limit", "-1"],            "cannot read '-1'; want a whole number, 0 or more"),
    (["--limit", "many"],          "cannot read 'many'; want a whole number, 0 or more"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_refuses(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["logs", *words])

    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_follows_a_server_that_goes_and_comes_back(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is both among the newest and in the stream is shown once."""
    monkeypatch.setattr("firstlight.cli.logs_following.WAITS", (0.0,))
    tail = [
        Answer.lines([{"following": True}, record(1), {"heartbeat": True}, {"dropped": 12}, record(2)]),
        Answer.of({"error": "the server is starting"}, 503),
        Answer.lines([{"following": True}, record(3)], breaks_off=True),
        Answer.of({"error": "cannot follow: too many do"}, 400),
    ]
    with answering({SQL: [Answer.lines([record(1), record(0)])], TAIL: tail}) as it:
        words = ["--limit", "2", "--service", "a&b", "--level", "error", "--contains", "é", "--trace", TRACE]
        assert main(["logs", "--follow", *words, "--server", it.url]) == 1

    said = capsys.readouterr()
    assert [line.split()[4:6] for line in said.out.splitlines()] == [["line", str(number)] for number in range(4)]
    assert said.err.splitlines() == [
        "12 records not shown: they come faster than they can be taken",
        "the server went away; waiting for it to come back",
        "it is back; what came meanwhile is stored, and `firstlight logs --since 5m` shows it",
        "the server went away; waiting for it to come back",
        "cannot follow: too many do",
    ]
    assert it.asked[0].options == {"service": ["a&b"], "level": ["error"], "contains": ["é"], "trace_id": [TRACE]}


def test_notices_that_nobody_reads_any_more() -> None:
    """Even if no record comes that could not be printed."""
    tail = Answer.lines([{"following": True}, {"heartbeat": True}])
    with answering({SQL: [Answer.lines([])], TAIL: [tail]}) as it:
        words = [sys.executable, "-m", "firstlight", "logs", "--follow", "--server", it.url]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            said = process.stderr.read()

    assert (process.returncode, "Error" in said) == (1, False)


@pytest.mark.parametrize("words", [["logs", "--trace"], ["traces"]], ids=" ".join)
@pytest.mark.parametrize("text", ["xyz", "", "0" * 33], ids=["letters", "nothing", "too long"])
def test_says_what_is_no_id(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, text]) == 2
    assert capsys.readouterr().err == f"cannot read {text!r} as the id of a trace; want up to 32 digits, 0-9 and a-f\n"


def test_follows_a_whole_id_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "--follow", "--trace", "4bf9"]) == 2
    assert capsys.readouterr().err == "cannot follow the trace 4bf9; want all 32 digits of its id\n"


@pytest.mark.anyio
async def test_asks_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        body = logs("begun", "done, 100%").SerializeToString()
        await client.post(f"{it.http}/v1/logs", content=body, headers={"content-type": "application/x-protobuf"})
        said = await said_by(it, capsys, "logs", "--contains", "DONE", "--since", "1h", "--format", "json")

    assert [json.loads(line)["body"] for line in said.splitlines()] == ["done, 100%"]
