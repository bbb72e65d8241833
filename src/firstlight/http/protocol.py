"""HTTP/1.1 connections with the bounds that uvicorn leaves open: headers that never end, clients that never read.

Between requests a connection may be idle for as long as uvicorn's keep-alive says; from the first byte of a request
its headers have to be complete in time and within a size. A client that takes nothing of its answer is cut off.

An offer to upgrade to a WebSocket is taken, and the connection goes to uvicorn's protocol for these. Any other is
declined without a word. Java's HTTP client makes one (``upgrade: h2c``) with requests that have a body, which httptools
takes for the first bytes of the other protocol: such a request is parsed again without it.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from firstlight.http.settings import HttpSettings
from firstlight.telemetry import HttpInstruments

OFFER: Final = frozenset({b"upgrade", b"http2-settings"})
"""The headers that make an offer, and the words in `connection` that name them."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, settings: HttpSettings, telemetry: HttpInstruments, **parts: Any) -> None:
        super().__init__(**parts)
        self._settings = settings
        self._telemetry = telemetry
        self._head_size = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, if there are not too many already."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.max_connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too_many", "too many are open; try again later")
        else:  # as after a request: somebody may open a connection now and use it later
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _cancel(self._head_timer)
        _cancel(self._write_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand what came to the parser, unless it is too much of a head."""
        self._unset_keepalive_if_required()
        between_requests = self._is_between_requests()
        if between_requests and self._head_timer is None:
            self._head_timer = self.loop.call_later(self._settings.header_timeout, self._give_up_on_head)
        self._parse(data)
        if between_requests and self._is_between_requests():
            self._head_size += len(data)
            if self._head_size > self._settings.max_header_size:
                words = f"the headers are larger than {self._settings.max_header_size} bytes; send fewer"
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "large_headers", words)

    def on_headers_complete(self) -> None:
        """Start the request: its head is whole."""
        if self.parser.should_upgrade() and not self._should_upgrade():
            return  # it will be parsed again
        _cancel(self._head_timer)
        self._head_timer = None
        self._head_size = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request's body."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read some time to begin."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._settings.write_timeout, self._give_up_on_reader)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        _cancel(self._write_timer)
        super().resume_writing()

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self.parser.get_method() == b"CONNECT":
                self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "not_http", "it is no proxy")
            elif self._should_upgrade():
                self.handle_websocket_upgrade()
            else:
                head = self._head_without_offer()
                self.parser = httptools.HttpRequestParser(self)
                self._parse(head + data[offer.args[0] :])
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "not_http", "what came is not HTTP/1.1")

    def _head_without_offer(self) -> bytes:
        lines = [b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)]
        for name, value in self.headers:
            if name == b"connection":
                words = (word.strip() for word in value.split(b","))
                lines.append(b"connection: " + b", ".join(word for word in words if word.lower() not in OFFER))
            elif name not in OFFER:
                lines.append(b"%s: %s" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def _is_between_requests(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever its type says
        return cycle is None or cycle.response_complete

    def _give_up_on_head(self) -> None:
        words = f"the headers did not come in {self._settings.header_timeout:g} s"
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "slow_headers", words)

    def _give_up_on_reader(self) -> None:
        self._telemetry.refused_connections.add(1, "slow_reader")
        self.transport.abort()

    def _refuse(self, status: HTTPStatus, reason: str, words: str) -> None:
        if self.transport.is_closing():
            return
        self._telemetry.refused_connections.add(1, reason)
        body = orjson.dumps({"error": f"cannot serve this connection: {words}"})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
