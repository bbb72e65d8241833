"""No page in a browser gets at the server: by which names it may be called, and from which pages."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.http.serving import serving

pytestmark = pytest.mark.anyio

HEADERS = [
    # what                          headers                                                       status  answer
    ("by address",                  {"host": "127.0.0.1:1610"},                                   200,    "here"),
    ("by IPv6 address",             {"host": "[::1]:1610"},                                       200,    "here"),
    ("by name",                     {"host": "localhost"},                                        200,    "here"),
    ("by a name under localhost",   {"host": "firstlight.localhost:1610"},                        200,    "here"),
    ("by a name that leads here",   {"host": "evil.example:1610"},                                421,    "cannot answer for the host 'evil.example:1610'; want localhost or another name of loopback"),
    ("by a name with loopback",     {"host": "127.0.0.1.evil.example"},                           421,    "cannot answer for the host '127.0.0.1.evil.example'"),
    ("by another address",          {"host": "192.0.2.1:1610"},                                   421,    "cannot answer for the host '192.0.2.1:1610'"),
    ("by no name",                  {"host": ""},                                                 421,    "cannot answer for the host ''"),
    ("by nonsense",                 {"host": "[::1"},                                             421,    "cannot answer for the host '[::1'"),
    ("from a page of our own",      {"host": "localhost", "origin": "http://localhost:1610"},     200,    "here"),
    ("from a page elsewhere",       {"host": "localhost", "origin": "https://evil.example"},      403,    "cannot answer a page of 'https://evil.example'; want one of localhost"),
    ("from a page without origin",  {"host": "localhost", "origin": "null"},                      403,    "cannot answer a page of 'null'"),
]  # fmt: skip


async def here(request: Request) -> PlainTextResponse:
    return PlainTextResponse("here")


@pytest.mark.parametrize(("headers", "status", "answer"), [row[1:] for row in HEADERS], ids=[row[0] for row in HEADERS])
async def test_who_is_answered(headers: dict[str, str], status: int, answer: str) -> None:
    async with serving([Route("/", here)]) as server, httpx.AsyncClient() as client:
        got = await client.get(server.url, headers=headers)

    assert got.status_code == status
    assert answer in (got.text if status == 200 else got.json()["error"])


async def test_nothing_is_allowed_across_origins() -> None:
    asking = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    async with serving([Route("/", here)]) as server, httpx.AsyncClient() as client:
        got = await client.options(server.url, headers=asking)

    assert got.status_code == 405
    assert not [name for name in got.headers if name.startswith("access-control")]
