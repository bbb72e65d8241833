"""One ASGI application from the routes of many rooms: who may ask, and what is answered if something goes wrong.

Every failure has the same form, JSON with one "error"; what nobody expected is logged once, counted, and told to the
client in a few words without a traceback.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firstlight.errors import UserError
from firstlight.http.errors import RequestError, error_response
from firstlight.http.guard import LoopbackGuard
from firstlight.telemetry import HttpInstruments

INTERNAL_ERROR = "cannot answer: the server has a bug; its log tells more"
STOPPING = "cannot answer: the server is stopping; send it again"

_log = logging.getLogger(__name__)


class Application:
    """Answers on routes, to this machine only, and is where every request over HTTP ends."""

    def __init__(self, routes: Sequence[BaseRoute], telemetry: HttpInstruments) -> None:
        self._telemetry = telemetry
        self._app: ASGIApp
        self.serve(routes)

    def serve(self, routes: Sequence[BaseRoute]) -> None:
        """Answer on these routes from now on, and on no others."""
        app = Starlette(
            routes=list(routes),
            middleware=[Middleware(LoopbackGuard)],
            exception_handlers={HTTPException: _http_error, UserError: _user_error, Exception: _bug},
        )
        app.router.redirect_slashes = False
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except asyncio.CancelledError:
            # Only a stop that has waited long enough does that. What was under way may be sent again.
            if not status:
                await error_response(503, STOPPING, {"retry-after": "1"})(scope, receive, watch)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception:  # a door: the answer is already given by `_bug`, if none had begun
            _log.exception("cannot answer %s %s", scope.get("method"), scope.get("path"))
            self._telemetry.faults.add(1)
        finally:
            route = scope.get("route")
            self._telemetry.requests.add(1, route.path if isinstance(route, Route) else "", str(status or ""))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    allowed = ", ".join(sorted((error.headers or {}).get("Allow", "another method").split(", ")))
    words = {
        404: f"cannot find {request.url.path}; there is nothing here",
        405: f"cannot {request.method} {request.url.path}; want {allowed}",
    }
    return error_response(error.status_code, words.get(error.status_code, error.detail), error.headers)


async def _user_error(request: Request, error: Exception) -> Response:
    return error_response(error.status if isinstance(error, RequestError) else 400, str(error))


async def _bug(request: Request, error: Exception) -> Response:
    return error_response(500, INTERNAL_ERROR)
