"""No page in a browser gets at a server that asks for no password.

Such a server listens on loopback only, but a browser on the same machine is on loopback too. So the name by which it
is called has to be one of loopback (else it is a name of the attacker's that leads here: DNS rebinding), and so has the
page, if a page sent the request. Nothing is allowed across origins.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from firstlight.config.units import ListenAddress
from firstlight.errors import brief
from firstlight.http.errors import error_response


class LoopbackGuard:
    """Lets through what was meant for this machine and comes from it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host"), headers.get("origin")
        # A client that names no host or no origin is no browser.
        if host is not None and not is_loopback(f"//{host}"):
            words = f"cannot answer for the host {brief(host)}; want localhost or another name of loopback"
            await error_response(HTTPStatus.MISDIRECTED_REQUEST, words)(scope, receive, send)
        elif origin is not None and not is_loopback(origin):
            words = f"cannot answer a page of {brief(origin)}; want one of localhost"
            await error_response(HTTPStatus.FORBIDDEN, words)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_loopback(url: str) -> bool:
    """Return whether the host in `url` can only be this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host.endswith(".localhost") or ListenAddress(host, 0).is_loopback
