"""`firstlight metrics`: what it asks for, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstlight.cli.main import main
from tests.app.running import running, settings_for
from tests.cli.answering import Answer, answering, in_berlin, said_by
from tests.ingest.requests import GOOD

USAGE = "/api/firstlight/v1/metrics/usage"
CARDINALITY = "/api/firstlight/v1/metrics/cardinality"

LISTED: dict[str, Any] = {
    "noted_since": "2024-01-01T23:00:00.000000000Z",
    "metrics": [
        {"metric": "hits", "series": 12_345, "last_queried": "2024-01-02T03:04:05.000000000Z", "queries": 1_000},
        {"metric": "a\nb", "series": 1, "last_queried": None, "queries": 0},
    ],
    "more": True,
    "total": {"metrics": 3, "series": 12_347},
    "unused": {"metrics": 1, "series": 1},
}
LISTED_TEXT = """\
metric  series  queried  last queried
hits    12,345    1,000  2024-01-02 04:04:05
a\\nb         1        0  never

all     12,347 series of 3 metrics
unused  1 series of 1 metric
queries are noted since 2024-01-02 00:00:00
"""

SPLIT: dict[str, Any] = {
    "metric": "hits",
    "series": 4,
    "last_queried": None,
    "queries": 0,
    "labels": [
        {
            "label": "path",
            "values": 4,
            "series": 4,
            "series_without_it": 1,
            "top": [{"value": value, "series": 1} for value in ("/" + "x" * 50, "/a", "/b", "/c")],
        },
        {"label": "job", "values": 1, "series": 4, "series_without_it": 4, "top": [{"value": "shop", "series": 4}]},
    ],
}
SPLIT_TEXT = f"""\
hits: 4 series; queried never

label  values  series  without it  most often
path        4       4           1  /{"x" * 38}… (1), /a (1), /b (1)
job         1       4           4  shop (4)
"""


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    with in_berlin():
        yield


def test_lists_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({USAGE: [Answer.of(LISTED)]}) as it:
        assert main(["metrics", "--server", it.url]) == 0

    out, err = capsys.readouterr()
    assert (out, err) == (LISTED_TEXT, "there are more than 2; --limit shows more\n")


def test_shows_what_makes_the_series_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    with answering({CARDINALITY: [Answer.of(SPLIT)]}) as it:
        assert main(["metrics", "hits", "--server", it.url]) == 0

    assert capsys.readouterr().out == SPLIT_TEXT


ASKED = [
    # what it shows       typed                                path         options
    ("nothing said",      "",                                  USAGE,       {}),
    ("unused ones",       "--unused --limit 5",                USAGE,       {"unused": ["true"], "limit": ["5"]}),
    ("some by name",      "--contains http --since 7d",        USAGE,       {"contains": ["http"], "since": ["604800000ms"]}),
    ("one",               "hits --since 1h --limit 3",         CARDINALITY, {"metric": ["hits"], "since": ["3600000ms"], "limit": ["3"]}),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "path", "options"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
def test_asks_for_what_was_typed(
    typed: str, path: str, options: Mapping[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """And with JSON wanted, prints what it is told."""
    with answering({USAGE: [Answer.of(LISTED)], CARDINALITY: [Answer.of(SPLIT)]}) as it:
        assert main(["metrics", *typed.split(), "--format", "json", "--server", it.url]) == 0

    assert [(one.path, one.options) for one in it.asked] == [(path, options)]
    assert json.loads(capsys.readouterr().out) == (LISTED if path == USAGE else SPLIT)


@pytest.mark.parametrize("typed", ["hits --unused", "hits --contains x"])
def test_does_not_choose_when_one_is_named(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", *typed.split()]) == 2

    assert capsys.readouterr().err.startswith("cannot choose among metrics when one is named")


@pytest.mark.anyio
async def test_asks_a_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(settings_for(tmp_path)) as it, httpx.AsyncClient() as client:
        body = GOOD["metrics"].SerializeToString()
        await client.post(f"{it.http}/v1/metrics", content=body, headers={"content-type": "application/x-protobuf"})
        await client.get(f"{it.http}/api/v1/query", params={"query": "b"})
        everything = json.loads(await said_by(it, capsys, "metrics", "--format", "json"))
        unused = await said_by(it, capsys, "metrics", "--unused")

    assert {one["metric"]: one["queries"] for one in everything["metrics"]} == {"a": 0, "b": 1}
    assert unused.splitlines()[1].split() == ["a", "1", "0", "never"]
