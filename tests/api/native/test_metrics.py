"""Metrics as our own API tells of them: how many series, who reads them, what makes them (C1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.source import Source
from firstlight.query.metrics.usage import NotedSource
from firstlight.query.promql.ast import Matcher, MatchOp
from tests.api.conftest import Api
from tests.store.rows import NOW_NS

pytestmark = pytest.mark.anyio

NOW_MS = NOW_NS // 10**6


async def get(api: Api, path: str, **options: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"{api.url}/api/firstlight/v1/metrics/{path}", params=options)


@pytest.fixture(autouse=True)
async def _read(api: Api) -> None:
    """One metric is read."""
    source = NotedSource(Source(api.store.client.readers(1, SESSION), now_ms=lambda: NOW_MS), api.usage)
    await source.find("default", [Matcher("__name__", MatchOp.EQUAL, "requests_total")], NOW_MS - 1, NOW_MS)


async def test_metrics_and_who_reads_them(api: Api) -> None:
    told = (await get(api, "usage")).json()

    metrics = {one["metric"]: one for one in told["metrics"]}
    assert metrics["requests_total"]["series"] == 3
    assert metrics["requests_total"]["last_queried"].startswith("20")
    assert metrics["requests_total"]["queries"] == 1
    assert {one["last_queried"] for name, one in metrics.items() if name != "requests_total"} == {None}
    assert [one["series"] for one in told["metrics"]] == sorted(
        (one["series"] for one in told["metrics"]), reverse=True
    )
    assert told["total"]["metrics"] == told["unused"]["metrics"] + 1 == len(metrics)
    assert told["total"]["series"] == told["unused"]["series"] + 3
    assert told["more"] is False


CHOSEN = [
    # what it shows             options                                    has requests_total, says more
    ("those not read",          {"unused": "true"},                        False, False),
    ("those so named",          {"contains": "REQUESTS"},                  True, False),
    ("those of other names",    {"contains": "nothing"},                   False, False),
    ("the first",               {"limit": "1"},                            False, True),
    ("none of these days",      {"since": "2200-01-01T00:00:00Z"},         False, False),
]  # fmt: skip


@pytest.mark.parametrize(("options", "there", "more"), [row[1:] for row in CHOSEN], ids=[row[0] for row in CHOSEN])
async def test_chooses(api: Api, options: Mapping[str, str], there: bool, more: bool) -> None:
    told = (await get(api, "usage", **options)).json()

    assert ("requests_total" in [one["metric"] for one in told["metrics"]], told["more"]) == (there, more)


async def test_what_makes_the_series_of_a_metric(api: Api) -> None:
    told = (await get(api, "cardinality", metric="requests_total", limit="1")).json()

    assert (told["metric"], told["series"], told["queries"]) == ("requests_total", 3, 1)
    first: dict[str, Any] = told["labels"][0]
    assert (first["values"], first["series"], len(first["top"])) == (3, 3, 1)


REFUSED = [
    # what it shows            path           options                          status, words
    ("no metric named",        "cardinality", {},                              400, '"metric" is missing'),
    ("no such metric",         "cardinality", {"metric": "nothing"},           404, "there is no metric 'nothing'"),
    ("a word misspelled",      "usage",       {"unsued": "true"},              400, "unsued"),
    ("neither true nor false", "usage",       {"unused": "maybe"},             400, "want true or false"),
    ("no time",                "usage",       {"since": "soon"},               400, 'cannot read "since"'),
    ("too many",               "usage",       {"limit": "10001"},              400, "want a number from 1 to 10000"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "options", "status", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_refuses(api: Api, path: str, options: Mapping[str, str], status: int, words: str) -> None:
    got = await get(api, path, **options)

    assert (got.status_code, words in got.json()["error"]) == (status, True)
