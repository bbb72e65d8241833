"""What clients ask and set up before they send, and pages of searches."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from firstlight.api.elastic.handshake import version_for
from tests.api.elastic.corpus import INDEX

pytestmark = pytest.mark.anyio

VERSIONS = [
    # what               headers                                                                 version
    ("nobody in particular", {},                                                                "8.17.0"),
    ("version 9",        {"accept": "application/vnd.elasticsearch+json; compatible-with=9"},   "9.0.0"),
    ("version 8",        {"accept": "application/vnd.elasticsearch+json; compatible-with=8"},   "8.17.0"),
    ("a Beat",           {"user-agent": "Elastic-filebeat/8.18.1 (linux; amd64; x; y)"},        "8.18.1"),
    ("an older Beat",    {"user-agent": "Filebeat/7.17.9 (linux)"},                             "7.17.9"),
]  # fmt: skip

ASKED: list[tuple[str, str, str, int, Any]] = [
    # what               method  path                            status  in the answer
    ("who it is",        "GET",  "/",                            200,    {"tagline": "You Know, for Search"}),
    ("whether it is",    "HEAD", "/",                            200,    None),
    ("a licence",        "GET",  "/_license",                    200,    {"license": {"type": "basic", "status": "active"}}),
    ("its features",     "GET",  "/_xpack",                      200,    {"features": {"ilm": {"available": True}}}),
    ("its health",       "GET",  "/_cluster/health?wait_for_status=yellow", 200, {"status": "green"}),
    ("its nodes",        "GET",  "/_nodes/http",                 200,    {"_nodes": {"total": 1}}),
    ("an index",         "HEAD", f"/{INDEX}",                    200,    None),
    ("no index",         "HEAD", "/nothing",                     404,    None),
    ("no template",      "GET",  "/_index_template/nothing",     404,    {"error": {"type": "resource_not_found_exception"}}),
    ("no old template",  "HEAD", "/_template/nothing",           404,    None),
    ("no policy",        "GET",  "/_ilm/policy/nothing",         404,    {"error": {"type": "resource_not_found_exception"}}),
    ("no alias",         "HEAD", "/_alias/nothing",              404,    None),
    ("no data stream",   "GET",  "/_data_stream/nothing",        404,    {"error": {"type": "index_not_found_exception"}}),
    ("a document",       "GET",  f"/{INDEX}/_doc/d",             200,    {"found": True, "_source": {"status": 200}}),
    ("no document",      "GET",  f"/{INDEX}/_doc/zz",            404,    {"found": False}),
    ("its source",       "GET",  f"/{INDEX}/_source/d",          200,    {"message": "card accepted"}),
    ("a refresh",        "POST", f"/{INDEX}/_refresh",           200,    {"_shards": {"failed": 0}}),
    ("what it resolves", "GET",  "/_resolve/index/sh*",          200,    {"indices": [{"name": INDEX, "attributes": ["open"]}]}),
    ("a count",          "GET",  f"/{INDEX}/_count?q=card",      200,    {"count": 2}),
    ("how much there is", "GET", f"/{INDEX}/_stats",             200,    {"_all": {"primaries": {"docs": {"count": 6}}}}),
    ("fields",           "GET",  f"/{INDEX}/_field_caps?fields=dur*,tags", 200, {"fields": {"duration": {"float": {"aggregatable": True}}}}),
    ("no such index",    "GET",  "/nothing/_search",             404,    {"error": {"type": "index_not_found_exception"}}),
    ("which is no matter", "GET", "/nothing/_search?ignore_unavailable=true", 200, {"hits": {"hits": []}}),
    ("a total in a number", "GET", f"/{INDEX}/_search?rest_total_hits_as_int=true", 200, {"hits": {"total": 6}}),
]  # fmt: skip


def has(found: Any, wanted: Any) -> bool:
    """Say whether what is wanted is in an answer."""
    if isinstance(wanted, dict):
        return all(name in found and has(found[name], one) for name, one in wanted.items())
    return bool(found == wanted)


@pytest.mark.parametrize(("headers", "version"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS])
def test_the_version_that_is_told(headers: dict[str, str], version: str) -> None:
    """Whoever speaks to no older server is told a version that it speaks to."""
    assert version_for(headers) == version


@pytest.mark.parametrize(
    ("method", "path", "status", "wanted"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED]
)
async def test_what_is_asked(client: httpx.AsyncClient, method: str, path: str, status: int, wanted: Any) -> None:
    """An answer has the status and the parts that clients look for, and the header without which they look at none."""
    answer = await client.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    assert wanted is None or has(answer.json(), wanted), answer.text


async def test_what_is_set_up_is_told_again(client: httpx.AsyncClient) -> None:
    """Templates, policies and pipelines are kept, and new indices are made of templates."""
    policy = {"policy": {"phases": {"hot": {"actions": {}}, "delete": {"min_age": "7d", "actions": {"delete": {}}}}}}
    template = {
        "index_patterns": ["set-*"],
        "template": {
            "settings": {"index.lifecycle.name": "week"},
            "mappings": {"properties": {"n": {"type": "keyword"}}},
        },
        "data_stream": {},
    }
    for path, body in (
        ("/_ilm/policy/week", policy), ("/_index_template/set", template), ("/_ingest/pipeline/p", {"processors": []}),
        ("/_component_template/c", {"template": {}}), ("/_template/old", {"index_patterns": ["old-*"]}),
    ):  # fmt: skip
        assert (await client.put(path, json=body)).json() == {"acknowledged": True}
        assert (await client.get(path)).status_code == 200
    answer = await client.post(
        "/set-a/_bulk", content=b'{"create":{}}\n{"n":7}\n', headers={"content-type": "application/x-ndjson"}
    )
    assert answer.json()["errors"] is False
    assert (await client.get("/set-a/_mapping")).json()["set-a"]["mappings"]["properties"]["n"] == {"type": "keyword"}
    assert (await client.get("/_data_stream/set-a")).json()["data_streams"][0]["name"] == "set-a"
    assert (
        await client.put("/_ilm/policy/bad", json={"policy": {"phases": {"delete": {"min_age": "soon"}}}})
    ).status_code == 400
    assert (await client.delete("/set-a")).json() == {"acknowledged": True}
    assert (await client.get("/set-a/_search")).status_code == 404


async def test_an_index_that_was_deleted_begins_anew(client: httpx.AsyncClient) -> None:
    """Documents go with their index, and do not come back with its name."""
    for _ in range(2):
        assert (await client.put("/gone", json={})).status_code == 200
        assert (await client.put("/gone", json={})).json()["error"]["type"] == "resource_already_exists_exception"
        assert (await client.post("/gone/_doc", json={"n": 1})).status_code == 201
        assert (await client.get("/gone/_count")).json()["count"] == 1
        assert (await client.delete("/gone")).status_code == 200


async def test_an_alias_is_written_and_read_through(client: httpx.AsyncClient) -> None:
    """What Beats of version 7 do: an index with a date in its name, written through an alias."""
    body = {"aliases": {"beat": {"is_write_index": True}}}
    made = await client.put("/%3Cbeat-%7Bnow%2Fd%7D-000001%3E", json=body)
    name = made.json()["index"]
    assert name.startswith("beat-2")
    assert name.endswith("-000001")
    assert (await client.head("/_alias/beat")).status_code == 200
    assert (await client.post("/beat/_doc", json={"n": 1})).json()["_index"] == name
    assert (await client.get("/beat/_count")).json()["count"] == 1


@pytest.mark.parametrize(
    "sort", [None, [{"@timestamp": "desc"}], ["_doc"]], ids=["as they came", "by time", "by document"]
)
async def test_a_scroll_has_every_document_once(client: httpx.AsyncClient, sort: Any) -> None:
    """The pages of a scroll together are the index."""
    body = {"size": 2, **({"sort": sort} if sort else {})}
    page = (await client.post(f"/{INDEX}/_search?scroll=1m", json=body)).json()
    found: list[str] = []
    while page["hits"]["hits"]:
        found += [hit["_id"] for hit in page["hits"]["hits"]]
        page = (await client.post("/_search/scroll", json={"scroll": "1m", "scroll_id": page["_scroll_id"]})).json()
    assert sorted(found) == list("abcdef")


async def test_pages_after_one_another(client: httpx.AsyncClient) -> None:
    """`search_after` goes on where a page ended, documents without a value at the end."""
    sort = [{"duration": "desc"}, {"@timestamp": "asc"}]
    found: list[str] = []
    after: dict[str, Any] = {}
    while True:
        hits = (await client.post(f"/{INDEX}/_search", json={"size": 2, "sort": sort, **after})).json()["hits"]["hits"]
        if not hits:
            break
        found += [hit["_id"] for hit in hits]
        after = {"search_after": hits[-1]["sort"]}
    assert found == ["b", "a", "d", "c", "e", "f"]


async def test_parts_of_documents(client: httpx.AsyncClient) -> None:
    """What a hit shows: parts of the document, values of fields, marks around words."""
    body = {
        "query": {"match": {"message": "declined"}}, "_source": ["user.*"], "fields": ["tags", "@timestamp"],
        "docvalue_fields": [{"field": "status"}], "highlight": {"fields": {"message": {}}},
    }  # fmt: skip
    (hit,) = (await client.post(f"/{INDEX}/_search", json=body)).json()["hits"]["hits"]
    assert hit["_source"] == {"user": {"id": 7, "name": "Ann Lee"}}
    assert hit["fields"] == {"tags": ["card", "vip"], "@timestamp": ["2026-01-01T00:00:20.000Z"], "status": [402]}
    assert hit["highlight"] == {"message": ["card <em>declined</em>: Not enough money"]}
