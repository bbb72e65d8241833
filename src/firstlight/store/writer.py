"""Group commit: many requests, one insert.

The engine wants few, large inserts; senders want an answer soon. So a request's rows wait for company, a little, and go
in together with whatever has gathered. `append` returns when the engine has answered that they are written and not
before: a receiver that has awaited it may acknowledge. Logs, spans and metrics go side by side, each in its own lane.

The wait is also the back-pressure: what waits or is on its way is bounded in bytes, and above that senders are told to
come back later. Nothing here retries; a sender that is told of an error still has its data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pyarrow as pa

from firstlight.errors import StoreBusy, StoreError
from firstlight.model.batch import Batch, Rejections
from firstlight.model.batch import size as size_of
from firstlight.model.tables import SCHEMAS
from firstlight.store.client import Insert
from firstlight.store.lane import Lane, Surroundings, reason_of
from firstlight.store.settings import WriterSettings
from firstlight.telemetry import StoreInstruments

LANES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "logs": ("origins", "logs", "patterns"),
        "spans": ("origins", "spans"),
        "metrics": ("origins", "series", "metadata", "samples", "histograms", "exemplars"),
    }
)
"""The kinds of each lane, in the order of insertion: what others refer to comes before them."""

REFUSED = "refused by the store"
"""The reason that the sender is told for rows that the engine would not take."""

Committed = Callable[[str, pa.Table], None]


class Writer:
    """Makes batches durable. Belongs to the event loop that it is first used in."""

    def __init__(
        self,
        lane: Callable[[str], Insert],
        settings: WriterSettings,
        instruments: StoreInstruments,
        *,
        check_room: Callable[[], None] = lambda: None,
        upstream: Callable[[], int] = lambda: 0,
    ) -> None:
        """Take a way to insert for each lane by its name, and what the lanes are told by (`lane.Surroundings`)."""
        self.committed: list[Committed] = []
        """Each is called with kind and rows, in order, soon after they have become durable. If it fails, they stay."""
        self._settings = settings
        self._instruments = instruments
        self._check_room = check_room
        around = Surroundings(instruments, self._tell, check_room, upstream)
        self._lanes = tuple(Lane(name, kinds, lane(name), settings, around) for name, kinds in LANES.items())
        self._queued_bytes = 0
        self._is_closed = False

    @property
    def queued_bytes(self) -> int:
        """How many bytes of rows wait or are on their way to disk."""
        return self._queued_bytes

    async def append(self, batch: Batch) -> Rejections:
        """Return, once all other rows of `batch` are durable, what the engine would not take of them.

        Raise StoreBusy or StoreFull if the same batch may be sent again, StoreRefused if not. Nothing of it is stored
        then, but for what cannot be taken back: what went in before, of another day or kind, or of a request larger
        than a block. A caller who is cancelled learns nothing; the rows may still go in.
        """
        shares = self._shares(batch)
        if not shares:
            return Rejections()
        size = sum(size_of(table) for _, tables in shares for table in tables.values())
        try:
            self._admit(size)
        except StoreError as error:
            self._instruments.refusals.add(1, shares[0][0].name, reason_of(error))
            raise
        self._queued_bytes += size
        outcomes = asyncio.gather(*(lane.submit(tables) for lane, tables in shares), return_exceptions=True)
        outcomes.add_done_callback(lambda _: self._release(size))
        # One sender that hangs up must not take the others' rows with it.
        refused = 0
        for outcome in await asyncio.shield(outcomes):
            if isinstance(outcome, BaseException):
                raise outcome
            refused += outcome
        total = min(refused, batch.items)  # one item may have been several rows
        return Rejections({REFUSED: total} if total else {})

    async def close(self) -> None:
        """Take nothing more in, and return when all that was is durable or refused."""
        self._is_closed = True
        await asyncio.gather(*(lane.drain() for lane in self._lanes))

    def _shares(self, batch: Batch) -> list[tuple[Lane, dict[str, pa.Table]]]:
        """Return which tables of `batch` go into which lane; each gets the origins that its records refer to."""
        tables = {kind: _fitting(kind, table) for kind, table in batch.tables.items() if table.num_rows}
        if not tables:
            return []
        used = [lane for lane in self._lanes if tables.keys() & set(lane.kinds) - {"origins"}] or self._lanes[:1]
        return [(lane, {kind: tables[kind] for kind in lane.kinds if kind in tables}) for lane in used]

    def _admit(self, size: int) -> None:
        if self._is_closed:
            raise StoreBusy("cannot store: the server is stopping; send again when it is back")
        self._check_room()
        # One that is larger than all that may wait is taken when nothing waits.
        if self._queued_bytes and self._queued_bytes + size > self._settings.max_queue_bytes:
            raise StoreBusy(
                f"cannot store: {self._queued_bytes} bytes of rows wait already, and no more than"
                f" {self._settings.max_queue_bytes} may; send again, more slowly"
            )

    def _release(self, size: int) -> None:
        self._queued_bytes -= size

    def _tell(self, kind: str, rows: pa.Table) -> None:
        loop = asyncio.get_running_loop()
        for callback in self.committed:
            loop.call_soon(callback, kind, rows)


def _fitting(kind: str, table: pa.Table) -> pa.Table:
    """Return `table` exactly as its kind is declared, so that it fits those of others; raise if it cannot."""
    schema = SCHEMAS[kind]
    return table if table.schema.equals(schema) else table.select(schema.names).cast(schema)
