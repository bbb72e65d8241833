"""Documents over HTTP, before a store that a test decides about: answers, errors, and what is kept on disk."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstlight.errors import DecodeError, StoreBusy, StoreFull
from firstlight.ingest.elastic.keeper import Keeper
from firstlight.ingest.elastic.routes import elastic_ingest_routes
from firstlight.ingest.receiver import Append
from firstlight.ingest.settings import IngestSettings
from firstlight.store.fake import FakeStore
from firstlight.wire.logs.book import LogBook
from tests.ingest.pushing import serving

pytestmark = pytest.mark.anyio

NOW_NS = 1_767_225_600_000_000_000
NDJSON = {"content-type": "application/x-ndjson"}
GOOD = b'{"create":{"_index":"a"}}\n{"message":"m"}\n'


@asynccontextmanager
async def opened(
    directory: Path, append: Append | None = None, settings: IngestSettings | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, FakeStore, Keeper]]:
    """Hold a server open, and return a client, its store and its keeper."""
    store = FakeStore()
    keeper = Keeper(directory / "elasticsearch.json", lambda: NOW_NS)
    routes: Callable[..., Any] = lambda door: elastic_ingest_routes(door, LogBook(), keeper)  # noqa: E731
    async with (
        serving(append or store.append, routes, settings) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        yield client, store, keeper


ITEMS = [
    # what                       action and document                                            op        status  error
    ("a document",               b'{"index":{"_index":"a"}}\n{"n":1}\n',                        "index",  201,    ""),
    ("created",                  b'{"create":{"_index":"a","_id":"7"}}\n{"n":1}\n',             "create", 201,    ""),
    ("deleted",                  b'{"delete":{"_index":"a","_id":"7"}}\n',                      "delete", 400,    "illegal_argument_exception"),
    ("updated",                  b'{"update":{"_index":"a","_id":"7"}}\n{"doc":{}}\n',          "update", 400,    "illegal_argument_exception"),
    ("no JSON",                  b'{"index":{"_index":"a"}}\n{"n":\n',                          "index",  400,    "document_parsing_exception"),
    ("no object",                b'{"index":{"_index":"a"}}\n7\n',                              "index",  400,    "document_parsing_exception"),
    ("no time",                  b'{"index":{"_index":"a"}}\n{"@timestamp":"soon"}\n',          "index",  400,    "document_parsing_exception"),
    ("a name that is ours",      b'{"index":{"_index":"a"}}\n{"_id":"x"}\n',                    "index",  400,    "document_parsing_exception"),
    ("no name of an index",      b'{"index":{"_index":"Upper"}}\n{}\n',                         "index",  400,    "invalid_index_name_exception"),
    ("a lone surrogate",         b'{"index":{"_index":"a"}}\n{"m":"\\ud800"}\n',                "index",  400,    "document_parsing_exception"),
    (
        "nested too deep",
        b'{"index":{"_index":"a"}}\n{"m":' + b"[" * 500 + b"]" * 500 + b"}\n",
        "index",
        400,
        "document_parsing_exception",
    ),
    (
        "nested deeper than any reader",
        b'{"index":{"_index":"a"}}\n{"m":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
        "index",
        400,
        "document_parsing_exception",
    ),
    ("not of UTF-8",             b'{"index":{"_index":"a"}}\n{"m":"\xff"}\n',                   "index",  400,    "document_parsing_exception"),
]  # fmt: skip

REFUSED = [
    # what                       body                       headers                                       status  type
    ("nothing",                  b"",                       NDJSON,                                       400, "parse_exception"),
    ("an action that is none",   b'{"x":{}}\n',             NDJSON,                                       400, "illegal_argument_exception"),
    ("no JSON by its type",      GOOD,                      {"content-type": "application/xml"},          406, "media_type_header_exception"),
    ("an unknown encoding",      GOOD,                      {**NDJSON, "content-encoding": "lzw"},        406, "media_type_header_exception"),
    ("no gzip",                  GOOD,                      {**NDJSON, "content-encoding": "gzip"},       400, "illegal_argument_exception"),
    ("a bomb",                   gzip.compress(b" " * 200_000), {**NDJSON, "content-encoding": "gzip"},   413, "content_too_large_exception"),
]  # fmt: skip

STORES: list[tuple[str, Exception, int]] = [
    ("busy", StoreBusy("cannot store: busy"), 429),
    ("full", StoreFull("cannot store: full"), 429),
    ("broken", ZeroDivisionError("a secret"), 500),
]


@pytest.mark.parametrize(("body", "op", "status", "error"), [row[1:] for row in ITEMS], ids=[row[0] for row in ITEMS])
async def test_each_item_is_answered(tmp_path: Path, body: bytes, op: str, status: int, error: str) -> None:
    """An item has its own status and error, and fails without its neighbours."""
    async with opened(tmp_path) as (client, store, _):
        answer = (await client.post("/_bulk", content=body + GOOD, headers=NDJSON)).json()
        first, second = answer["items"]
        assert (first[op]["status"], first[op].get("error", {}).get("type", "")) == (status, error)
        assert second["create"]["status"] == 201
        assert answer["errors"] is bool(error)
        assert sum(batch.items for batch in store.batches) == 1 + (not error)


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_a_request_is_refused(
    tmp_path: Path, body: bytes, headers: Mapping[str, str], status: int, kind: str
) -> None:
    """A request that cannot be read has Elasticsearch's error, and nothing of it is kept."""
    settings = IngestSettings(max_body=100_000, max_decompressed=100_000)
    async with opened(tmp_path, settings=settings) as (client, store, _):
        answer = await client.put("/_bulk", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
        assert answer.headers["x-elastic-product"] == "Elasticsearch"
        assert not store.batches


@pytest.mark.parametrize(("error", "status"), [row[1:] for row in STORES], ids=[row[0] for row in STORES])
async def test_what_is_not_stored_is_not_acknowledged(tmp_path: Path, error: Exception, status: int) -> None:
    """A store that refuses is told as what clients try again, and nothing of the server's insides is told."""

    async def append(batch: Any) -> Any:
        raise error

    async with opened(tmp_path, append) as (client, _, _):
        answer = await client.post("/_bulk", content=GOOD, headers=NDJSON)
        assert answer.status_code == status
        assert "secret" not in answer.text


async def test_the_forms_of_a_request(tmp_path: Path) -> None:
    """PUT and POST, with and without an index, packed, of any version of the API; the answer is of the same."""
    async with opened(tmp_path) as (client, store, _):
        vendor = "application/vnd.elasticsearch+x-ndjson; compatible-with=9"
        answer = await client.put("/_bulk", content=GOOD, headers={"content-type": vendor})
        assert answer.headers["content-type"] == "application/vnd.elasticsearch+json;compatible-with=9"
        packed = {"content-type": "application/json; charset=utf-8", "content-encoding": "gzip"}
        answer = await client.post("/logs-x/_bulk", content=gzip.compress(b'{"create":{}}\n{}\n'), headers=packed)
        assert answer.json()["items"][0]["create"]["_index"] == "logs-x"
        answer = await client.post("/_bulk?filter_path=errors,items.*.error", content=GOOD, headers=NDJSON)
        assert answer.json() == {"errors": False}
        answer = await client.post("/logs-x/_bulk?pipeline=p", content=b'{"create":{}}\n{}\n', headers=NDJSON)
        assert "not run" in answer.headers["warning"]
        for method, path, status in (("POST", "/a/_doc", 201), ("PUT", "/a/_doc/1", 201), ("PUT", "/a/_create/2", 201)):
            answer = await client.request(method, path, json={"message": "m"})
            assert answer.status_code == status, answer.text
        assert answer.json()["_id"] == "2"
        assert len(store.batches) == 7


async def test_what_is_learned_outlives_the_server(tmp_path: Path) -> None:
    """Indices and their fields are on disk when documents are answered."""
    async with opened(tmp_path) as (client, _, _):
        await client.post("/_bulk", content=b'{"index":{"_index":"a"}}\n{"n":1,"message":"m"}\n', headers=NDJSON)
    again = Keeper(tmp_path / "elasticsearch.json", lambda: NOW_NS)
    assert again.state.indices["a"].seen == {"n": "i"}
    assert again.state.indices["a"].columns == {"message": "body"}


async def test_an_index_may_be_kept_from_being_made(tmp_path: Path) -> None:
    """Where the cluster's settings say so, an index that is not there stays so, and its items say it."""
    async with opened(tmp_path) as (client, store, keeper):
        with keeper.change() as state:
            state.settings["persistent"]["action.auto_create_index"] = "+logs-*,-*"
        body = b'{"index":{"_index":"other"}}\n{}\n{"index":{"_index":"logs-a"}}\n{}\n'
        items = (await client.post("/_bulk", content=body, headers=NDJSON)).json()["items"]
        assert [one["index"]["status"] for one in items] == [404, 201]
        assert items[0]["index"]["error"]["type"] == "index_not_found_exception"
        assert sum(batch.items for batch in store.batches) == 1


def test_the_delete_phase_of_a_policy_is_told(tmp_path: Path) -> None:
    """Who keeps the store is told for how long which index is kept."""
    told: list[Mapping[str, float]] = []
    keeper = Keeper(tmp_path / "elasticsearch.json", lambda: NOW_NS, told.append)
    with keeper.change() as state:
        state.sections["policies"]["week"] = {
            "policy": {"phases": {"delete": {"min_age": "7d", "actions": {"delete": {}}}}}
        }
        state.sections["index_templates"]["t"] = {
            "index_patterns": ["logs-*"], "template": {"settings": {"index": {"lifecycle": {"name": "week"}}}},
        }  # fmt: skip
    assert told[-1] == {}
    assert keeper.open_index("logs-a") == ("logs-a", "")
    keeper.settle()
    assert told[-1] == {"logs-a": 604_800.0}


def test_a_file_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    """A file with something else in it is told of, and left alone."""
    file = tmp_path / "elasticsearch.json"
    file.write_text("{}")
    with pytest.raises(DecodeError, match="cannot read what is kept"):
        Keeper(file, lambda: NOW_NS)
    assert file.read_text() == "{}"
