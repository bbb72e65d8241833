"""All sockets of log shippers, opened as the settings say, and closed together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Final

from firstlight.config.units import ListenAddress
from firstlight.ingest.receiver import Append
from firstlight.ingest.sockets.datagrams import Datagrams, DatagramServer
from firstlight.ingest.sockets.heartbeat import HeartbeatServer
from firstlight.ingest.sockets.settings import LogSocketSettings
from firstlight.ingest.sockets.station import Station
from firstlight.ingest.sockets.stream import MakeDialogue, StreamServer
from firstlight.ingest.sockets.tls import server_context
from firstlight.telemetry import IngestInstruments
from firstlight.wire.beats.dialogue import BeatsDialogue
from firstlight.wire.fluent.dialogue import FluentDialogue
from firstlight.wire.fluent.handshake import Handshake
from firstlight.wire.gelf.dialogue import GelfDatagrams, GelfDialogue
from firstlight.wire.logs.book import LogBook
from firstlight.wire.logstash.dialogue import LogstashDialogue
from firstlight.wire.syslog.dialogue import SyslogDatagrams, SyslogDialogue

SECTION: Final = "log_sockets"
"""What the settings are called, for complaints."""

Server = StreamServer | DatagramServer | HeartbeatServer


class LogSockets:
    """The sockets of all protocols. Belongs to the event loop that it is started in."""

    def __init__(self, station: Station, section: str) -> None:
        self._station = station
        self._section = section
        self._servers: list[Server] = []
        self.addresses: dict[str, ListenAddress] = {}
        """Where it listens, by the name of the setting."""

    async def start(self) -> None:
        """Open every socket that is wanted; raise a `UserError`, and leave none open, if one cannot be."""
        settings = self._station.settings
        context = server_context(settings.tls) if settings.tls else None
        try:
            for name, protocol, make in _streams(settings):
                address: ListenAddress | None = getattr(settings, name)
                if address:
                    stream = StreamServer(protocol, make, self._station)
                    self._servers.append(stream)
                    secure = context if name.endswith("_tls") else None
                    self.addresses[name] = await stream.start(address, self._setting(name), secure)
            for name, protocol, datagrams in _datagrams(settings):
                address = getattr(settings, name)
                if address:
                    server = DatagramServer(protocol, datagrams, self._station)
                    self._servers.append(server)
                    self.addresses[name] = await server.start(address, self._setting(name))
            if "fluent" in self.addresses:
                heartbeat = HeartbeatServer()
                self._servers.append(heartbeat)
                await heartbeat.start(self.addresses["fluent"], self._setting("fluent"))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every socket, and return when what was read is stored and answered."""
        await asyncio.gather(*(server.stop() for server in self._servers))
        self._servers.clear()
        self.addresses.clear()

    def _setting(self, name: str) -> str:
        return f"{self._section}.{name}"


async def open_log_sockets(
    settings: LogSocketSettings,
    append: Append,
    book: LogBook,
    telemetry: IngestInstruments,
    now_ns: Callable[[], int],
    workers: Executor,
    *,
    section: str = SECTION,
) -> LogSockets:
    """Return the sockets that the settings want, open; `section` is what the settings are called in complaints."""
    sockets = LogSockets(Station(settings, append, book, telemetry, workers, now_ns), section)
    await sockets.start()
    return sockets


def _streams(settings: LogSocketSettings) -> Iterator[tuple[str, str, MakeDialogue]]:
    """Yield setting, protocol and dialogue of each address over TCP."""
    key = settings.fluent_shared_key
    zone = settings.zone

    def fluent(peer: str) -> FluentDialogue:
        handshake = Handshake(key.get_secret_value(), secrets.token_bytes(16)) if key else None
        return FluentDialogue(settings.max_decompressed, handshake)

    makers: Mapping[str, MakeDialogue] = {
        "beats": lambda peer: BeatsDialogue(settings.max_decompressed),
        "logstash": lambda peer: LogstashDialogue(),
        "gelf": lambda peer: GelfDialogue(),
        "fluent": fluent,
        "syslog": lambda peer: SyslogDialogue(zone, peer),
    }
    for protocol, make in makers.items():
        for name in (protocol, f"{protocol}_tcp", f"{protocol}_tls"):
            if name in LogSocketSettings.model_fields:
                yield name, protocol, make


def _datagrams(settings: LogSocketSettings) -> Iterator[tuple[str, str, Datagrams]]:
    """Yield setting, protocol and reader of each address over UDP."""
    yield "syslog_udp", "syslog", SyslogDatagrams(settings.zone)
    yield "gelf_udp", "gelf", GelfDatagrams()
