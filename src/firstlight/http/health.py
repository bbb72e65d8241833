"""Whether the server lives, is ready, and what it counts: `/healthz`, `/readyz`, `/metrics`.

It lives as long as it answers. It is ready when nothing stands against it: no phase of starting or stopping, and no
complaint from what the rooms have given to be asked. Each is asked within a time, so a store that hangs is an answer
too, and all are asked at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from firstlight.http.errors import error_response

CHECK_SECONDS: Final = 2.0
"""How long a check may take before that is a complaint of its own."""

Check = Callable[[], Awaitable[str]]
"""Returns what stands against being ready; nothing if nothing does."""

Exposition = Callable[[str], tuple[bytes, str]]
"""Returns all metrics in the best format that an `Accept` header allows, and its content type."""


class Health:
    """What stands against being ready."""

    def __init__(self, phase: str = "starting") -> None:
        self._phase = phase
        self._checks: dict[str, Check] = {}

    def enter(self, phase: str) -> None:
        """Say what the server is doing instead of being ready; nothing, if it is."""
        self._phase = phase

    def watch(self, name: str, check: Check) -> None:
        """Ask `check` from now on."""
        self._checks[name] = check

    async def complaints(self) -> Mapping[str, str]:
        """Return what stands against being ready, by who says so."""
        if self._phase:
            return {"server": self._phase}
        answers = await asyncio.gather(*(_ask(check) for check in self._checks.values()))
        return {name: answer for name, answer in zip(self._checks, answers, strict=True) if answer}


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer in {CHECK_SECONDS:g} s"


def starting_route() -> Route:
    """Return the route that takes the place of all others until these can be answered."""

    async def come_again(request: Request) -> Response:
        words = f"cannot answer {request.url.path} yet: the server is starting; try again"
        return error_response(503, words, {"retry-after": "1"})

    return Route("/{path:path}", come_again, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def health_routes(health: Health, exposition: Exposition) -> list[Route]:
    """Return the routes on which the server speaks about itself."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        complaints = await health.complaints()
        return JSONResponse({"ready": not complaints, "complaints": dict(complaints)}, 503 if complaints else 200)

    async def metrics(request: Request) -> Response:
        # Reading what the operating system knows takes system calls, so not on the event loop.
        body, content_type = await asyncio.to_thread(exposition, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
