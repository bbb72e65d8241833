"""The sockets of log shippers on ports of their own, before a store that a test decides about; and who speaks to them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from firstlight.config.units import ListenAddress
from firstlight.ingest.receiver import Append
from firstlight.ingest.sockets.open import LogSockets, open_log_sockets
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.sdk.metrics import Registry
from firstlight.store.fake import FakeStore
from firstlight.telemetry import Telemetry
from firstlight.wire.logs.book import LogBook

ANYWHERE = ListenAddress("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Sockets:
    """Where they listen, and what they count."""

    server: LogSockets
    telemetry: Telemetry
    senders: list[Sender] = field(default_factory=list)
    """Everybody who is connected; those who are at the end are cut off."""

    def address(self, name: str) -> tuple[str, int]:
        """Return where the protocol of a setting is spoken."""
        found = self.server.addresses[name]
        return found.host, found.port

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the counts of an instrument of the way in by label values, without zeros."""
        family = next(
            one for one in self.telemetry.registry.collect() if one.name.startswith(f"firstlight_ingest_{name}")
        )
        return {tuple(value for _, value in one.labels): one.value for one in family.samples if one.value}

    async def connect(self, name: str, context: ssl.SSLContext | None = None) -> Sender:
        """Return a connection to the protocol of a setting."""
        host, port = self.address(name)
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname="localhost" if context else None
        )
        self.senders.append(Sender(reader, writer))
        return self.senders[-1]

    def send_datagrams(self, name: str, *datagrams: bytes) -> None:
        """Send datagrams to the protocol of a setting."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for data in datagrams:
                client.sendto(data, self.address(name))


@dataclass(frozen=True, slots=True)
class Sender:
    """One connection, as a sender has it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send something."""
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, size: int) -> bytes:
        """Return so many bytes of an answer; fewer, if the other side closes before."""
        try:
            return await self.reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            return error.partial
        except ConnectionError:
            return b""

    async def hang_up(self) -> None:
        """Close the connection, and wait until the other side has."""
        if self.writer.can_write_eof():
            self.writer.write_eof()
        await self.hear(1_000_000)
        self.writer.close()

    async def cut_off(self) -> None:
        """End the connection without a word."""
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def running(append: Append, **settings: Any) -> AsyncIterator[Sockets]:
    """Open the sockets that the settings name."""
    telemetry = Telemetry(Registry())
    with ThreadPoolExecutor(2) as workers:
        server = await open_log_sockets(
            LogSocketSettings(**settings), append, LogBook(), telemetry.ingest, time.time_ns, workers
        )
        sockets = Sockets(server, telemetry)
        try:
            yield sockets
        finally:
            for sender in sockets.senders:
                await sender.cut_off()
            await server.stop()


def lines(store: FakeStore) -> list[str]:
    """Return the bodies of the records that a store has, in order."""
    return [row["body"] for row in store.rows("logs")]


def records(store: FakeStore) -> list[dict[str, Any]]:
    """Return the records that a store has, each with its resource; times are 0 where none was given."""
    origins = {row["origin_id"]: row for row in store.rows("origins")}
    return [
        {**row, "resource": dict(origins[row["origin_id"]]["resource"]), "attributes": dict(row["attributes"])}
        for row in store.rows("logs")
    ]
