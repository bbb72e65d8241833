"""The SQL door over HTTP: forms of answers, statuses of errors, and clients that leave."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import httpx
import pyarrow as pa
import pytest

from tests.api.conftest import Api
from tests.query.world import TRACES

pytestmark = pytest.mark.anyio

PATH = "/api/firstlight/v1/sql"


async def post(api: Api, body: Any, path: str = PATH, **headers: str) -> httpx.Response:
    """Return the answer to a request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with httpx.AsyncClient(base_url=api.url) as client:
        return await client.post(path, content=content, headers={"accept": "*/*", **headers})


async def test_answers(api: Api) -> None:
    answer = await post(
        api, {"query": "SELECT count() AS n FROM spans WHERE service = {s:String}", "params": {"s": "cart"}}
    )

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert len(answer.headers["x-firstlight-query"]) == 16
    assert answer.json()["columns"] == [{"name": "n", "type": "UInt64"}]
    assert answer.json()["rows"] == [[TRACES]]


FORMS = [
    # what                     accept                                              path                     content type
    ("nothing said",           "*/*",                                              PATH,                    "application/json"),
    ("JSON",                   "application/json",                                 PATH,                    "application/json"),
    ("a browser",              "text/html,application/xml;q=0.9,*/*;q=0.8",        PATH,                    "application/json"),
    ("NDJSON",                 "application/x-ndjson",                             PATH,                    "application/x-ndjson"),
    ("CSV",                    "text/csv",                                         PATH,                    "text/csv; charset=utf-8; header=present"),
    ("Arrow",                  "application/vnd.apache.arrow.stream",              PATH,                    "application/vnd.apache.arrow.stream"),
    ("what is wanted most",    "application/json;q=0.5, text/csv",                 PATH,                    "text/csv; charset=utf-8; header=present"),
    ("by name",                "application/json",                                 f"{PATH}?format=ndjson", "application/x-ndjson"),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "path", "content_type"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
async def test_forms(api: Api, accept: str, path: str, content_type: str) -> None:
    answer = await post(api, {"query": "SELECT 1 AS a"}, path, accept=accept)

    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


async def test_each_form_has_all_rows(api: Api) -> None:
    """A thousand rows, in whatever form they are asked for that is not cut."""
    query = {"query": "SELECT number AS n FROM numbers(1000)"}
    ndjson = await post(api, query, accept="application/x-ndjson")
    table = await post(api, query, accept="text/csv")
    arrow = await post(api, query, accept="application/vnd.apache.arrow.stream")

    assert [json.loads(line)["n"] for line in ndjson.text.splitlines()] == list(range(1000))
    assert [row[0] for row in csv.reader(io.StringIO(table.text))] == ["n", *map(str, range(1000))]
    assert pa.ipc.open_stream(arrow.content).read_all()["n"].to_pylist() == list(range(1000))


ERRORS = [
    # what                      body                                                          status  error
    ("nothing",                 b"",                                                          400, "cannot read the request as JSON"),
    ("not JSON",                b"{",                                                         400, 'want {"query": "SELECT …"}'),
    ("no object",               [],                                                           400, "cannot read the request: []"),
    ("no query",                {},                                                           400, 'cannot read "query": None'),
    ("an empty query",          {"query": " "},                                               400, "want a statement of SQL"),
    ("a query not a string",    {"query": 1},                                                 400, 'cannot read "query": 1'),
    ("a field with a typo",     {"query": "SELECT 1", "parms": {}},                           400, 'unknown field "parms"; did you mean "params"?'),
    ("params not an object",    {"query": "SELECT 1", "params": [1]},                         400, 'cannot read "params": [1]'),
    ("a param too many",        {"query": "SELECT 1", "params": {"a": 1}},                    400, "cannot use the parameter 'a'"),
    ("a syntax error",          {"query": "SELECT 1 1"},                                      400, "cannot read this: 1 is not expected here"),
    ("an unknown column",       {"query": "SELECT sevice FROM logs"},                         400, "there is no column sevice; did you mean service?"),
    ("what may not be",         {"query": "DROP TABLE logs"},                                 400, "cannot run this kind of statement"),
    ("a type error",            {"query": "SELECT 1 + 'a'"},                                  422, "cannot answer: "),
    ("too much memory",         {"query": "SELECT groupArray(number) FROM numbers(1e9)"},     422, "needs more memory"),
    ("too long",                {"query": "SELECT count() FROM numbers(1e15)"},               408, "took longer"),
    ("too large a query",       {"query": "SELECT 1" + " " * 300_000 + "+ 1"},                413, "cannot take a query of more than 262144 bytes"),
    ("too large a body",        b" " * (5 * 1024**2),                                         413, "cannot take a body"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "error"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
async def test_errors(api: Api, body: Any, status: int, error: str) -> None:
    answer = await post(api, body)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert error in answer.json()["error"]


async def test_an_error_shows_its_place(api: Api) -> None:
    answer = (await post(api, {"query": "SELECT ts\nFROM logs WHERE sevice = 1"})).json()

    assert answer == {
        "error": "there is no column sevice; did you mean service?",
        "code": "wrong_query",
        "language": "SQL",
        "line": 2,
        "column": 17,
        "caret": "  FROM logs WHERE sevice = 1\n                  ^^^^^^",
    }


async def test_an_unknown_form(api: Api) -> None:
    by_name = await post(api, {"query": "SELECT 1"}, f"{PATH}?format=xml")
    by_type = await post(api, {"query": "SELECT 1"}, accept="application/xml")

    assert (by_name.status_code, by_type.status_code) == (400, 406)
    assert "want one of arrow, csv, json, ndjson" in by_name.json()["error"]


async def test_an_export_that_is_too_large_fails_before_it_begins(api: Api) -> None:
    answer = await post(api, {"query": "SELECT number FROM numbers(1001)"}, accept="text/csv")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_client_that_leaves_stops_the_query(api: Api) -> None:
    query = "SELECT count() FROM numbers(1000000000000001)"
    running = (
        "SELECT query FROM system.processes WHERE query LIKE '%1000000000000001%' AND query NOT LIKE '%processes%'"
    )

    async def wait_for(count: int) -> None:
        while (await api.store.client.query(running)).num_rows != count:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(0.01)

    asked = asyncio.create_task(post(api, {"query": query}))
    await wait_for(1)
    asked.cancel()
    await wait_for(0)


async def test_too_many_at_once(api: Api) -> None:
    """Some run, some wait, the others are told to come back later."""
    waiting = [post(api, {"query": "SELECT sleep(0.1)"}) for _ in range(45)]
    answers = await asyncio.gather(*waiting)
    refused = [answer for answer in answers if answer.status_code == 503]

    assert 0 < len(refused) < 45
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert {answer.status_code for answer in answers} == {200, 503}
