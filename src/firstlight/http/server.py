"""uvicorn, started and stopped by us: several sockets, one application, nothing printed or signalled by itself.

A stop is graceful: nothing new is accepted, idle connections are closed, requests under way finish, and what has not
finished in time is cancelled. `force` ends the wait.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from firstlight.http.protocol import BoundedProtocol
from firstlight.http.settings import HttpSettings
from firstlight.telemetry import HttpInstruments

MAX_MESSAGE: Final = 64 * 1024
"""How many bytes a client may send in one message over a WebSocket, on which we do the talking."""


class HttpServer:
    """Answers on every socket it is given with one application."""

    def __init__(
        self, app: ASGIApp, sockets: Sequence[socket.socket], settings: HttpSettings, telemetry: HttpInstruments
    ) -> None:
        config = uvicorn.Config(
            app,
            # uvicorn calls what it is given with keywords to make a protocol, so a partial class does as well.
            http=cast(type[asyncio.Protocol], partial(BoundedProtocol, settings, telemetry)),
            ws=WebSocketConnection,
            ws_max_size=MAX_MESSAGE,
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            workers=1,
            log_config=None,
            access_log=settings.access_log,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=math.ceil(settings.idle_timeout),
            timeout_graceful_shutdown=math.ceil(settings.stop_timeout),
        )
        self._server = _QuietServer(config)
        self._sockets = list(sockets)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once connections are accepted."""
        self._serving = asyncio.create_task(self._server.serve(sockets=self._sockets), name="http server")
        accepting = asyncio.create_task(self._server.accepting.wait())
        await asyncio.wait((self._serving, accepting), return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            accepting.cancel()
            self._serving.result()

    async def stop(self) -> None:
        """Return once every connection is closed."""
        self._server.leave()
        if self._serving is not None:
            await self._serving

    def force(self) -> None:
        """Wait for nobody any longer."""
        self._server.force_exit = True
        self._server.leave()


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A connection that has become a WebSocket, or was declined to be one, which is not an error to be logged."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True  # uvicorn forgets it for an answer in plain HTTP, and complains of that


class _QuietServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()
        self.leaving = asyncio.Event()

    def leave(self) -> None:
        """Begin to stop."""
        self.should_exit = True
        self.leaving.set()

    async def main_loop(self) -> None:
        """Tell the time once a second, which is all there is to do, until it is time to leave."""
        tenths = 0
        while not await self.on_tick(tenths):
            tenths += 10
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.leaving.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when connections are accepted."""
        await super().startup(sockets)
        self.accepting.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `app`, which has more to stop than this."""
        yield
