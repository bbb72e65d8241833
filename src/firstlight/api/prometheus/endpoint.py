"""An endpoint of Prometheus' API: who may ask it how, what it is asked, and an answer while the client is there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from firstlight.api.prometheus.asked import Asked
from firstlight.api.prometheus.bodies import Body, send_body
from firstlight.api.prometheus.faults import refused
from firstlight.errors import UserError, brief
from firstlight.http.accept import media_types
from firstlight.http.body import read_body
from firstlight.http.errors import RequestError

MAX_FORM: Final = 10 * 1024**2
FORM_SECONDS: Final = 30.0
FORM: Final = "application/x-www-form-urlencoded"
WITH_FORM: Final = ("POST", "PUT", "PATCH")

GET: Final = ("GET",)
GET_OR_POST: Final = ("GET", "POST")
POST_OR_PUT: Final = ("POST", "PUT")

CORS: Final[Mapping[str, str]] = {
    "access-control-allow-headers": "Accept, Authorization, Content-Type, Origin",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-expose-headers": "Date",
    "vary": "Origin",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an endpoint."""

    asked: Asked
    in_path: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that have a name."""
    accept: str = ""
    """The answers that the client understands, as it says."""


Handler = Callable[[Question], Awaitable[Body | None]]
"""Returns what to answer, None if that is nothing; raises a UserError."""


@dataclass(frozen=True, slots=True)
class Common:
    """What all endpoints need."""

    now_ms: Callable[[], int]
    cors_origin: re.Pattern[str] = re.compile(".*")
    """The origins whose pages may read answers, of those that get here at all."""

    def cors(self, origin: str | None) -> Mapping[str, str]:
        """Return the headers that tell a page whether it may read the answer."""
        if not origin:
            return {}
        if self.cors_origin.pattern == ".*":
            return {**CORS, "access-control-allow-origin": "*"}
        if self.cors_origin.fullmatch(origin):
            return {**CORS, "access-control-allow-origin": origin}
        return CORS


class Endpoint:
    """Answers requests for one path, with whatever method."""

    def __init__(
        self,
        common: Common,
        handler: Handler,
        methods: Collection[str] = GET,
        *,
        refuse: Callable[[UserError], Response] = refused,
    ) -> None:
        self._common = common
        self._handler = handler
        self._methods = methods
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        headers = self._common.cors(request.headers.get("origin"))
        if request.method == "OPTIONS":
            await Response(None, 204, headers)(scope, receive, send)
        elif request.method not in self._methods:
            await not_allowed(self._methods)(scope, receive, send)
        else:
            try:
                question = await self._question(request)
            except RequestError as error:
                await self._refusal(error, headers)(scope, receive, send)
                return
            packed = "gzip" in media_types(request.headers.get("accept-encoding", ""))
            await while_connected(self._answer(question, headers, scope, receive, send, packed=packed), receive)

    async def _question(self, request: Request) -> Question:
        pairs = read_pairs(request.scope["query_string"])
        if request.method in WITH_FORM:
            pairs = [*await _form(request), *pairs]
        return Question(Asked(pairs, self._common.now_ms()), request.path_params, request.headers.get("accept", ""))

    async def _answer(
        self,
        question: Question,
        headers: Mapping[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        packed: bool,
    ) -> None:
        try:
            body = await self._handler(question)
        except UserError as error:
            await self._refusal(error, headers)(scope, receive, send)
            return
        if body is None:
            await Response(None, 204, headers)(scope, receive, send)
        else:
            await send_body(body, headers, scope, receive, send, packed=packed)

    def _refusal(self, error: UserError, headers: Mapping[str, str]) -> Response:
        response = self._refuse(error)
        response.headers.update(headers)
        return response


def route(path: str, endpoint: Endpoint) -> Route:
    """Return the route that leads to an endpoint, whatever the method."""
    return Route(path, endpoint)


def not_allowed(methods: Collection[str]) -> Response:
    """Return the answer to a method that is none of `methods`."""
    return PlainTextResponse("Method Not Allowed\n", 405, {"allow": ", ".join(sorted((*methods, "OPTIONS")))})


def read_pairs(text: bytes) -> list[tuple[str, str]]:
    """Return the names and values of a query string or a form."""
    try:
        return parse_qsl(text.decode(errors="replace"), keep_blank_values=True, errors="replace")
    except ValueError as error:
        raise RequestError(f"error parsing form values: {error}") from None


async def _form(request: Request) -> list[tuple[str, str]]:
    body = await read_body(request, limit=MAX_FORM, seconds=FORM_SECONDS)
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if body and kind != FORM:
        raise RequestError(f"cannot read a form of the content type {brief(kind)}; want {FORM}")
    return read_pairs(body)


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


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
