"""How our own API answers, whatever it was asked: in pieces, with one form of errors, and to those who are still there.

An answer runs while its client is connected. Errors that come before its first byte have a status; what fails later
is told within the answer where its form allows that, and by closing the connection where not, so that nobody takes a
part for the whole.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from firstlight.api.exchange.questions import while_connected
from firstlight.errors import QueryError, UserError
from firstlight.http.errors import RequestError
from firstlight.query.faults import QueryFault, Reason

STATUS: Mapping[Reason, HTTPStatus] = MappingProxyType(
    {
        Reason.TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
        Reason.MEMORY: HTTPStatus.UNPROCESSABLE_ENTITY,
        Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Reason.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
        Reason.STOPPED: HTTPStatus.SERVICE_UNAVAILABLE,
        Reason.FAILED: HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""What HTTP calls the reasons for which a query has no answer."""


class NotFound(RequestError):
    """Something asked for by its name, and not there."""

    status = HTTPStatus.NOT_FOUND


class Ambiguous(RequestError):
    """Something asked for by a part of its name that others have too."""

    status = HTTPStatus.CONFLICT


class NotAcceptable(RequestError):
    """An answer asked for in no form that there is."""

    status = HTTPStatus.NOT_ACCEPTABLE


def json_response(value: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as an answer."""
    return Response(orjson.dumps(value) + b"\n", status, dict(headers or {}), "application/json")


def error_response(error: UserError) -> Response:
    """Return the answer that tells what went wrong."""
    headers = {}
    status: int = HTTPStatus.BAD_REQUEST
    if isinstance(error, QueryFault):
        status = STATUS[error.reason]
        if error.retry_after is not None:
            headers["retry-after"] = str(math.ceil(error.retry_after))
    elif isinstance(error, RequestError):
        status = error.status
    return json_response(fault_of(error), status, headers)


def fault_of(error: UserError) -> dict[str, Any]:
    """Return an error as JSON has it: in words, by its code, and of a query also where it is, and drawn."""
    if isinstance(error, QueryError):
        line, column = error.span.line_and_column(error.query)
        place, _, drawn = str(error).partition("\n")
        return {
            "error": place.partition(": ")[2],
            "code": "wrong_query",
            "language": error.language,
            "line": line,
            "column": column,
            "caret": drawn,
        }
    code = str(error.reason) if isinstance(error, QueryFault) else "wrong_request"
    return {"error": str(error), "code": code}


class StreamedAnswer(Response):
    """An answer that is sent as it comes."""

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        content_type: str,
        *,
        headers: Mapping[str, str] | None = None,
        last_words: Callable[[UserError], bytes] | None = None,
        ends_after_them: bool = False,
    ) -> None:
        """Take what to send. `last_words` says within the answer that it failed after it had begun.

        If it `ends_after_them`, they make the answer whole; otherwise the connection is closed before its end.
        """
        super().__init__(headers=dict(headers or {}), media_type=None)
        self.headers["content-type"] = content_type
        del self.headers["content-length"]
        self._pieces = pieces
        self._last_words = last_words
        self._ends_after_them = ends_after_them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, as long as somebody is there to take it."""
        await while_connected(self._send(scope, receive, send), receive)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            try:
                first = await anext(pieces, b"")
            except UserError as error:
                await error_response(error)(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": self.raw_headers})
            await _send_piece(send, first)
            try:
                async for piece in pieces:
                    await _send_piece(send, piece)
            except UserError as error:
                await _send_piece(send, self._last_words(error) if self._last_words else b"")
                if not self._ends_after_them:
                    return  # and the server closes the connection, because the answer has no end
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_piece(send: Send, piece: bytes) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
