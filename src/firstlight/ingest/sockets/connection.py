"""One connection: what comes is read, decoded, stored and answered, in this order, one part after the other.

Nothing is read while what came before is being stored; so a sender is slowed to the speed of the store, and what is
held of it is bounded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from firstlight.ingest.refusal import Cause
from firstlight.ingest.server import DEFAULT_TENANT
from firstlight.ingest.sockets.delivery import Delivery, NotStored
from firstlight.ingest.sockets.reader import PatientReader
from firstlight.ingest.sockets.station import SIGNAL, Station
from firstlight.wire.shippers.dialogue import Dialogue
from firstlight.wire.shippers.gathering import Gathered, Gathering

READ: Final = 256 * 1024
"""How many bytes are read at a time."""

INLINE: Final = 1024
"""Up to how many bytes are decoded where they were read; to hand more to a worker costs less than it gains."""

KEEP_ALIVE: Final = 5.0
"""After how many seconds a sender that waits for its answer is told to go on waiting."""

_log = logging.getLogger(__name__)


class _TooMuchHeld(Exception):
    """All connections together hold more than they may."""


class Connection:
    """Serves one sender until it goes, errs or is asked to."""

    def __init__(
        self,
        protocol: str,
        dialogue: Dialogue,
        station: Station,
        reader: PatientReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._protocol = protocol
        self._dialogue = dialogue
        self._station = station
        self._reader = reader
        self._writer = writer
        self._gathering = Gathering(station.book)
        self._delivery = Delivery(protocol, station, acknowledges=dialogue.acknowledges)
        self._held = 0
        self._patience: asyncio.Timeout | None = None
        self._stopping = False

    async def serve(self) -> None:
        """Return when the connection is over and closed."""
        outcome: Cause | None = None
        try:
            outcome = await self._converse()
        except TimeoutError:
            outcome = Cause.TOO_SLOW
        except _TooMuchHeld:
            outcome = Cause.OVERLOADED
        except NotStored:
            pass  # it is counted, and the sender will send it again
        except OSError:
            outcome = Cause.CUT_SHORT
        finally:
            self._station.budget.leave(self._held)
            await self._close(abort=outcome is Cause.TOO_SLOW)
        if outcome:
            self._station.telemetry.requests.add(1, self._protocol, SIGNAL, outcome.value)

    def stop(self) -> None:
        """Read no more; what was read is stored and answered."""
        self._stopping = True
        if self._patience:
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def _converse(self) -> Cause | None:
        """Return why the sender was at fault when the connection ended, or None if it was not."""
        await self._send(self._dialogue.greet())
        outcome = None
        while data := await self._read():
            self._station.telemetry.received_bytes.add(len(data), self._protocol, SIGNAL)
            await self._take(data)
            if self._dialogue.fault:
                _log.info("disconnected a sender of %s: %s", self._protocol, self._dialogue.fault)
                return Cause.MALFORMED
        if self._dialogue.held and not self._stopping:
            outcome = Cause.CUT_SHORT if self._reader.broken else None if self._reader.at_eof() else Cause.TOO_SLOW
        self._dialogue.end(self._station.now_ns(), self._gathering)
        await self._deliver(self._gathering.drain(DEFAULT_TENANT, self._station.now_ns()))
        return outcome

    async def _read(self) -> bytes:
        """Return what comes next; nothing when the sender has said all, has waited too long, or is to go."""
        settings = self._station.settings
        if self._stopping:
            return b""
        try:
            async with asyncio.timeout(
                settings.message_timeout if self._dialogue.held else settings.idle_timeout
            ) as self._patience:
                return await self._reader.read(READ)
        except TimeoutError:
            return b""
        finally:
            self._patience = None

    async def _take(self, data: bytes) -> None:
        now_ns = self._station.now_ns()
        steps = self._dialogue.take(data, now_ns, self._gathering)
        while True:
            if len(data) <= INLINE:
                answer, gathered = self._step(steps, now_ns)
            else:
                loop = asyncio.get_running_loop()
                answer, gathered = await loop.run_in_executor(self._station.workers, self._step, steps, now_ns)
            if answer is None:
                break
            await self._deliver(gathered)
            await self._send(answer)
        before, self._held = self._held, self._dialogue.held
        if not self._station.budget.change(before, self._held):
            raise _TooMuchHeld

    def _step(self, steps: Iterator[bytes], now_ns: int) -> tuple[bytes | None, Gathered]:
        answer = next(steps, None)
        return answer, self._gathering.drain(DEFAULT_TENANT, now_ns)

    async def _deliver(self, gathered: Gathered) -> None:
        if gathered.empty:
            return
        if not self._dialogue.acknowledges:
            await self._delivery.deliver(gathered)
            return
        delivery = asyncio.ensure_future(self._delivery.deliver(gathered))
        try:
            while not (await asyncio.wait({delivery}, timeout=KEEP_ALIVE))[0]:
                await self._send(self._dialogue.keep_alive())
        except BaseException:
            delivery.cancel()
            raise
        delivery.result()

    async def _send(self, answer: bytes) -> None:
        if not answer:
            return
        self._writer.write(answer)
        async with asyncio.timeout(self._station.settings.write_timeout):
            await self._writer.drain()

    async def _close(self, *, abort: bool) -> None:
        if abort:
            self._writer.transport.abort()
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        self._writer.transport.abort()
