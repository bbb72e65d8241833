"""`firstlight query sql`: what it asks, how it shows the answer, and what it says when there is none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from firstlight.cli.main import main
from tests.app.running import running, settings_for
from tests.cli.answering import SQL, Answer, answering, said_by

STATISTICS = {"elapsed_seconds": 0.0123, "rows_read": 1500, "bytes_read": 9}
ANSWER = {
    "columns": [
        {"name": "service", "type": "LowCardinality(String)"},
        {"name": "n", "type": "Nullable(UInt64)"},
        {"name": "last", "type": "DateTime64(9, 'UTC')"},
        {"name": "tags", "type": "Map(String, String)"},
    ],
    "rows": [
        ["shop", 5, "2024-01-02T03:04:05.120000000Z", {"a": "b"}],
        ["two\nlines\x1b[2J", None, "2024-01-02T03:04:05.000000000Z", {}],
    ],
    "row_count": 2,
    "truncated": False,
    "statistics": STATISTICS,
}

TABLE = """\
service               n  last                     tags
shop                  5  2024-01-02 03:04:05.12Z  {"a":"b"}
two\\nlines\\x1b[2J  NULL  2024-01-02 03:04:05Z     {}
"""

ENDS = [
    # what            changed                                             what follows
    ("all of them",   {},                                                 "(2 rows in 12.3 ms, 1,500 rows read)\n"),
    ("cut",           {"truncated": True},                                "(2 rows in 12.3 ms, 1,500 rows read; there are more: narrow the query, or use --format ndjson)\n"),
    ("with totals",   {"totals": ["", 5, "1970-01-01T00:00:00Z", {}]},    "                      5  1970-01-01 00:00:00Z     {}\n(2 rows and their totals in 12.3 ms, 1,500 rows read)\n"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "end"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_shows_a_table(changed: dict[str, object], end: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.of({**ANSWER, **changed})]}) as it:
        assert main(["query", "sql", "SELECT 1", "--server", it.url]) == 0

    assert capsys.readouterr().out == TABLE + end


def test_aligns_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    answer = {**ANSWER, "columns": [{"name": "n", "type": "Int8"}], "rows": [[1], [100]]}
    with answering({SQL: [Answer.of(answer)]}) as it:
        main(["query", "sql", "SELECT 1", "--server", it.url])

    assert capsys.readouterr().out.splitlines()[:3] == ["  n", "  1", "100"]


def test_asks_what_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """Values stay values, whatever they look like."""
    with answering({SQL: [Answer.of(ANSWER)]}) as it:
        main(["query", "--server", it.url, "sql", "SELECT {a:String}", "--param", "a=b=c' OR 1", "--param", "n="])

    assert it.asked[0].body == {"query": "SELECT {a:String}", "params": {"a": "b=c' OR 1", "n": ""}}
    assert it.asked[0].accept == "application/json"


def test_reads_the_query_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 2\n"))
    with answering({SQL: [Answer.of(ANSWER)]}) as it:
        monkeypatch.setenv("FIRSTLIGHT_SERVER", it.url)
        main(["query", "sql", "-"])

    assert it.asked[0].body["query"] == "SELECT 2\n"


FORMS = [
    # form      accept                                  what comes, whole
    ("json",    "application/json",                     b'{"columns":[],"rows":[\n]}\n'),
    ("ndjson",  "application/x-ndjson",                 b'{"a":1}\n' * 5_000),
    ("csv",     "text/csv",                             b"a\n1\n"),
    ("arrow",   "application/vnd.apache.arrow.stream",  b"\xff\xff\xff\xff\x00\n"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "accept", "body"), FORMS, ids=[row[0] for row in FORMS])
def test_hands_other_forms_on(form: str, accept: str, body: bytes, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with answering({SQL: [Answer(body)]}) as it:
        assert main(["query", "sql", "SELECT 1", "--format", form, "--server", it.url]) == 0

    assert it.asked[0].accept == accept
    assert capfdbinary.readouterr().out == body


WRONG = {
    "error": "there is no column x",
    "code": "wrong_query",
    "language": "SQL",
    "line": 1,
    "column": 8,
    "caret": "  SELECT x\n         ^",
}
LATE = {"error": "cannot answer: it was stopped", "code": "stopped"}

FAILURES = [
    # what                    form      answer                                                       said
    ("a wrong query",         "table",  Answer.of(WRONG, 400),                                       "SQL, line 1, column 8: there is no column x\n  SELECT x\n         ^\n"),
    ("busy",                  "csv",    Answer.of({"error": "cannot answer now", "code": "busy"}, 503), "cannot answer now\n"),
    ("a failure in a table",  "table",  Answer.of({**ANSWER, "error": LATE}),                        "cannot answer: it was stopped\n"),
    ("a failure in JSON",     "json",   Answer.of({**ANSWER, "error": LATE}),                        "cannot answer: it was stopped\n"),
    ("a failure in rows",     "ndjson", Answer.lines([{"n": 1}, LATE], breaks_off=True),             "cannot answer: it was stopped\n"),
    ("an answer cut short",   "csv",    Answer(b"a\n1", breaks_off=True),                            "cannot read the answer to its end: the server broke it off; its log may tell why\n"),
    ("somebody else",         "table",  Answer(b"<html>", 404),                                      "cannot ask URL: it answered 404 Not Found; want a firstlight server\n"),
    ("no JSON",               "table",  Answer(b"<html>"),                                           "cannot read the answer: it is b'<html>'; want a firstlight server of this version\n"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "answer", "said"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_tells_of_failures(form: str, answer: Answer, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [answer]}) as it:
        assert main(["query", "sql", "SELECT x", "--format", form, "--server", it.url]) == 1

    assert capsys.readouterr().err.replace(it.url, "URL") == said


SERVERS = [
    # what                   url                        code  said
    ("nobody there",         "http://127.0.0.1:1",      1,    "cannot reach a server at http://127.0.0.1:1: Connection refused; start one with `firstlight up` (`make up` in a checkout), or correct --server\n"),
    ("no URL",               "127.0.0.1:1610",          2,    "cannot ask '127.0.0.1:1610'; want the URL of a server, such as http://127.0.0.1:1610\n"),
    ("an impossible port",   "http://127.0.0.1:99999",  2,    "cannot ask 'http://127.0.0.1:99999'; want the URL of a server, such as http://127.0.0.1:1610\n"),
    ("a password",           "http://me:secret@host",   2,    "cannot ask 'http://me:***@host'; want the URL of a server, such as http://127.0.0.1:1610\n"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "code", "said"), [row[1:] for row in SERVERS], ids=[row[0] for row in SERVERS])
def test_says_which_server_it_cannot_ask(url: str, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "sql", "SELECT 1", "--server", url]) == code
    assert capsys.readouterr().err == said


@pytest.mark.anyio
async def test_asks_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(settings_for(tmp_path)) as it:
        query = "SELECT number AS n, {what:String} AS what FROM numbers({n:UInt8})"
        said = await said_by(it, capsys, "query", "sql", query, "--param", "n=2", "--param", "what=it's\t1")

    assert said.splitlines()[:3] == ["n  what", "0  it's\\t1", "1  it's\\t1"]
    assert said.splitlines()[3].startswith("(2 rows in ")
