"""A protocol over TCP or TLS: a socket that listens, and a connection for each sender."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Final

from firstlight.config.units import ListenAddress
from firstlight.http.listen import bound_address, open_socket
from firstlight.ingest.refusal import Cause
from firstlight.ingest.sockets.connection import Connection
from firstlight.ingest.sockets.reader import PatientReader
from firstlight.ingest.sockets.station import SIGNAL, Station
from firstlight.wire.shippers.dialogue import Dialogue

HANDSHAKE_SECONDS: Final = 10.0

BUFFER: Final = 32 * 1024
"""Above twice so many bytes that wait to be read, no more are taken from the kernel."""

MakeDialogue = Callable[[str], Dialogue]
"""Returns what is said on a new connection, given the address of the sender, which is empty if it is this machine."""


class StreamServer:
    """Listens for the senders of one protocol. Belongs to the event loop that it is started in."""

    def __init__(self, protocol: str, make: MakeDialogue, station: Station) -> None:
        self._protocol = protocol
        self._make = make
        self._station = station
        self._server: asyncio.Server | None = None
        self._connections: dict[Connection, asyncio.Task[None]] = {}

    async def start(self, address: ListenAddress, setting: str, context: ssl.SSLContext | None = None) -> ListenAddress:
        """Listen, and return where; raise `ListenError` if that cannot be. `setting` is what the user can change."""
        listener = open_socket(address, setting)
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.StreamReaderProtocol:
            reader = PatientReader(limit=BUFFER, loop=loop)
            return asyncio.StreamReaderProtocol(reader, partial(self._serve, reader), loop=loop)

        timeout = HANDSHAKE_SECONDS if context else None
        self._server = await loop.create_server(protocol, sock=listener, ssl=context, ssl_handshake_timeout=timeout)
        return bound_address(listener)

    async def stop(self) -> None:
        """Listen no more, and return when what was read is stored and answered, or that takes too long."""
        if self._server is None:
            return
        self._server.close()
        for connection in self._connections:
            connection.stop()
        tasks = set(self._connections.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._station.settings.stop_timeout)
            for task in late:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, reader: PatientReader, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._station.budget.enter():
            self._station.telemetry.requests.add(1, self._protocol, SIGNAL, Cause.OVERLOADED.value)
            writer.transport.abort()
            return
        if plain := writer.get_extra_info("socket"):
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        dialogue = self._make(peer_of(writer.get_extra_info("peername")))
        connection = Connection(self._protocol, dialogue, self._station, reader, writer)
        task = asyncio.ensure_future(connection.serve())
        self._connections[connection] = task
        try:
            await asyncio.wait({task})
        finally:
            del self._connections[connection]
        if not task.cancelled():
            task.result()  # what nobody expected is logged by the loop


def peer_of(name: tuple[str, int] | None) -> str:
    """Return the address of a sender; nothing if it is this machine, which has a name of its own."""
    if not name:
        return ""
    try:
        address = ip_address(name[0].partition("%")[0])
    except ValueError:
        return ""
    return "" if address.is_loopback else str(address)
