"""An endpoint of Loki's API: what it is asked, and an answer while the client is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from firstlight.api.exchange.bodies import Body, send_body, success_of
from firstlight.api.exchange.questions import GET, read_question, while_connected
from firstlight.api.loki.asked import Asked
from firstlight.api.loki.faults import refused
from firstlight.errors import UserError
from firstlight.http.accept import media_types

JSON: Final = "application/json; charset=UTF-8"
FLAGS: Final = "x-loki-response-encoding-flags"
CATEGORIZE: Final = "categorize-labels"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an endpoint."""

    asked: Asked
    method: str = "GET"
    in_path: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that have a name."""
    flags: frozenset[str] = frozenset()
    """How the client wants answers to be written, of the ways that Loki knows."""


Handler = Callable[[Question], Awaitable[Body | None]]
"""Returns what to answer, None if that is nothing; raises a UserError."""

Clock = Callable[[], int]
"""Returns the time in nanoseconds since 1970."""


class Endpoint:
    """Answers requests for one path."""

    def __init__(self, now_ns: Clock, handler: Handler, methods: Collection[str] = GET) -> None:
        self._now_ns = now_ns
        self._handler = handler
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if request.method not in self._methods and not (request.method == "HEAD" and "GET" in self._methods):
            await PlainTextResponse("", 405, {"allow": ", ".join(sorted(self._methods))})(scope, receive, send)
            return
        try:
            question = await self._question(request)
        except UserError as error:
            await refused(error)(scope, receive, send)
            return
        packed = "gzip" in media_types(request.headers.get("accept-encoding", ""))
        await while_connected(self._answer(question, scope, receive, send, packed=packed), receive)

    async def _question(self, request: Request) -> Question:
        pairs = await read_question(request)
        flags = frozenset(flag.strip() for flag in request.headers.get(FLAGS, "").split(","))
        return Question(Asked(pairs, self._now_ns()), request.method, request.path_params, flags)

    async def _answer(self, question: Question, scope: Scope, receive: Receive, send: Send, *, packed: bool) -> None:
        try:
            body = await self._handler(question)
        except UserError as error:
            await refused(error)(scope, receive, send)
            return
        if body is None:
            await Response(None, 204)(scope, receive, send)
        else:
            await send_body(body, {}, scope, receive, send, packed=packed)


def route(path: str, endpoint: Endpoint) -> Route:
    """Return the route that leads to an endpoint, whatever the method."""
    return Route(path, endpoint)


def told(value: Any, content_type: str = JSON) -> Body:
    """Return the answer that is `value` as JSON, and nothing around it."""
    return Body(iter([orjson.dumps(value)]), content_type)


def told_of(value: Any) -> Body:
    """Return the answer of a success that has `value` as its data."""
    return replace(success_of(value), content_type=JSON)
