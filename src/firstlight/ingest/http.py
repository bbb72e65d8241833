"""Receivers over HTTP: one route for each."""

from __future__ import annotations

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

    def route(self, path: str, receiver: Receiver[Reply]) -> Route:
        """Return the route on which `receiver` is spoken to."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(receiver, request)

        return Route(path, endpoint, methods=["POST"])

    async def _answer(self, receiver: Receiver[Reply], request: Request) -> Response:
        body = Body(request)
        incoming = Incoming(
            read=partial(self._read, body),
            content_type=request.headers.get("content-type", "").partition(";")[0].strip().lower(),
            encoding=request.headers.get("content-encoding", ""),
        )
        reply = await self._ingest.answer(receiver, incoming)
        headers = dict(reply.headers)
        if reply.status >= 400 and not await body.drain():
            headers["connection"] = "close"
        return Response(reply.body, reply.status, headers)

    async def _read(self, body: Body, ticket: Ticket) -> bytes:
        limit = self._admission.settings.max_body
        return await body.read(limit=limit, seconds=self._body_seconds, grow=ticket.hold)
