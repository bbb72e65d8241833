"""Receivers over HTTP: one route for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from firstlight.http.body import Body
from firstlight.ingest.admission import Admission, Ticket
from firstlight.ingest.receiver import Receiver, Reply
from firstlight.ingest.server import Incoming, IngestServer


class HttpDoor:
    """Hands the requests of HTTP routes to the path, and sends what it answers."""

    def __init__(self, ingest: IngestServer, admission: Admission, *, body_seconds: float) -> None:
        self._ingest = ingest
        self._admission = admission
        self._body_seconds = body_seconds

    def route(
        self, path: str, receiver: Receiver[Reply], *, methods: Sequence[str] = ("POST",), default_encoding: str = ""
    ) -> Route:
        """Return the route on which `receiver` is spoken to; a body that names no encoding has `default_encoding`."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(receiver, request, default_encoding)

        return Route(path, endpoint, methods=list(methods))

    async def _answer(self, receiver: Receiver[Reply], request: Request, default_encoding: str) -> Response:
        body = Body(request)
        media_type, parameters = _content_type(request.headers.get("content-type", ""))
        incoming = Incoming(
            read=partial(self._read, body),
            content_type=media_type,
            encoding=request.headers.get("content-encoding", "") or default_encoding,
            parameters=parameters,
            method=request.method,
            path=request.scope.get("raw_path", request.scope["path"].encode()).decode("latin-1"),
            query=dict(request.query_params),
        )
        reply = await self._ingest.answer(receiver, incoming)
        headers = dict(reply.headers)
        if reply.status >= 400 and not await body.drain():
            headers["connection"] = "close"
        return Response(reply.body, reply.status, headers)

    async def _read(self, body: Body, ticket: Ticket) -> bytes:
        limit = self._admission.settings.max_body
        return await body.read(limit=limit, seconds=self._body_seconds, grow=ticket.hold)


def _content_type(header: str) -> tuple[str, Mapping[str, str]]:
    """Return the media type, and its parameters."""
    media_type, *rest = header.split(";")
    pairs = (one.partition("=") for one in rest)
    parameters = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs if name.strip()}
    return media_type.strip().lower(), parameters
