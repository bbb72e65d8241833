"""Whether the server is well, and a reload of its configuration, under the paths that Prometheus has for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final, Protocol

from starlette.routing import Route

from firstlight.api.exchange.bodies import Body, text
from firstlight.api.prometheus.endpoint import POST_OR_PUT, Common, Endpoint, Question, route
from firstlight.api.prometheus.faults import refused_in_text
from firstlight.errors import UserError
from firstlight.http.errors import RequestError

GET_OR_HEAD: Final = ("GET", "HEAD")

Reload = Callable[[], Awaitable[None]]
"""Reads the configuration again; raises a UserError, and leaves everything as it was, if it cannot be used."""


class Complaining(Protocol):
    """What knows whether the server is ready: `http.health.Health`."""

    async def complaints(self) -> object:
        """Return what stands against it; something empty if nothing does."""
        ...


class NotReady(RequestError):
    """A server that is starting, or stopping, or whose store does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class NotReloaded(RequestError):
    """A configuration that cannot be used."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class NotEnabled(RequestError):
    """What is not to be done by a request."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("Lifecycle API is not enabled.")


def lifecycle_routes(common: Common, health: Complaining, reload: Reload | None) -> Sequence[Route]:
    """Return the routes of both; without a `reload` it is refused. To stop the server by a request always is."""

    async def healthy(question: Question) -> Body:
        return text("Prometheus Server is Healthy.\n")

    async def ready(question: Question) -> Body:
        if await health.complaints():
            raise NotReady("Service Unavailable")
        return text("Prometheus Server is Ready.\n")

    async def reloaded(question: Question) -> Body:
        if reload is None:
            raise NotEnabled
        try:
            await reload()
        except UserError as error:
            raise NotReloaded(f"failed to reload config: {error}") from None
        return text("")

    async def quit_(question: Question) -> Body:
        raise NotEnabled

    return [
        route("/-/healthy", Endpoint(common, healthy, GET_OR_HEAD, refuse=refused_in_text)),
        route("/-/ready", Endpoint(common, ready, GET_OR_HEAD, refuse=refused_in_text)),
        route("/-/reload", Endpoint(common, reloaded, POST_OR_PUT, refuse=refused_in_text)),
        route("/-/quit", Endpoint(common, quit_, POST_OR_PUT, refuse=refused_in_text)),
    ]
