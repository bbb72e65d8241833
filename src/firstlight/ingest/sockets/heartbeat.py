"""The heartbeat of Fluentd's forward protocol: a datagram, to be answered with one."""

from __future__ import annotations

import asyncio

from firstlight.config.units import ListenAddress
from firstlight.http.listen import ListenError

BEAT = b"\0"


class HeartbeatServer(asyncio.DatagramProtocol):
    """Answers heartbeats. Belongs to the event loop that it is started in."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, address: ListenAddress, setting: str) -> None:
        """Listen; raise `ListenError` if that cannot be."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(address.host, address.port)
            )
        except OSError as error:
            raise ListenError(f"cannot listen on {address} (UDP): {error.strerror or error}; set {setting}") from None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a heartbeat; never with more than was sent."""
        if data and self._transport:
            self._transport.sendto(BEAT, addr)

    async def stop(self) -> None:
        """Stop listening."""
        if self._transport:
            self._transport.close()
