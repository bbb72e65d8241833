"""What the demo prints, to the letter where somebody copies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.demo import reporting
from firstlight.demo.messages import Failed, Tally
from firstlight.demo.settings import DemoSettings
from firstlight.demo.timetable import Occurrence, Scenario

COMMANDS = [
    # what                          server                        words                     command
    ("of the usual server",         "http://127.0.0.1:1610",      ["traces"],               "firstlight traces"),
    ("of the usual, with a slash",  "http://127.0.0.1:1610/",     ["traces"],               "firstlight traces"),
    ("of another server",           "https://lights.example",     ["traces", "abc"],        "firstlight traces --server https://lights.example abc"),
    ("of a server with a blank",    "http://a/b c",               ["logs", "--trace", "x"], "firstlight logs --server 'http://a/b c' --trace x"),
]  # fmt: skip

CLOCKS = [(0, "0:00"), (9.9, "0:09"), (60, "1:00"), (3_725, "62:05")]


@pytest.mark.parametrize(
    ("server", "words", "command"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS]
)
def test_a_command(server: str, words: list[str], command: str) -> None:
    assert reporting.command(DemoSettings(server=server), *words) == command


@pytest.mark.parametrize(("elapsed_s", "shown"), CLOCKS)
def test_a_time(elapsed_s: float, shown: str) -> None:
    assert reporting.clock(elapsed_s) == shown


def test_the_opening_tells_where_what_and_how() -> None:
    """Each service with its address and protocol, each scenario with its times, and three commands to copy."""
    urls = {
        name: f"http://127.0.0.1:{port}"
        for port, name in enumerate(["storefront", "checkout", "inventory", "payments"], 8001)
    }
    lines = list(reporting.opening(DemoSettings(duration=60), urls, Path("/tmp/demo")))

    assert lines[0] == "The demo shop is open for 60 s; 5 visitors a second come to http://127.0.0.1:8001"
    assert "  inventory   http://127.0.0.1:8003   OTLP/gRPC to 127.0.0.1:4317" in lines
    assert "  payments    http://127.0.0.1:8004   OTLP/HTTP to http://127.0.0.1:4318" in lines
    assert [line.split()[:2] for line in lines if line.startswith("  ") and ":" in line.split()[0]] == [
        ["0:10-0:30", "slow-query"],
        ["0:40-1:00", "error-burst"],
        ["1:10-1:30", "memory-growth"],
        ["1:40-2:00", "dead-dependency"],
    ]
    assert lines[-4:] == [
        "  firstlight traces --service checkout --error",
        "  firstlight traces <trace id>",
        "  firstlight logs --trace <trace id>",
        "",
    ]


def test_a_failed_request_is_shown_with_its_trace() -> None:
    failed = Failed(request="POST /orders", answer="was answered 502", trace_id="00ff")

    assert list(reporting.failure(DemoSettings(), 61, failed)) == [
        "1:01 POST /orders was answered 502; see it with",
        "        firstlight traces 00ff",
        "        firstlight logs --trace 00ff",
    ]


def test_a_request_without_an_answer_has_no_trace_to_show() -> None:
    failed = Failed(request="GET /products", answer="was not answered (ReadTimeout)", trace_id=None)

    assert list(reporting.failure(DemoSettings(), 61, failed)) == ["1:01 GET /products was not answered (ReadTimeout)"]


def test_an_episode_is_told_at_both_ends() -> None:
    episode = Occurrence(Scenario.ERROR_BURST, 40, 60)

    assert reporting.turn(episode, "begins") == "0:40 error-burst begins in checkout"
    assert reporting.turn(episode, "ends") == "1:00 error-burst ends in checkout"


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(sent=9, failed=2, skipped=0), "The visitors made 9 requests, of which 2 failed."),
        (
            Tally(sent=9, failed=2, skipped=4),
            "The visitors made 9 requests, of which 2 failed, and 4 visitors left because too many were waiting.",
        ),
    ],
)
def test_the_tally(tally: Tally, words: str) -> None:
    assert reporting.closing(tally) == words
