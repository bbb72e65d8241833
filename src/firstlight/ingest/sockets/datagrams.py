"""A protocol over UDP: what comes in a tenth of a second is stored together. Nobody is answered.

A datagram that is lost on its way is lost, as UDP has it. One that finds too many before it is dropped, and counted.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Protocol

from firstlight.config.units import ListenAddress
from firstlight.http.listen import ListenError
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.sockets.delivery import Delivery
from firstlight.ingest.sockets.station import SIGNAL, Station
from firstlight.ingest.sockets.stream import peer_of
from firstlight.wire.shippers.gathering import Gathered, Gathering

GATHER_SECONDS: Final = 0.1
QUEUE_FULL: Final = "too many datagrams wait"

RECEIVE_BUFFER: Final = 4 * 1024 * 1024
"""What the kernel is asked to keep for us; it may give less."""

EACH: Final = 128
"""What a datagram costs beside its bytes."""


class Datagrams(Protocol):
    """What a protocol makes of datagrams. It knows no socket, no clock and no store."""

    def take(self, data: bytes, peer: str, now_ns: int, gathering: Gathering) -> None:
        """Gather what is complete with a datagram of a sender."""
        ...


class DatagramServer(asyncio.DatagramProtocol):
    """Listens for the datagrams of one protocol. Belongs to the event loop that it is started in."""

    def __init__(self, protocol: str, datagrams: Datagrams, station: Station) -> None:
        self._protocol = protocol
        self._datagrams = datagrams
        self._station = station
        self._gathering = Gathering(station.book)
        self._delivery = Delivery(protocol, station, acknowledges=False)
        self._queue: list[tuple[bytes, str]] = []
        self._queued = 0
        self._flushing: asyncio.Task[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, address: ListenAddress, setting: str) -> ListenAddress:
        """Listen, and return where; raise `ListenError` if that cannot be. `setting` is what the user can change."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(address.host, address.port)
            )
        except OSError as error:
            raise ListenError(f"cannot listen on {address} (UDP): {error.strerror or error}; set {setting}") from None
        if kernel := self._transport.get_extra_info("socket"):
            kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        host, port = self._transport.get_extra_info("sockname")[:2]
        return ListenAddress(host, port)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep what came until it is stored with others, if there is room."""
        telemetry = self._station.telemetry
        telemetry.received_bytes.add(len(data), self._protocol, SIGNAL)
        if self._queued + len(data) + EACH > self._station.settings.max_datagrams:
            telemetry.rejected_items.add(1, self._protocol, SIGNAL, QUEUE_FULL)
            return
        self._queue.append((data, peer_of(addr)))
        self._queued += len(data) + EACH
        # Each flush is a task of its own: one that stumbles is logged by the loop, and the next is not its concern.
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.ensure_future(self._flush_soon())

    async def stop(self) -> None:
        """Stop listening, and store what is left, unless that takes too long."""
        if self._transport is None:
            return
        self._transport.close()
        if self._flushing and not self._flushing.done():
            _, late = await asyncio.wait({self._flushing}, timeout=self._station.settings.stop_timeout)
            for flushing in late:
                flushing.cancel()

    async def flush(self) -> None:
        """Store what has come so far."""
        loop = asyncio.get_running_loop()
        while self._queue:
            queue, self._queue, self._queued = self._queue, [], 0
            for gathered in await loop.run_in_executor(self._station.workers, self._decode, queue):
                await self._delivery.deliver(gathered)

    async def _flush_soon(self) -> None:
        while self._queue:
            await asyncio.sleep(GATHER_SECONDS)
            await self.flush()

    def _decode(self, queue: list[tuple[bytes, str]]) -> list[Gathered]:
        now_ns = self._station.now_ns()
        found = []
        for data, peer in queue:
            self._datagrams.take(data, peer, now_ns, self._gathering)
            if self._gathering.full:
                found.append(self._gathering.drain(DEFAULT_TENANT, now_ns))
        found.append(self._gathering.drain(DEFAULT_TENANT, now_ns))
        return found
