"""The body of a request, read within a limit and a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request

from firstlight.http.errors import BodyCutShort, BodyTooLarge, BodyTooSlow, RequestError

DRAIN_SECONDS: Final = 5.0
"""How long a body that is not wanted may still come, so that its sender gets to read why."""

DRAIN_BYTES: Final = 256 * 1024 * 1024
"""How much of it may still come."""


class Body:
    """The body of one request: read it once, or drain it, or both."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._ended = False
        # The protocol has let nothing but digits through.
        self._announced = int(request.headers.get("content-length") or 0)

    async def read(self, *, limit: int, seconds: float, grow: Callable[[int], None]) -> bytes:
        """Return the body as it was sent; raise a `RequestError` if it is too large, too slow or cut short.

        `grow` is told how many bytes will be held, before they are, and may raise to refuse them: all at once if the
        client says how many they are, else piece by piece.
        """
        _check(self._announced, limit)
        grow(self._announced)
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(seconds):
                async for piece in self._pieces():
                    size += len(piece)
                    if size > self._announced:
                        _check(size, limit)
                        grow(len(piece))
                    pieces.append(piece)
        except TimeoutError:
            words = f"cannot wait any longer for the body: {size} bytes came in {seconds:g} s; send smaller requests"
            raise BodyTooSlow(words) from None
        except ClientDisconnect:
            raise BodyCutShort(f"cannot read the body: the client left after {size} bytes") from None
        return b"".join(pieces)

    async def drain(self) -> bool:
        """Read and forget what is left, and return whether the end came.

        A client that is still sending may otherwise see its connection reset, and never the answer. One that waits to
        be told to continue need not be.
        """
        if self._announced > DRAIN_BYTES or "expect" in self._request.headers:
            return self._ended
        size = 0
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                async for piece in self._pieces():
                    size += len(piece)
                    if size > DRAIN_BYTES:
                        return False
        except (TimeoutError, ClientDisconnect):
            return False
        return True

    async def _pieces(self) -> AsyncIterator[bytes]:
        while not self._ended:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            self._ended = not message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece


async def read_body(
    request: Request, *, limit: int, seconds: float, grow: Callable[[int], None] = lambda size: None
) -> bytes:
    """Return the body, as `Body.read` does; if that is refused, what is left of it is drained first."""
    body = Body(request)
    try:
        return await body.read(limit=limit, seconds=seconds, grow=grow)
    except RequestError:
        await body.drain()
        raise


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLarge(f"cannot take a body of more than {limit} bytes; send smaller requests")
