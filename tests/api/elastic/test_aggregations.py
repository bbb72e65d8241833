"""Aggregations: what each answers about the documents of the corpus."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.elastic.corpus import INDEX

pytestmark = pytest.mark.anyio

FIRST = 1_767_225_600_000
MINUTE = {"field": "@timestamp", "fixed_interval": "1m"}


def counts(answer: dict[str, Any]) -> list[tuple[Any, int]]:
    """Return the keys and counts of buckets."""
    return [(bucket["key"], bucket["doc_count"]) for bucket in answer["buckets"]]


COUNTED = [
    # what                        aggregation                                                         keys and counts
    ("terms",                     {"terms": {"field": "service.name"}},                               [("cart", 2), ("payments", 2), ("mail", 1)]),
    ("two terms",                 {"terms": {"field": "service.name", "size": 2, "order": {"_key": "desc"}}}, [("payments", 2), ("mail", 1)]),
    ("terms of an array",         {"terms": {"field": "tags"}},                                       [("card", 2), ("vip", 1)]),
    ("terms of numbers",          {"terms": {"field": "status", "order": {"_key": "asc"}}},           [(200, 3), (402, 1)]),
    ("terms of truth",            {"terms": {"field": "ok"}},                                         [(0, 1), (1, 1)]),
    ("what is missing has a key", {"terms": {"field": "service.name", "missing": "none", "order": {"_count": "asc"}}}, [("mail", 1), ("none", 1), ("cart", 2), ("payments", 2)]),
    ("terms that are included",   {"terms": {"field": "service.name", "include": "c.*|m.*", "exclude": ["mail"]}}, [("cart", 2)]),
    ("terms of an index",         {"terms": {"field": "_index"}},                                     [(INDEX, 6)]),
    ("ordered by a metric",       {"terms": {"field": "service.name", "order": {"1": "desc"}}, "aggs": {"1": {"max": {"field": "duration"}}}}, [("cart", 2), ("payments", 2), ("mail", 1)]),
    ("a histogram",               {"histogram": {"field": "duration", "interval": 50}},               [(0.0, 2), (50.0, 1)]),
    ("its gaps are filled",       {"histogram": {"field": "user.id", "interval": 2}},                 [(6.0, 1), (8.0, 0), (10.0, 0), (12.0, 1)]),
    ("unless they are not wanted", {"histogram": {"field": "user.id", "interval": 2, "min_doc_count": 1}}, [(6.0, 1), (12.0, 1)]),
    ("minutes",                   {"date_histogram": {**MINUTE, "min_doc_count": 1}},                 [(FIRST, 5), (FIRST + 3_600_000, 1)]),
    ("hours of a calendar",       {"date_histogram": {"field": "@timestamp", "calendar_interval": "hour"}}, [(FIRST, 5), (FIRST + 3_600_000, 1)]),
    ("days elsewhere",            {"date_histogram": {"field": "@timestamp", "calendar_interval": "1d", "time_zone": "-01:00"}}, [(FIRST - 82_800_000, 5), (FIRST + 3_600_000, 1)]),
    ("days in a city",            {"date_histogram": {"field": "@timestamp", "calendar_interval": "day", "time_zone": "America/New_York"}}, [(FIRST - 68_400_000, 6)]),
    ("an offset",                 {"date_histogram": {"field": "@timestamp", "fixed_interval": "1h", "offset": "-30m"}}, [(FIRST - 1_800_000, 5), (FIRST + 1_800_000, 1)]),
    ("bounds",                    {"date_histogram": {"field": "@timestamp", "fixed_interval": "1h", "extended_bounds": {"min": FIRST - 3_600_000, "max": FIRST}}}, [(FIRST - 3_600_000, 0), (FIRST, 5), (FIRST + 3_600_000, 1)]),
    ("times of an attribute",     {"date_histogram": {"field": "at", "calendar_interval": "month"}},  [(1_764_547_200_000, 1)]),
    ("ranges",                    {"range": {"field": "duration", "ranges": [{"to": 10}, {"from": 10, "key": "slow"}]}}, [("*-10.0", 1), ("slow", 2)]),
    ("ranges of time",            {"date_range": {"field": "@timestamp", "format": "yyyy-MM-dd", "ranges": [{"to": "2026-01-01||+30m"}, {"from": "now-100y"}]}}, None),
    ("as many as are wanted",     {"auto_date_histogram": {"field": "@timestamp", "buckets": 3}},     [(FIRST, 5), (FIRST + 1_800_000, 0), (FIRST + 3_600_000, 1)]),
]  # fmt: skip

VALUES = [
    # what                   aggregation                                                  answer
    ("a mean",               {"avg": {"field": "status"}},                                {"value": 250.5}),
    ("a sum",                {"sum": {"field": "duration"}},                              {"value": 109.75}),
    ("a sum of nothing",     {"sum": {"field": "nothing"}},                               {"value": 0.0}),
    ("a mean of nothing",    {"avg": {"field": "nothing"}},                               {"value": None}),
    ("the least",            {"min": {"field": "duration"}},                              {"value": 7.25}),
    ("the latest",           {"max": {"field": "@timestamp"}},                            {"value": FIRST + 3_600_123.0, "value_as_string": "2026-01-01T01:00:00.123Z"}),
    ("a count of values",    {"value_count": {"field": "tags"}},                          {"value": 3}),
    ("what is missing",      {"avg": {"field": "user.id", "missing": 0}},                 {"value": 19 / 6}),
    ("different values",     {"cardinality": {"field": "service.name"}},                  {"value": 3}),
    ("different of arrays",  {"cardinality": {"field": "tags"}},                          {"value": 2}),
    ("stats",                {"stats": {"field": "user.id"}},                             {"count": 2, "min": 7.0, "max": 12.0, "avg": 9.5, "sum": 19.0}),
    ("percentiles",          {"percentiles": {"field": "user.id", "percents": [0, 100]}}, {"values": {"0.0": 7.0, "100.0": 12.0}}),
    ("in a list",            {"percentiles": {"field": "user.id", "percents": [100], "keyed": False}}, {"values": [{"key": 100.0, "value": 12.0}]}),
    ("of which percent",     {"percentile_ranks": {"field": "user.id", "values": [7]}},   {"values": {"7.0": 50.0}}),
    ("the top",              {"top_metrics": {"metrics": {"field": "duration"}, "sort": {"@timestamp": "desc"}}}, None),
    ("a filter",             {"filter": {"term": {"status": 200}}, "aggs": {"x": {"avg": {"field": "duration"}}}}, {"doc_count": 3, "x": {"value": 109.75 / 3}}),
    ("what has none",        {"missing": {"field": "status"}},                            {"doc_count": 2}),
    ("filters by name",      {"filters": {"filters": {"ok": {"term": {"status": 200}}, "bad": {"range": {"status": {"gte": 400}}}}, "other_bucket_key": "rest"}},
                             {"buckets": {"ok": {"doc_count": 3}, "bad": {"doc_count": 1}, "rest": {"doc_count": 2}}}),
    ("filters in a list",    {"filters": {"filters": [{"match": {"message": "card"}}]}},  {"buckets": [{"doc_count": 2}]}),
    ("a weighted mean",      {"weighted_avg": {"value": {"field": "duration"}, "weight": {"field": "status"}}}, {"value": 109.75 / 3}),
]  # fmt: skip

PIPELINES = [
    # what                 aggregation                                                              values
    ("a running sum",      {"cumulative_sum": {"buckets_path": "_count"}},                          [1.0, 2.0, 3.0, 4.0, 5.0]),
    ("a derivative",       {"derivative": {"buckets_path": "1"}},                                   [None, 0.0, 202.0, -202.0, None]),
    ("a difference",       {"serial_diff": {"buckets_path": "1", "lag": 2}},                        [None, None, 202.0, 0.0, None]),
    ("a moving mean",      {"moving_avg": {"buckets_path": "_count", "window": 2, "model": "simple"}}, [1.0] * 5),
    ("a moving function",  {"moving_fn": {"buckets_path": "1", "window": 2, "script": "MovingFunctions.max(values)"}}, [None, 200.0, 200.0, 402.0, None]),
    ("a script",           {"bucket_script": {"buckets_path": {"a": "1", "n": "_count"}, "script": "params.a * 2 + params.n"}}, [401.0, 401.0, 805.0, 401.0, None]),
]  # fmt: skip


async def asked(client: httpx.AsyncClient, aggregations: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of aggregations."""
    answer = await client.post(f"/{INDEX}/_search", json={"size": 0, "aggs": aggregations})
    found = answer.json()
    assert answer.status_code == 200, found
    assert found["hits"]["hits"] == []
    answers: dict[str, Any] = found["aggregations"]
    return answers


