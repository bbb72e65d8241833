"""Records that did not come as documents: they are in an index of their own, as the documents they would have been."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.model.elastic.names import OTHERS
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logs.sheet import SheetBuilder
from tests.store.opening import opened
from tests.store.rows import NOW_NS
from tools.conformance.elastic_served import served

pytestmark = pytest.mark.anyio


async def test_records_of_other_protocols_are_found(tmp_path: Path) -> None:
    """They are searched by ECS' names, by their attributes and those of their resource, and told as documents."""
    book, sheet = LogBook(), SheetBuilder()
    shop = book.origin({"service.name": "shop", "host.name": "h1", "k8s.pod.name": "shop-1"})
    sheet.add(shop, NOW_NS, "card declined", 17, "", {"user": 7, "ok": True}, b"\x01" * 16)
    sheet.add(book.origin({}), NOW_NS + 10**9, "listening", 0)
    async with opened(tmp_path / "store") as store:
        await store.writer.append(book.batch("default", sheet.sheet(), NOW_NS))
    async with served(tmp_path) as client:
        answer = (await client.get(f"/{OTHERS}/_search", params={"sort": "@timestamp:asc"})).json()
        first, second = answer["hits"]["hits"]
        assert first["_source"] == {
            "@timestamp": "2024-10-04T12:00:00.000000000Z", "message": "card declined", "log.level": "error",
            "trace.id": "01" * 16, "service.name": "shop", "host.name": "h1", "k8s.pod.name": "shop-1", "user": 7,
            "ok": True,
        }  # fmt: skip
        assert second["_index"] == OTHERS
        for query, count in (
            ("log.level:error", 1), ("service.name:shop", 1), ("host.name:h1", 1), ("k8s.pod.name:shop-1", 1),
            ("user:7", 1), ("user:>6", 1), ("card", 1), ("message:listening", 1), ("nothing:here", 0),
            ("_exists_:host.name", 1), ("_exists_:k8s.pod.name", 1),
        ):  # fmt: skip
            found = (await client.get("/_search", params={"q": query})).json()
            assert found["hits"]["total"]["value"] == count, query
        body = {"size": 0, "aggs": {"l": {"terms": {"field": "log.level"}}, "h": {"terms": {"field": "host.name"}},
                                    "p": {"terms": {"field": "k8s.pod.name"}}, "u": {"sum": {"field": "user"}}}}  # fmt: skip
        found = (await client.post("/logs/_search", json=body)).json()["aggregations"]
        assert [[one["key"] for one in found[name]["buckets"]] for name in "lhp"] == [["error"], ["h1"], ["shop-1"]]
        assert found["u"]["value"] == 7
        mapping = (await client.get("/logs/_mapping")).json()[OTHERS]["mappings"]["properties"]
        assert mapping["user"] == {"type": "long"}
        assert mapping["@timestamp"] == {"type": "date"}
        assert (await client.delete("/logs")).status_code == 400
