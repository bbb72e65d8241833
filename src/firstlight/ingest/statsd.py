"""StatsD and DogStatsD over UDP. What has come is appended to the store at each flush; nobody is answered.

A datagram that is lost is lost, as UDP has it. What the store would not take at one flush is not lost for counters,
which grow: the next flush tells their totals.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from firstlight.config.units import ListenAddress
from firstlight.errors import StoreError, UserError
from firstlight.ingest.receiver import Append
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.telemetry import IngestInstruments
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.labelled import Pages
from firstlight.wire.pushes.statsd import Statsd

FLUSH_SECONDS: Final = 10.0
LABELS: Final = ("statsd", "metrics")

_log = logging.getLogger(__name__)


class StatsdServer(asyncio.DatagramProtocol):
    """Listens for datagrams, and flushes what they say. Belongs to the event loop it is started in."""

    def __init__(self, append: Append, book: Book, telemetry: IngestInstruments, now_ns: Callable[[], int]) -> None:
        self._append = append
        self._pages = Pages(book)
        self._telemetry = telemetry
        self._now_ns = now_ns
        self._statsd = Statsd()
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, address: ListenAddress) -> tuple[str, int]:
        """Listen, and return where. Raise a UserError if that cannot be."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(address.host, address.port)
            )
        except OSError as error:
            raise UserError(f"cannot listen for StatsD on {address}: {error.strerror}; want a free port") from None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Add up what came."""
        self._telemetry.received_bytes.add(len(data), *LABELS)
        self._statsd.take(data, self._now_ns() // 1_000_000)

    async def run(self, interval: float = FLUSH_SECONDS) -> None:
        """Flush at each interval, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await self.flush()

    async def flush(self) -> None:
        """Append what has come so far. What the store will not take is logged."""
        refused = self._statsd.refused
        samples, metadata = self._statsd.flush(DEFAULT_TENANT, self._now_ns() // 1_000_000)
        batch = self._pages.batch(DEFAULT_TENANT, samples, metadata=metadata)
        for reason, count in [*refused.items(), *batch.rejected.counts.items()]:
            self._telemetry.rejected_items.add(count, *LABELS, reason.partition(": ")[0])
        if not batch.tables:
            return
        try:
            await self._append(batch)
        except StoreError as error:
            _log.warning("cannot store what StatsD has sent: %s", error)
        else:
            self._telemetry.items.add(batch.items, *LABELS)

    async def stop(self) -> None:
        """Stop listening, and flush what is left."""
        if self._transport:
            self._transport.close()
            await self.flush()
