"""Searches that are kept by name (P3, issue 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from firstlight.errors import DecodeError
from firstlight.query.logs.searches import FILE, MAX_SEARCHES, BadSearch, SavedSearches, Search
from tests.api.native.logs_rig import LOGS, LogsApi, logs_served

pytestmark = pytest.mark.anyio

QUERY = '{app="shop"} |= "error"'


@pytest.fixture
async def it(tmp_path: Path, anyio_backend: str) -> AsyncIterator[LogsApi]:
    """A server that keeps searches."""
    async with logs_served(tmp_path) as served:
        yield served


async def put(it: LogsApi, name: str, **search: Any) -> httpx.Response:
    """Keep a search."""
    return await it.client.put(f"{LOGS}/searches/{name}", json=search)


async def test_kept_listed_changed_and_deleted(it: LogsApi) -> None:
    kept = {"name": "errors", "query": QUERY, "columns": ["app"], "description": "what fails"}

    created = await put(it, "errors", query=QUERY, columns=["app"], description="what fails")
    assert (created.status_code, created.json()) == (201, kept)
    assert (await put(it, "a.b-c_1", query="vector(1)")).status_code == 201
    assert [one["name"] for one in (await it.told("searches"))["searches"]] == ["a.b-c_1", "errors"]
    assert await it.told("searches/errors") == kept

    changed = await put(it, "errors", query='{app="bank"}')
    assert (changed.status_code, changed.json()["query"], changed.json()["columns"]) == (200, '{app="bank"}', [])

    assert (await it.client.delete(f"{LOGS}/searches/errors")).status_code == 204
    assert [one["name"] for one in (await it.told("searches"))["searches"]] == ["a.b-c_1"]


async def test_one_that_is_not_there(it: LogsApi) -> None:
    await put(it, "errors", query=QUERY)

    for answer in (await it.get("searches/erors"), await it.client.delete(f"{LOGS}/searches/erors")):
        assert answer.status_code == 404
        assert 'unknown search "erors"; did you mean "errors"?' in answer.json()["error"]


REFUSED = [
    # what                  name       search                                     said
    ("a name",              "a b",     {"query": QUERY},                          "cannot keep a search as 'a b'"),
    ("a name too long",     "a" * 101, {"query": QUERY},                          "want up to 100 letters"),
    ("no query",            "a",       {},                                        '"query" is'),
    ("no text",             "a",       {"query": 7},                              '"query" is 7'),
    ("a field",             "a",       {"query": QUERY, "colums": []},            'did you mean "columns"?'),
    ("columns that are one", "a",      {"query": QUERY, "columns": "app"},        "want a list of at most"),
    ("too long a text",     "a",       {"query": QUERY, "description": "x" * 20_000}, "want texts of at most"),
    ("what is no LogQL",    "a",       {"query": "{app="},                        "unexpected"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "search", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(it: LogsApi, name: str, search: dict[str, Any], said: str) -> None:
    answer = await put(it, name, **search)

    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert (await it.told("searches")) == {"searches": []}


@pytest.mark.parametrize("body", [b"{", b"[]"], ids=["no JSON", "no object"])
async def test_refuses_a_body(it: LogsApi, body: bytes) -> None:
    answer = await it.client.put(f"{LOGS}/searches/a", content=body)

    assert (answer.status_code, answer.json()["error"][:22]) == (400, "cannot read the search")


def test_outlive_the_server(tmp_path: Path) -> None:
    """Even if the query is none to a later version."""
    SavedSearches(tmp_path / FILE).put(Search("a", "{", ("x",), "d"))

    assert SavedSearches(tmp_path / FILE).all() == [Search("a", "{", ("x",), "d")]


def test_no_more_than_so_many(tmp_path: Path) -> None:
    searches = SavedSearches(tmp_path / FILE)
    searches._searches = {str(number): Search(str(number), QUERY) for number in range(MAX_SEARCHES)}

    assert searches.put(Search("7", QUERY)) is False
    with pytest.raises(BadSearch, match="there are 1000; delete some first"):
        searches.put(Search("another", QUERY))


@pytest.mark.parametrize("content", ["", "[]", '{"searches": [{}]}'], ids=["nothing", "a list", "half of it"])
def test_a_file_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)

    with pytest.raises(DecodeError, match="cannot read the saved searches in"):
        SavedSearches(tmp_path / FILE)
