"""Log records over HTTP: which are found, in what order, and what is told of a question that makes no sense."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Api
from tests.query.world import TRACE_ID, TRACES

pytestmark = pytest.mark.anyio

PATH = "/api/firstlight/v1/logs"


async def get(api: Api, **parameters: Any) -> httpx.Response:
    """Return the answer to a request."""
    async with httpx.AsyncClient(base_url=api.url) as client:
        return await client.get(PATH, params=parameters)


async def test_a_record(api: Api) -> None:
    answer = (await get(api, level="error", limit=1, order="oldest")).json()

    assert answer["logs"] == [
        {
            "ts": "2024-10-04T11:59:00.025000000Z",
            "service": "payments",
            "level": "error",
            "severity": 17,
            "body": "card declined for user 0",
            "trace_id": TRACE_ID,
            "span_id": "0000000000000003",
            "attributes": {"user": "0"},
            "event_name": "",
        }
    ]
    assert answer["more"] is True


FOUND = [
    # what                 parameters                                                        how many       the first
    ("the newest",         {},                                                               100,           "charge for user 59"),
    ("a few",              {"limit": 2},                                                     2,             "charge for user 59"),
    ("the oldest",         {"order": "oldest"},                                              100,           "listening on :8000\nwith two lines"),
    ("all",                {"limit": 1000},                                                  3 * TRACES + 1, "charge for user 59"),
    ("of a service",       {"service": "cart", "limit": 1000},                               TRACES,        "add for user 59"),
    ("of no service",      {"service": "nobody"},                                            0,             None),
    ("errors",             {"level": "error"},                                               TRACES // 10,  "card declined for user 50"),
    ("warnings and above", {"level": "WARN"},                                                TRACES // 10,  "card declined for user 50"),
    ("info and above",     {"level": "info", "limit": 1000},                                 3 * TRACES,    "charge for user 59"),
    ("with words",         {"contains": "DECLINED for"},                                     TRACES // 10,  "card declined for user 50"),
    ("with no pattern",    {"contains": "%"},                                                0,             None),
    ("with a quote",       {"contains": "' OR 1=1 --"},                                      0,             None),
    ("of a trace",         {"trace_id": TRACE_ID.upper()},                                   3,             "card declined for user 0"),
    ("since a while",      {"since": "10s", "limit": 1000},                                  30,            "charge for user 59"),
    ("since a time",       {"since": "2024-10-04T11:59:50Z", "limit": 1000},                 30,            "charge for user 59"),
    ("since a second",     {"since": "1728043190", "limit": 1000},                           30,            "charge for user 59"),
    ("since a nanosecond", {"since": "1728043190000000000", "limit": 1000},                  30,            "charge for user 59"),
    ("until a time",       {"until": "2024-10-04T11:59:01+00:00"},                           4,             "card declined for user 0"),
    ("between",            {"since": "2024-10-04T11:59:10", "until": "2024-10-04T11:59:11"}, 3,             "card declined for user 10"),
    ("all at once",        {"service": "payments", "level": "error", "contains": "user 2", "since": "1h"}, 1, "card declined for user 20"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "count", "first"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
async def test_finds(api: Api, parameters: dict[str, Any], count: int, first: str | None) -> None:
    answer = await get(api, **parameters)
    logs = answer.json()["logs"]

    assert answer.headers["content-type"] == "application/json"
    assert len(logs) == count
    assert (logs[0]["body"] if logs else None) == first


async def test_the_order_is_that_of_time(api: Api) -> None:
    for order, sign in (("newest", -1), ("oldest", 1)):
        times = [log["ts"] for log in (await get(api, order=order, limit=1000)).json()["logs"]]
        assert times == sorted(times)[::sign]


async def test_whether_there_are_more(api: Api) -> None:
    assert (await get(api, service="cart", limit=TRACES)).json()["more"] is False
    assert (await get(api, service="cart", limit=TRACES - 1)).json()["more"] is True


REFUSED = [
    # what                 parameters                    error
    ("a parameter",        {"sevice": "x"},              'unknown parameter "sevice"; did you mean "service"?'),
    ("a level",            {"level": "eror"},            'unknown level "eror"; did you mean "error"?'),
    ("an order",           {"order": "random"},          'cannot read "order"'),
    ("a limit",            {"limit": "many"},            'cannot read "limit": \'many\'; want a number from 1 to 10000'),
    ("no limit",           {"limit": "0"},               "want a number from 1 to 10000"),
    ("too high a limit",   {"limit": "10001"},           "want a number from 1 to 10000"),
    ("a time",             {"since": "yesterday"},       'cannot read "since": \'yesterday\'; want how long ago'),
    ("a time long gone",   {"since": "100y"},            'cannot read "since"'),
    ("a trace id",         {"trace_id": "xyz"},          "cannot read the id 'xyz'; want 32 hexadecimal digits"),
    ("twice",              {"level": ["info", "warn"]},  'cannot use the parameter "level" more than once'),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refuses(api: Api, parameters: dict[str, Any], error: str) -> None:
    answer = await get(api, **parameters)

    assert answer.status_code == 400
    assert error in answer.json()["error"]
