"""An endpoint of Prometheus' API: who may ask it how, what it is asked, and an answer while the client is there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from firstlight.api.exchange.bodies import Body, send_body
from firstlight.api.exchange.questions import GET, read_question, while_connected
from firstlight.api.prometheus.asked import Asked
from firstlight.api.prometheus.faults import refused
from firstlight.errors import UserError
from firstlight.http.accept import media_types
from firstlight.http.errors import RequestError

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
        pairs = await read_question(request)
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
