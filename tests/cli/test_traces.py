"""`firstlight traces`: which traces it asks for, the table of many, and the tree of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstlight.cli.main import main
from tests.app.running import running, settings_for
from tests.cli.answering import SQL, Answer, answering, in_berlin, said_by
from tests.ingest.requests import spans

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = "4bf9ffffffffffffffffffffffffffff"

STACK = """Traceback (most recent call last):
  File "a.py", line 1, in charge
    ask()
  File "b.py", line 2, in ask
    raise CardDeclined("no money")
shop.CardDeclined: no money
"""
EXCEPTION = {
    "name": "exception",
    "attributes": {
        "exception.type": "shop.CardDeclined",
        "exception.message": "no money",
        "exception.stacktrace": STACK,
    },
}


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_berlin():
        yield


def span(id_: str, parent: str = "", at: int = 0, took: float = 1, **changed: Any) -> dict[str, Any]:
    """Return a span as the server sends it; times are in milliseconds."""
    return {
        "ts": f"2024-01-02T03:04:05.{at:03}000000Z",
        "service": "shop",
        "name": id_,
        "kind": "server",
        "duration_ns": int(took * 1e6),
        "status": "unset",
        "status_message": "",
        "trace_id": ID,
        "span_id": id_,
        "parent_span_id": parent,
        "attributes": {},
        "events": [],
        **changed,
    }


FAILED: dict[str, Any] = {"status": "error", "status_message": "card declined"}

TREES = [
    # what, spans, tree
    (
        "who called whom, and what went wrong",
        [
            span("GET /checkout", at=0, took=40),
            span("charge", "GET /checkout", at=20, took=10, service="payments", events=[EXCEPTION], **FAILED),
            span("add", "GET /checkout", at=10, took=0.5, service="cart", kind="internal"),
        ],
        """\
shop  GET /checkout  server     40 ms  ████████████████████████
  cart  add          internal  500 µs  ······█·················
  payments  charge   server     10 ms  ············██████······
      error: card declined
      shop.CardDeclined: no money
          ask()
        File "b.py", line 2, in ask
          raise CardDeclined("no money")
""",
    ),
    (
        "a missing parent",
        [span("a", took=10), span("b", "gone", at=5)],
        """\
shop  a    server  10 ms  ████████████████████████
(parent missing)
  shop  b  server   1 ms  ············███·········
""",
    ),
    (
        "only a missing parent",
        [span("b", "gone")],
        """\
(parent missing)
  shop  b  server  1 ms  ████████████████████████
""",
    ),
    (
        "parents in a circle",
        [span("a"), span("x", "y", at=1), span("y", "x", at=2), span("z", "y", at=3), span("s", "s", at=3)],
        """\
shop  a        server  1 ms  ██████··················
(parents in a circle)
  shop  x      server  1 ms  ······██████············
    shop  y    server  1 ms  ············██████······
      shop  z  server  1 ms  ··················██████
  shop  s      server  1 ms  ··················██████
""",
    ),
    (
        "an id given twice",
        [span("a", took=4), span("b", "a", at=1), span("b", "a", at=2, name="twin"), span("c", "b", at=3)],
        """\
shop  a       server  4 ms  ████████████████████████
  shop  b     server  1 ms  ······██████············
    shop  c   server  1 ms  ··················██████
  shop  twin  server  1 ms  ············██████······
""",
    ),
    (
        "a span that ends before it begins",
        [span("a", took=4), span("b", "a", at=3, took=-2)],
        """\
shop  a    server   4 ms  ████████████████████████
  shop  b  server  -2 ms  ··················█·····
""",
    ),
    (
        "a name that acts",
        [span("a", name="x\x1b[2J\ny")],
        """\
shop  x\\x1b[2J\\ny  server  1 ms  ████████████████████████
""",
    ),
]


@pytest.mark.parametrize(("rows", "tree"), [row[1:] for row in TREES], ids=[row[0] for row in TREES])
def test_shows_one_as_a_tree(rows: Sequence[dict[str, Any]], tree: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(rows, capsys)

    assert said[0] == f"trace {ID}"
    assert said[3:-2] == tree.splitlines()
    assert said[-1] == f"what was logged meanwhile: firstlight logs --trace {ID}"


def shown(rows: Sequence[dict[str, Any]], capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return the lines that are shown of a trace of these spans."""
    with answering({SQL: [Answer.lines(rows)]}) as it:
        assert main(["traces", ID, *words, "--server", it.url]) == 0
    assert it.asked[0].body["params"] == {"trace": ID, "limit": 50_001}
    return capsys.readouterr().out.splitlines()


def test_says_what_the_trace_is(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown([span("a", took=40), span("b", "a", service="cart", at=5, **FAILED)], capsys)

    assert said[1] == "2024-01-02 04:04:05.000, 40 ms, 2 spans, 2 services, 1 failed"


def test_cuts_a_large_trace_and_keeps_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """Of ten thousand calls of one span, ten are shown, and the one that failed is among them."""
    calls = [
        span(f"call {number}", "root", at=number % 1000, **(FAILED if number == 7_777 else {}))
        for number in range(9_999)
    ]
    said = shown([span("root", took=1000), *calls], capsys)

    assert [line for line in said if "call" in line and "call 7777" in line]
    assert sum("shop" in line for line in said) == 11
    assert "  … 9,989 more spans (--all shows them)" in said


def test_shows_all_when_it_is_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown([span("root"), *(span(f"call {number}", "root") for number in range(500))], capsys, "--all")

    assert sum("call" in line for line in said) == 500


def test_a_trace_may_be_as_deep_as_it_has_spans(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown([span("0"), *(span(f"{number}", f"{number - 1}") for number in range(1, 5_000))], capsys)

    assert len(said) < 220
    assert "… these are not all of the 5,000 spans (--all shows them)" in said


NEWEST = {
    "trace_id": ID,
    "begin": "2024-01-02T03:04:05.678000000Z",
    "root_service": "shop",
    "root_name": "GET /checkout",
    "duration": 1_234_000_000,
    "spans": 1200,
    "errors": 2,
    "services": ["cart", "shop"],
}

TABLE = f"""\
time                     trace                             service  name           duration  spans  errors  services
2024-01-02 04:04:05.678  {ID}  shop     GET /checkout    1.23 s  1,200       2  cart, shop
2024-01-02 04:04:05.678  {OTHER}  shop     GET /checkout    1.23 s  1,200          cart, shop
one of them as a tree: firstlight traces {ID}
"""


def test_shows_many_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines([NEWEST, {**NEWEST, "trace_id": OTHER, "errors": 0}])]}) as it:
        assert main(["traces", "--server", it.url]) == 0

    assert capsys.readouterr().out == TABLE