@pytest.mark.parametrize(
    ("aggregation", "wanted"),
    [row[1:] for row in COUNTED if row[2] is not None],
    ids=[row[0] for row in COUNTED if row[2] is not None],
)
async def test_buckets(client: httpx.AsyncClient, aggregation: dict[str, Any], wanted: list[tuple[Any, int]]) -> None:
    """An aggregation of buckets has these, in this order."""
    found = await asked(client, {"a": aggregation})
    assert counts(found["a"]) == wanted


@pytest.mark.parametrize(
    ("aggregation", "wanted"),
    [row[1:] for row in VALUES if row[2] is not None],
    ids=[row[0] for row in VALUES if row[2] is not None],
)
async def test_values(client: httpx.AsyncClient, aggregation: dict[str, Any], wanted: dict[str, Any]) -> None:
    """A metric has this value, and an aggregation of one bucket this one."""
    found = await asked(client, {"a": aggregation})
    assert (
        found["a"] == pytest.approx(wanted)
        if set(wanted) == {"value"} and wanted["value"] is not None
        else found["a"] == wanted
    )


@pytest.mark.parametrize(("aggregation", "wanted"), [row[1:] for row in PIPELINES], ids=[row[0] for row in PIPELINES])
async def test_pipelines(client: httpx.AsyncClient, aggregation: dict[str, Any], wanted: list[float | None]) -> None:
    """What is made of buckets ten seconds long, one after the other."""
    histogram = {
        "date_histogram": {
            "field": "@timestamp",
            "fixed_interval": "10s",
            "hard_bounds": {"min": FIRST, "max": FIRST + 59_999},
            "min_doc_count": 1,
        },
        "aggs": {"1": {"max": {"field": "status"}}, "p": aggregation},
    }
    found = await asked(client, {"h": histogram})
    assert [bucket.get("p", {}).get("value") for bucket in found["h"]["buckets"]] == wanted


