"""HTTP/1.1 as a sender needs it: one connection, one request at a time, as little work as can be.

A server that refuses may answer before it has read the body, and may close after that. So the answer is awaited from
the moment the request begins, and its connection is opened anew if the server does not keep it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bench.load.plan import NO_ANSWER

HEAD_LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one request."""

    status: str
    delay: float | None = None
    """When to come again, if it said so."""
    body: bytes = b""


@dataclass(slots=True)
class Connection:
    """A connection that sends to one path, kept open between requests."""

    address: str
    path: str
    content_type: str
    content_encoding: str = ""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, init=False)

    async def post(self, body: bytes | bytearray) -> Answer:
        """Send one request and return its answer."""
        try:
            reader, writer = self._streams or await self._open()
            writer.write(self._head(len(body)))
            writer.write(body)
            return await self._answer(reader)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            await self.close()
            return Answer(NO_ANSWER)

    async def close(self) -> None:
        """Close the connection, if it is open."""
        if self._streams:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self.address.rpartition(":")
        self._streams = await asyncio.open_connection(host, int(port), limit=HEAD_LIMIT)
        return self._streams

    def _head(self, size: int) -> bytes:
        encoding = f"content-encoding: {self.content_encoding}\r\n" if self.content_encoding else ""
        return (
            f"POST {self.path} HTTP/1.1\r\nhost: {self.address}\r\ncontent-type: {self.content_type}\r\n"
            f"{encoding}content-length: {size}\r\n\r\n"
        ).encode()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            await self.close()
        delay = headers.get("retry-after")
        return Answer(first.split(" ", 2)[1], float(delay) if delay else None, body)
