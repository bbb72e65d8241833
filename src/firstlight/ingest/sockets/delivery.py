"""From a batch to the store: waited for, tried again while there is hope, and counted."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from firstlight.errors import StoreError, StoreRefused
from firstlight.ingest.refusal import refusal_of
from firstlight.ingest.sockets.station import SIGNAL, Station, count_altered
from firstlight.model.batch import Batch, Rejections
from firstlight.wire.shippers.gathering import Gathered

PATIENCE: Final = 30.0
"""How many seconds a batch is tried again whose sender has it still, and would rather send it again itself."""

STORE_REFUSED: Final = "refused by the store"
NOT_STORED: Final = "not stored"

_log = logging.getLogger(__name__)


class NotStored(Exception):
    """A batch that its sender must send again."""


class Delivery:
    """Delivers batches of one protocol. Those whose sender keeps them are given up after a while."""

    def __init__(self, protocol: str, station: Station, *, acknowledges: bool) -> None:
        self._labels = (protocol, SIGNAL)
        self._station = station
        self._acknowledges = acknowledges

    async def deliver(self, gathered: Gathered) -> None:
        """Return when the batch is durable, or is lost and counted; raise `NotStored` if its sender has it still."""
        batch, telemetry = gathered.batch, self._station.telemetry
        if gathered.empty:
            return
        refused = await self._appended(batch) if batch.tables else Rejections()
        rejected = batch.rejected + refused
        telemetry.items.add(max(0, batch.items - refused.total), *self._labels)
        telemetry.requests.add(1, *self._labels, "partial" if rejected.total else "accepted")
        for reason, count in rejected.counts.items():
            telemetry.rejected_items.add(count, *self._labels, reason.partition(": ")[0])
        count_altered(telemetry, self._labels[0], gathered.altered)

    async def _appended(self, batch: Batch) -> Rejections:
        """Return what of the batch the store did not take."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + PATIENCE
        while True:
            try:
                return await self._station.append(batch)
            except StoreRefused:
                return Rejections({STORE_REFUSED: batch.items})
            except StoreError as error:
                hopeless = not error.retryable or (self._acknowledges and clock.time() > deadline)
                if hopeless:
                    cause = refusal_of(error).cause.value
                    self._station.telemetry.requests.add(1, *self._labels, cause)
                    _log.warning("cannot store what came by %s: %s", self._labels[0], error)
                if hopeless and self._acknowledges:
                    raise NotStored from None
                if hopeless:
                    return Rejections({NOT_STORED: batch.items})
                # Nothing more is read meanwhile, so the sender feels it.
                await asyncio.sleep(getattr(error, "retry_after", 1.0))