async def test_what_grafana_asks_for(client: httpx.AsyncClient) -> None:
    """A panel of Grafana: counts and percentiles over time, by service, several searches in one request."""
    head = {"search_type": "query_then_fetch", "ignore_unavailable": True, "index": ["sh*"]}
    times = {"gte": FIRST, "lte": FIRST + 60_000, "format": "epoch_millis"}
    filters = [{"range": {"@timestamp": times}}, {"query_string": {"analyze_wildcard": True, "query": "*"}}]
    histogram = {
        "field": "@timestamp",
        "fixed_interval": "30s",
        "min_doc_count": 0,
        "format": "epoch_millis",
        "extended_bounds": {"min": FIRST, "max": FIRST + 60_000},
    }
    inner = {
        "1": {"percentiles": {"field": "duration", "percents": ["50"]}},
        "4": {"extended_stats": {"field": "duration"}},
    }
    terms = {"field": "service.name", "size": 10, "order": {"_count": "desc"}, "min_doc_count": 1}
    body = {
        "size": 0,
        "query": {"bool": {"filter": filters}},
        "aggs": {"3": {"terms": terms, "aggs": {"2": {"date_histogram": histogram, "aggs": inner}}}},
    }
    logs = {
        "size": 2,
        "query": {"bool": {"filter": filters}},
        "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "boolean"}}, {"_doc": {"order": "desc"}}],
        "highlight": {"fields": {"*": {}}, "pre_tags": ["@H@"], "post_tags": ["@/H@"]},
        "aggs": {"1": {"date_histogram": histogram}},
    }
    lines = b"".join(httpx.Request("POST", "http://x", json=one).content + b"\n" for one in (head, body, head, logs))
    answer = await client.post(
        "/_msearch?max_concurrent_shard_requests=5", content=lines, headers={"content-type": "application/x-ndjson"}
    )
    panel, list_ = answer.json()["responses"]
    assert (panel["status"], list_["status"]) == (200, 200), answer.text
    buckets = panel["aggregations"]["3"]["buckets"]
    assert [bucket["key"] for bucket in buckets] == ["cart", "payments", "mail"]
    cart = buckets[0]["2"]["buckets"]
    assert [(one["key"], one["key_as_string"], one["doc_count"]) for one in cart] == [
        (FIRST, str(FIRST), 2), (FIRST + 30_000, str(FIRST + 30_000), 0), (FIRST + 60_000, str(FIRST + 60_000), 0),
    ]  # fmt: skip
    assert cart[0]["1"]["values"]["50.0"] == pytest.approx(51.25, rel=0.8)
    assert cart[0]["4"]["sum"] == 102.5
    assert cart[1]["1"]["values"]["50.0"] is None
    assert [hit["_id"] for hit in list_["hits"]["hits"]] == ["e", "d"]
    assert list_["hits"]["hits"][0]["sort"][0] == FIRST + 50_000


async def test_hits_of_buckets(client: httpx.AsyncClient) -> None:
    """The newest document of each service."""
    top = {"top_hits": {"size": 1, "sort": [{"@timestamp": "desc"}], "_source": ["message"]}}
    found = await asked(client, {"s": {"terms": {"field": "service.name"}, "aggs": {"top": top}}})
    hits = [bucket["top"]["hits"] for bucket in found["s"]["buckets"]]
    assert [(one["total"]["value"], [hit["_source"] for hit in one["hits"]]) for one in hits] == [
        (2, [{"message": "GET /cart took 90 ms for user@example.com"}]),
        (2, [{"message": "card accepted"}]),
        (1, [{"message": "retry later"}]),
    ]


async def test_a_page_of_composite_buckets_after_another(client: httpx.AsyncClient) -> None:
    """The pages of a composite aggregation have all buckets, each once."""
    sources = [{"service": {"terms": {"field": "service.name"}}}, {"level": {"terms": {"field": "log.level"}}}]
    found: list[Any] = []
    after: dict[str, Any] = {}
    while True:
        page = (await asked(client, {"c": {"composite": {"size": 2, "sources": sources, **after}}}))["c"]
        found += counts(page)
        if "after_key" not in page:
            break
        after = {"after": page["after_key"]}
    assert found == [
        ({"service": "cart", "level": "info"}, 2), ({"service": "mail", "level": "warn"}, 1),
        ({"service": "payments", "level": "error"}, 1), ({"service": "payments", "level": "info"}, 1),
    ]  # fmt: skip
