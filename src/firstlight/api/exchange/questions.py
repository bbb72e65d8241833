"""Questions over HTTP: parameters of the query and of forms, and work that ends when the one who asked is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Receive

from firstlight.errors import brief
from firstlight.http.body import read_body
from firstlight.http.errors import RequestError

MAX_FORM: Final = 10 * 1024**2
FORM_SECONDS: Final = 30.0
FORM: Final = "application/x-www-form-urlencoded"
WITH_FORM: Final = ("POST", "PUT", "PATCH")
"""The methods whose body may be a form."""

GET: Final = ("GET",)
GET_OR_POST: Final = ("GET", "POST")


async def read_question(request: Request) -> list[tuple[str, str]]:
    """Return the names and values that a request asks by: those of its form, then those of its query string.

    Raise RequestError if either cannot be read.
    """
    pairs = read_pairs(request.scope["query_string"])
    return [*await _form(request), *pairs] if request.method in WITH_FORM else pairs


def read_pairs(text: bytes) -> list[tuple[str, str]]:
    """Return the names and values of a query string or a form."""
    try:
        return parse_qsl(text.decode(errors="replace"), keep_blank_values=True, errors="replace")
    except ValueError as error:
        raise RequestError(f"error parsing form values: {error}") from None


async def while_connected(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Do `work`, as long as somebody is there to take what comes of it. The request has been read to its end."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (leaving, working):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _form(request: Request) -> list[tuple[str, str]]:
    body = await read_body(request, limit=MAX_FORM, seconds=FORM_SECONDS)
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if body and kind != FORM:
        raise RequestError(f"cannot read a form of the content type {brief(kind)}; want {FORM}")
    return read_pairs(body)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