@pytest.mark.parametrize("words", [[], [ID]], ids=["many", "one"])
def test_prints_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    rows = [span("a"), span("b", "a")] if words else [NEWEST]
    with answering({SQL: [Answer.lines(rows)]}) as it:
        main(["traces", *words, "--format", "json", "--server", it.url])

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows


ASKED = [
    # words                            condition                                bound
    (["--service", "a' OR 1"],         " AND service = {service:String}",       {"service": "a' OR 1"}),
    (["--name", "GET /"],              " AND name = {name:String}",             {"name": "GET /"}),
    (["--error"],                      " AND status = {error:String}",          {"error": "error"}),
    (["--min-duration", "500ms"],      " AND duration_ns >= {shortest:Int64}",  {"shortest": 500_000_000}),
    (["--since", "1m"],                "",                                      {"since": 60_000, "earliest": 86_460_000}),
    (["--limit", "5"],                 "",                                      {"limit": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "condition", "bound"), ASKED, ids=[" ".join(row[0]) for row in ASKED])
def test_binds_what_is_asked_for(words: list[str], condition: str, bound: dict[str, object]) -> None:
    with answering({SQL: [Answer.lines([])]}) as it:
        main(["traces", *words, "--server", it.url])

    asked = it.asked[0].body
    assert f"{{since:UInt64}}){condition}\n" in asked["query"]
    assert asked["params"] == {"since": 3_600_000, "earliest": 90_000_000, "limit": 20, **bound}


def test_finds_one_by_its_first_digits(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines([{"trace_id": ID}]), Answer.lines([span("a")])]}) as it:
        assert main(["traces", "4BF92", "--server", it.url]) == 0

    assert [one.body["params"] for one in it.asked] == [
        {"digits": "4bf92", "limit": 11},
        {"trace": ID, "limit": 50_001},
    ]


MANY = [{"trace_id": f"4bf9{number:028}", "begin": "2024-01-02T03:04:05.000000000Z"} for number in range(11)]
LISTED = "".join(f"  {one['trace_id']}  2024-01-02 04:04:05.000\n" for one in MANY[:10])
CANNOT_TELL = "cannot tell which trace is 4bf9: the ids of several begin so; want more digits\n"
UNKNOWN = "no span of it is stored; want one that `firstlight traces` lists (its spans may still be on their way, or be older than traces are kept)\n"

NOT_ONE = [
    # what            id       found        said
    ("none",          ID,      [],          f"cannot find the trace {ID}: {UNKNOWN}"),
    ("none so",       "4bf9",  [],          f"cannot find the trace 4bf9: {UNKNOWN}"),
    ("ten",           "4bf9",  MANY[:10],   CANNOT_TELL + LISTED),
    ("many",          "4bf9",  MANY,        CANNOT_TELL + LISTED + "  and more\n"),
]  # fmt: skip


@pytest.mark.parametrize(("id_", "found", "said"), [row[1:] for row in NOT_ONE], ids=[row[0] for row in NOT_ONE])
def test_says_why_it_shows_none(
    id_: str, found: Sequence[dict[str, Any]], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering({SQL: [Answer.lines(found)]}) as it:
        assert main(["traces", id_, "--server", it.url]) == 1

    assert capsys.readouterr().err == said


def test_says_when_none_match(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({SQL: [Answer.lines([])]}) as it:
        assert main(["traces", "--server", it.url]) == 0

    assert capsys.readouterr().err.startswith("no traces match; ask further back with --since")


@pytest.mark.anyio
async def test_asks_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        body = spans("GET /").SerializeToString()
        await client.post(f"{it.http}/v1/traces", content=body, headers={"content-type": "application/x-protobuf"})
        words = ["--name", "GET /", "--min-duration", "0s", "--format", "json"]
        (found,) = (await said_by(it, capsys, "traces", *words)).splitlines()
        tree = await said_by(it, capsys, "traces", "0101")

    trace = json.loads(found)
    assert (trace["trace_id"], trace["root_name"], trace["spans"]) == ("01" * 16, "GET /", 1)
    assert "GET /  unspecified  1 ns  ████" in tree
