"""Traces over HTTP: the newest, those that one looks for, and one of them whole."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from firstlight.model.batch import Batch
from tests.api.conftest import Api
from tests.query.world import BEGIN_NS, SECOND, TRACE_ID, TRACES, columns, trace_id

pytestmark = pytest.mark.anyio

PATH = "/api/firstlight/v1/traces"


async def get(api: Api, path: str = "", **parameters: Any) -> httpx.Response:
    """Return the answer to a request."""
    async with httpx.AsyncClient(base_url=api.url) as client:
        return await client.get(PATH + path, params=parameters)


async def test_a_summary(api: Api) -> None:
    answer = (await get(api, error="true", limit=1)).json()

    assert answer["traces"] == [
        {
            "trace_id": trace_id(50).hex(),
            "ts": "2024-10-04T11:59:50.000000000Z",
            "root_service": "shop",
            "root_name": "GET /checkout",
            "duration_ms": 40.05,
            "spans": 3,
            "errors": 2,
            "services": ["cart", "payments", "shop"],
        }
    ]
    assert answer["more"] is True


FOUND = [
    # what               parameters                                                  how many      the first
    ("the newest",       {},                                                         20,           TRACES - 1),
    ("all",              {"limit": 1000},                                            TRACES,       TRACES - 1),
    ("those that fail",  {"error": "1"},                                             TRACES // 10, 50),
    ("of a service",     {"service": "payments", "limit": 1000},                     TRACES,       TRACES - 1),
    ("of no service",    {"service": "nobody"},                                      0,            None),
    ("by name",          {"name": "charge", "limit": 1000},                          TRACES,       TRACES - 1),
    ("of no name",       {"name": "char"},                                           0,            None),
    ("slow ones",        {"min_duration": "40.055ms", "limit": 1000},                5,            TRACES - 1),
    ("since a while",    {"since": "10s"},                                           10,           TRACES - 1),
    ("until a time",     {"until": "2024-10-04T11:59:05Z"},                          5,            4),
    ("all at once",      {"service": "cart", "error": "true", "min_duration": "1ms", "since": "30s"}, 3, 50),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "count", "first"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
async def test_finds(api: Api, parameters: dict[str, Any], count: int, first: int | None) -> None:
    traces = (await get(api, **parameters)).json()["traces"]

    assert len(traces) == count
    assert (traces[0]["trace_id"] if traces else None) == (None if first is None else trace_id(first).hex())


async def test_one_of_them(api: Api) -> None:
    """All its spans, in the order of time, with what happened in them."""
    answer = (await get(api, f"/{TRACE_ID}")).json()

    assert (answer["trace_id"], answer["more"]) == (TRACE_ID, False)
    assert [span["name"] for span in answer["spans"]] == ["GET /checkout", "add", "charge"]
    assert answer["spans"][2] == {
        "ts": "2024-10-04T11:59:00.020000000Z",
        "service": "payments",
        "name": "charge",
        "kind": "client",
        "duration_ms": 9,
        "status": "error",
        "status_message": "card declined",
        "span_id": "0000000000000003",
        "parent_span_id": "0000000000000001",
        "attributes": {"http.route": "/checkout", "user": "0"},
        "events": [
            {
                "ts": "2024-10-04T11:59:00.021000000Z",
                "name": "exception",
                "attributes": {"exception.type": "CardDeclined", "exception.message": "no money"},
            }
        ],
        "links": [],
    }


ASKED = [
    # what                    path                    status  words
    ("in capitals",           f"/{trace_id(9).hex().upper()}", 200, trace_id(9).hex()),
    ("by no digits",          "/xyz",                 400,    "cannot read the trace id 'xyz'; want up to 32 hexadecimal digits"),
    ("by too many",           f"/{'0' * 33}",         400,    "want up to 32 hexadecimal digits"),
    ("that is not there",     f"/{'f' * 32}",         404,    f"there is no trace {'f' * 32}; it may be too old"),
    ("that begins so",        "/ffff",                404,    "there is no trace that begins with ffff"),
    ("by a part",             f"/{TRACE_ID[:31]}",    409,    "several traces begin with"),
    ("by a part of many",     "/0",                   409,    "and others; give more of the id"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status", "words"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
async def test_asks_for_one(api: Api, path: str, status: int, words: str) -> None:
    answer = await get(api, path)

    assert answer.status_code == status
    assert words in answer.text


REFUSED = [
    # what            parameters                  error
    ("a parameter",   {"servce": "x"},            'did you mean "service"?'),
    ("a duration",    {"min_duration": "5"},      'cannot read "min_duration"'),
    ("a flag",        {"error": "maybe"},         "want true or false"),
    ("a limit",       {"limit": "1001"},          "want a number from 1 to 1000"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(api: Api, parameters: dict[str, Any], error: str) -> None:
    answer = await get(api, **parameters)

    assert answer.status_code == 400
    assert error in answer.json()["error"]


async def test_a_beginning_that_no_other_has_is_enough(api: Api) -> None:
    row = {"ts": BEGIN_NS - SECOND, "service": "shop", "trace_id": bytes.fromhex("abcd" * 8), "span_id": b"12345678"}
    await api.store.writer.append(Batch({"spans": columns("spans", iter([row]))}, items=1))
    answer = await get(api, "/ABC")

    assert answer.json()["trace_id"] == "abcd" * 8
