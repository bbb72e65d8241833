"""What our own API tells of logs that are asked for in LogQL (P3, R3, L4, issue 4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pyarrow as pa
import pytest

from firstlight.api.loki.followers import Followers
from firstlight.api.native.logs_follow import logs_follow_route
from firstlight.api.native.routes import PREFIX
from firstlight.api.native.tail import iso
from firstlight.model.batch import Batch
from firstlight.model.tables import PATTERNS
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.api.native.logs_rig import LOGS, LogsApi, ago, labels_of, logs_served
from tests.house.markdown import page
from tests.http.serving import serving
from tests.query.logql.stored import Row
from tests.store.rows import NOW_NS

pytestmark = pytest.mark.anyio

SHOP = {"app": "shop", "service_name": "shop"}
BANK = {"app": "bank", "service_name": "bank"}
TRACE = bytes(range(16))
LINES = 30

ROWS = [
    *(
        Row(
            60 + 2 * place,
            f'{{"order":{place},"latency_ms":{100 * place}}}',
            SHOP,
            {"user.id": f"u{place % 3}"},
            severity=17 if place % 10 == 0 else 9,
            trace_id=TRACE if place == 0 else b"",
        )
        for place in range(LINES)
    ),
    *(Row(61 + 2 * place, f"transfer {place} done", BANK) for place in range(LINES)),
    Row(7200, "long ago", SHOP),
]


def pattern(service: str, text: str, minutes_ago: int, lines: int, severity: int = 9) -> dict[str, object]:
    minute = NOW_NS // 10**6 // 60_000 * 60_000 - minutes_ago * 60_000
    return {
        "tenant": "default", "service": service, "severity": severity, "pattern": text,
        "pattern_id": len(service + text), "ts": minute, "lines": lines, "sample": f"a line of {text}",
    }  # fmt: skip


MINED = [
    pattern("shop", "order <_> placed", 120, 5),
    pattern("shop", "order <_> placed", 10, 40),
    pattern("shop", "card <_> declined", 5, 3, 17),
    pattern("bank", "transfer <_> done", 20, 30),
]


@pytest.fixture(scope="module")
async def it(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[LogsApi]:
    """A server with lines and patterns."""
    async with logs_served(tmp_path_factory.mktemp("logs")) as served:
        await served.write(ROWS)
        await served.store.writer.append(Batch({"patterns": pa.Table.from_pylist(MINED, PATTERNS)}, len(MINED)))
        yield served


FOUND = [
    # what                          query                                                  more asked                      how many  first line
    ("the newest first",            '{app="shop"}',                                        {},                             LINES, '{"order":0,"latency_ms":0}'),
    ("the oldest first",            '{app="bank"}',                                        {"direction": "forward"},       LINES, "transfer 29 done"),
    ("some of them",                '{app="bank"}',                                        {"limit": 3},                   3,     "transfer 0 done"),
    ("R3 json and a number",        '{app="shop"} | json | latency_ms > 1000',             {},                             19,    '{"order":11,"latency_ms":1100}'),
    ("L4 a regular expression",     '{app=~"shop|bank"} |~ "(?i)(TRANSFER 7|order.:7)"',   {},                             2,     '{"order":7,"latency_ms":700}'),
    ("what is made of lines",       '{app="shop"} | json | line_format "{{.order}}!"',     {"limit": 1},                   1,     "0!"),
    ("of a level",                  '{app="shop"} | detected_level="error"',               {},                             3,     '{"order":0,"latency_ms":0}'),
    ("further back",                '{app="shop"} |= "long"',                              {"since": "3h"},                1,     "long ago"),
    ("none within the last hour",   '{app="shop"} |= "long"',                              {},                             0,     None),
    ("before a time",               '{app="shop"}',                                        {"until": iso(ago(100))},       9,     '{"order":21,"latency_ms":2100}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "asked", "count", "first"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND]
)
async def test_finds_lines(it: LogsApi, query: str, asked: dict[str, Any], count: int, first: str | None) -> None:
    rows = (await it.told("query", query=query, **asked))["logs"]

    assert len(rows) == count
    assert (rows[0]["body"] if rows else None) == first


async def test_every_path_is_explained(it: LogsApi) -> None:
    assert [path for path in it.paths if f" {path}`" not in page("docs/http-api.md").text] == []


async def test_a_row(it: LogsApi) -> None:
    answer = await it.told("query", query='{app="shop"} | json | order=0', limit=1)

    assert answer == {
        "logs": [
            {
                "ts": iso(ago(60)),
                "service": "shop",
                "level": "error",
                "body": '{"order":0,"latency_ms":0}',
                "trace_id": TRACE.hex(),
                "span_id": "",
                "labels": SHOP,
                "metadata": {"user_id": "u0"},
                "parsed": {"latency_ms": "0", "order": "0"},
            }
        ],
        "full": True,
    }


async def test_lines_as_ndjson(it: LogsApi) -> None:
    """By a parameter or a header; the same rows in the same order."""
    by_name = await it.get("query", query='{app=~".+"}', format="ndjson", limit=50)
    by_header = await it.client.get(
        f"{LOGS}/query", params={"query": '{app=~".+"}', "limit": 50}, headers={"accept": "application/x-ndjson"}
    )
    rows = [json.loads(line) for line in by_name.text.splitlines()]

    assert by_name.headers["content-type"] == "application/x-ndjson"
    assert by_name.text == by_header.text
    assert rows == (await it.told("query", query='{app=~".+"}', limit=50))["logs"]
    assert [row["ts"] for row in rows] == sorted((row["ts"] for row in rows), reverse=True)


async def test_metrics_at_one_time(it: LogsApi) -> None:
    answer = await it.told("query", query='sum by (app) (count_over_time({app=~".+"}[1h]))')

    assert answer["result_type"] == "vector"
    assert [(one["metric"], one["value"][1]) for one in answer["result"]] == [
        ({"app": "bank"}, "30"),
        ({"app": "shop"}, "30"),
    ]


async def test_metrics_over_time(it: LogsApi) -> None:
    """At multiples of the step."""
    answer = await it.told("query", query='count_over_time({app="bank"}[1m])', since="10m", step="1m")

    [series] = answer["result"]
    assert answer["result_type"] == "matrix"
    assert all(time % 60 == 0 for time, _ in series["values"])
    assert sum(int(value) for _, value in series["values"]) == 30


REFUSED = [
    # what                   path        asked                                                   said
    ("no query",             "query",    {},                                                     '"query" is missing'),
    ("an unknown parameter", "query",    {"query": "{a=\"b\"}", "sinse": "1h"},                  'did you mean "since"?'),
    ("too many lines",       "query",    {"query": "{a=\"b\"}", "limit": "100001"},              "want a number from 1 to 100000"),
    ("time that runs back",  "query",    {"query": "{a=\"b\"}", "since": "1m", "until": "2m"},   '"until" is not after "since"'),
    ("steps without end",    "query",    {"query": "rate({a=\"b\"}[1m])", "since": "10d", "step": "1s"}, 'want a "step"'),
    ("metrics to export",    "export",   {"query": "rate({a=\"b\"}[1m])"},                       "which is about metrics"),
    ("a pattern's level",    "patterns", {"level": "loud"},                                      'unknown level "loud"'),
    ("new and since",        "patterns", {"new": "1h", "since": "1d"},                           "want one of them"),
    ("around no time",       "context",  {"query": "{a=\"b\"}"},                                 '"at" is missing'),
    ("around many streams",  "context",  {"query": "{a=~\"b\"}", "at": "1"},                     "want a selector with = alone"),
    ("fields of a pipeline", "facets",   {"query": "{app=\"shop\"} | json | order=1"},           "cannot count fields of what a pipeline makes"),
    ("levels of metrics",    "levels",   {"query": "vector(1)"},                                 "which is about metrics"),
    ("to follow metrics",    "follow",   {"query": "vector(1)"},                                 "which is about metrics"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "asked", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(it: LogsApi, path: str, asked: dict[str, str], said: str) -> None:
    answer = await it.get(path, **asked)

    assert answer.status_code == 400
    assert said in answer.json()["error"]


@pytest.mark.parametrize("path", ["query", "export", "follow", "levels", "facets", "context"])
async def test_says_where_a_query_is_wrong(it: LogsApi, path: str) -> None:
    """Its place is told beside the words."""
    answer = await it.get(path, query='{app="shop"} |= ')

    assert answer.status_code == 400
    told = answer.json()
    assert (told["code"], told["language"], told["line"], told["column"]) == ("wrong_query", "LogQL", 1, 17)
    assert told["error"].startswith("syntax error: unexpected $end")
    assert told["caret"].splitlines()[0] == '  {app="shop"} |= '


async def test_levels_over_time(it: LogsApi) -> None:
    answer = await it.told("levels", query='{app=~".+"}', since="10m", step="5m")

    assert answer["step_seconds"] == 300
    assert {one["level"]: one["lines"] for one in answer["levels"]} == {"unknown": 30, "info": 27, "error": 3}
    assert all(len(one["counts"]) == len(answer["ts"]) for one in answer["levels"])


async def test_facets(it: LogsApi) -> None:
    answer = await it.told("facets", query='{app="shop"}', values=2)

    facets = {one["name"]: one for one in answer["facets"]}
    assert answer["lines"] == LINES
    assert facets["app"] == {
        "name": "app", "kind": "label", "lines": 30, "distinct": 1, "values": [{"value": "shop", "lines": 30}],
    }  # fmt: skip
    assert (facets["user.id"]["distinct"], len(facets["user.id"]["values"])) == (3, 2)


async def test_what_stands_around_a_line(it: LogsApi) -> None:
    answer = await it.told("context", query='{app="bank"}', at=iso(ago(81)), before=2, after=1)

    told = {name: [row["body"] for row in rows] for name, rows in answer.items()}
    assert told == {
        "before": ["transfer 12 done", "transfer 11 done"],
        "at": ["transfer 10 done"],
        "after": ["transfer 9 done"],
    }


SEEN = [
    # what               asked                     the patterns
    ("the last hour",    {},                       ["order <_> placed", "transfer <_> done", "card <_> declined"]),
    ("of a service",     {"service": "bank"},      ["transfer <_> done"]),
    ("errors",           {"level": "error"},       ["card <_> declined"]),
    ("with a text",      {"contains": "PLACED"},   ["order <_> placed"]),
    ("new of an hour",   {"new": "1h"},            ["transfer <_> done", "card <_> declined"]),
    ("new of minutes",   {"new": "15m"},           ["card <_> declined"]),
    ("one of them",      {"limit": 1},             ["order <_> placed"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "patterns"), [row[1:] for row in SEEN], ids=[row[0] for row in SEEN])
async def test_patterns(it: LogsApi, asked: dict[str, Any], patterns: list[str]) -> None:
    answer = await it.told("patterns", **asked)

    assert [one["pattern"] for one in answer["patterns"]] == patterns
    assert answer["more"] is (asked == {"limit": 1})


async def test_a_pattern(it: LogsApi) -> None:
    answer = await it.told("patterns", new="15m")

    minute = iso(MINED[2]["ts"] * 10**6)  # type: ignore[operator] # it is a number
    [found] = answer["patterns"]
    assert found.pop("counts") == [{"ts": minute, "lines": 3}]
    assert found.pop("per_minute") == pytest.approx(3 / 15, rel=0.1)
    assert found == {
        "pattern": "card <_> declined", "service": "shop", "level": "error", "lines": 3, "first_seen": minute,
        "last_seen": minute, "is_new": True, "sample": "a line of card <_> declined",
    }  # fmt: skip


async def test_follows(it: LogsApi) -> None:
    """What is chosen and changed by a query, with a sign of life at the beginning."""
    query = '{app="shop"} |= "live" | logfmt | line_format "now {{.n}}"'
    async with it.client.stream("GET", f"{LOGS}/follow", params={"query": query}) as stream:
        lines = stream.aiter_lines()
        assert json.loads(await anext(lines)) == {"following": True}
        await it.write(
            [
                Row(3, "live n=1", SHOP, {"k": "v"}, severity=17, trace_id=TRACE),
                Row(2, "dead n=2", SHOP),
                Row(1, "live n=3", BANK),
            ]
        )
        async with asyncio.timeout(10):
            row = json.loads(await anext(lines))

    assert (row["ts"], row["body"], row["service"]) == (iso(ago(3)), "now 1", "shop")
    assert (row["level"], row["trace_id"]) == ("error", TRACE.hex())
    assert labels_of(row) == {**SHOP, "k": "v", "n": "1"}


async def test_signs_of_life(it: LogsApi) -> None:
    """While nothing comes that is wanted, and the end when the server stops."""
    followers = Followers(QueryInstruments(Registry()))
    logs = replace(it.logs, followers=followers)
    async with (
        serving([logs_follow_route(logs, PREFIX, lambda: NOW_NS, heartbeat=0.01)]) as server,
        httpx.AsyncClient(base_url=server.url) as client,
        client.stream("GET", f"{LOGS}/follow", params={"query": '{app="nobody"}'}) as stream,
    ):
        lines = stream.aiter_lines()
        said = [json.loads(await anext(lines)) for _ in range(3)]
        followers.close()
        async with asyncio.timeout(10):
            rest = {line async for line in lines}

    assert said == [{"following": True}, {"heartbeat": True}, {"heartbeat": True}]
    assert rest <= {'{"heartbeat":true}'}
    assert len(followers) == 0
