"""What every route answers alike when something goes wrong."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from firstlight.errors import UserError
from firstlight.http.errors import BodyTooLarge
from tests.http.serving import serving

pytestmark = pytest.mark.anyio


async def here(request: Request) -> Response:
    return PlainTextResponse("here")


async def complain(request: Request) -> Response:
    raise UserError("cannot do that; want something else")


async def refuse(request: Request) -> Response:
    raise BodyTooLarge("cannot take so much")


async def break_down(request: Request) -> Response:
    raise ZeroDivisionError("a secret of the server")


ROUTES = [Route("/here", here), Route("/complain", complain), Route("/refuse", refuse), Route("/bug", break_down)]

ANSWERS = [
    # what                      method   path         status  error
    ("nothing there",           "GET",   "/nowhere",  404,    "cannot find /nowhere; there is nothing here"),
    ("a slash too many",        "GET",   "/here/",    404,    "cannot find /here/; there is nothing here"),
    ("another method",          "POST",  "/here",     405,    "cannot POST /here; want GET, HEAD"),
    ("an error for the user",   "GET",   "/complain", 400,    "cannot do that; want something else"),
    ("one with its own status", "GET",   "/refuse",   413,    "cannot take so much"),
    ("a bug",                   "GET",   "/bug",      500,    "cannot answer: the server has a bug; its log tells more"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "error"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
async def test_errors_are_json(method: str, path: str, status: int, error: str) -> None:
    async with serving(ROUTES) as server, httpx.AsyncClient() as client:
        got = await client.request(method, server.url + path)

    assert (got.status_code, got.json()) == (status, {"error": error})


async def test_a_bug_is_logged_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(ROUTES) as server, httpx.AsyncClient() as client:
        await client.get(f"{server.url}/bug")
        faults = server.counted("firstlight_http_faults")

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "cannot answer GET /bug"
    ]
    assert faults == {(): 1}


async def test_requests_are_counted_by_route_and_status() -> None:
    async with serving(ROUTES) as server, httpx.AsyncClient() as client:
        for path in ("/here", "/here", "/complain", "/nowhere/1", "/nowhere/2"):
            await client.get(server.url + path)
        counted = server.counted("firstlight_http_requests")

    assert counted == {("/here", "200"): 2, ("/complain", "400"): 1, ("", "404"): 2}


async def test_no_answer_says_what_the_server_is_made_of() -> None:
    async with serving(ROUTES) as server, httpx.AsyncClient() as client:
        got = await client.get(f"{server.url}/here")

    assert "server" not in got.headers
