"""What is no longer kept: days that are too old, and the oldest days when the disk gets full.

A partition is a day of a table, and goes whole. What goes and why is decided by `plan`, from what there is and what
time it is, and nothing else.

The current day is worth more than any other and goes only if nothing else is left to go for `max_disk_bytes`. For
`min_free_disk` a day goes only if that helps: if dropping all of them would not free enough, others fill the disk, and
we keep what we have until so little is left that nothing more could be taken in.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from firstlight.store.client import Client
from firstlight.store.columns import TABLES
from firstlight.store.disk import Disk
from firstlight.store.faults import QueryFailed, StoreUnusable
from firstlight.store.settings import RetentionSettings
from firstlight.telemetry import StoreInstruments

DAY = 86_400
NANOSECONDS = 10**9
EPOCH = date(1970, 1, 1)
REMEMBERED = 100
"""How many drops are kept to be shown."""

RECORDS: Mapping[str, str] = MappingProxyType(
    {
        "logs": "logs",
        "patterns": "logs",
        "spans": "traces",
        "samples": "metrics",
        "histograms": "metrics",
        "exemplars": "metrics",
    }
)
"""The setting that says how long the records of each kind are kept."""

REFERENCES: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "series": ("samples", "histograms", "exemplars"),
        "metadata": ("samples", "histograms", "exemplars"),
        "origins": tuple(RECORDS),
    }
)
"""What records refer to, and which: a day of it goes with the last of those of that day."""

KINDS: Mapping[str, str] = MappingProxyType({table: kind for kind, table in TABLES.items()})

_log = logging.getLogger(__name__)


class Reason(StrEnum):
    """Why a day is dropped."""

    AGE = "older than it is to be kept"
    DISK_BYTES = "more bytes on disk than max_disk_bytes"
    FREE_DISK = "less of the disk free than min_free_disk"
    UNREFERRED = "nothing of that day refers to it any more"


@dataclass(frozen=True, slots=True)
class Partition:
    """A day of a kind, as it is on disk."""

    kind: str
    day: int
    """Days since 1970."""
    id: str
    """What the engine calls it."""
    nbytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Drop:
    """A partition to be dropped, and why."""

    partition: Partition
    reason: Reason


@dataclass(frozen=True, slots=True)
class Dropped:
    """A drop that was done."""

    drop: Drop
    time_ns: int


def plan(
    partitions: Iterable[Partition],
    settings: RetentionSettings,
    disk: Disk | None,
    now_ns: int,
    *,
    reserve: float = 0.0,
) -> list[Drop]:
    """Return what is to be dropped, in the order to do it.

    Without a `disk` its free space is left out of account. With less than the fraction `reserve` of it free, nothing
    is taken in.
    """
    days = _Days(partitions, today=now_ns // NANOSECONDS // DAY)
    for partition in list(days.left):
        # A day is over when its last moment is.
        if (partition.day + 1) * DAY + _age(partition.kind, settings) <= now_ns // NANOSECONDS:
            days.drop(partition, Reason.AGE)
    if settings.max_disk_bytes is not None:
        days.free(
            days.left, sum(partition.nbytes for partition in days.left) - settings.max_disk_bytes, Reason.DISK_BYTES
        )
    if disk is not None:
        others = days.without_today()
        lack = disk.least(settings.min_free_disk) - disk.free - days.freed
        if lack > sum(partition.nbytes for partition in others):
            lack = disk.least(reserve) - disk.free - days.freed
        days.free(others, lack, Reason.FREE_DISK)
    return days.drops


def _age(kind: str, settings: RetentionSettings) -> float:
    """Return how many seconds a kind is kept: what is referred to, as long as what may refer to it."""
    ages: dict[str, float] = {"logs": settings.logs, "traces": settings.traces, "metrics": settings.metrics}
    return max(ages[RECORDS[record]] for record in REFERENCES.get(kind, [kind]))


class _Days:
    """The partitions there are, in the order in which they would have to go, and what of them goes."""

    def __init__(self, partitions: Iterable[Partition], today: int) -> None:
        order = [*RECORDS, *REFERENCES]
        self._today = today
        self.left = sorted(partitions, key=lambda one: (_turn(one.day, today), order.index(one.kind), one.id))
        self.drops: list[Drop] = []
        self.freed = 0

    def without_today(self) -> list[Partition]:
        """Return what is left of other days than the current."""
        return [partition for partition in self.left if partition.day != self._today]

    def drop(self, partition: Partition, reason: Reason) -> None:
        """Drop a partition, if it is still there, and what then nothing refers to."""
        if partition not in self.left:
            return
        self.left.remove(partition)
        self.drops.append(Drop(partition, reason))
        self.freed += partition.nbytes
        same_day = [other for other in self.left if other.day == partition.day]
        kinds = {other.kind for other in same_day}
        for other in same_day:
            if other.kind in REFERENCES and not kinds & set(REFERENCES[other.kind]):
                self.left.remove(other)
                self.drops.append(Drop(other, Reason.UNREFERRED))
                self.freed += other.nbytes

    def free(self, candidates: Sequence[Partition], nbytes: int, reason: Reason) -> None:
        """Drop `candidates`, in their order, until `nbytes` more are freed."""
        enough = self.freed + nbytes
        for partition in tuple(candidates):
            if self.freed >= enough:
                return
            self.drop(partition, reason)


def _turn(day: int, today: int) -> tuple[int, int]:
    """Return when a day's turn to go comes: the past, oldest first, what claims to be of the future, today."""
    if day == today:
        return (2, 0)
    return (0, day) if day < today else (1, -day)


class Retention:
    """Drops what is no longer kept."""

    def __init__(
        self,
        client: Client,
        settings: RetentionSettings,
        instruments: StoreInstruments,
        *,
        reserve: float,
        now_ns: Callable[[], int],
    ) -> None:
        """Take the fraction of the disk below which the writer takes nothing in as `reserve`."""
        self.settings = settings
        """What is kept; may be exchanged at any time."""
        self.forgotten: list[Callable[[str, int], None]] = []
        """Each is called with the kind and day (since 1970) of what has been dropped."""
        self.recent: deque[Dropped] = deque(maxlen=REMEMBERED)
        """What was dropped last, the latest at the end."""
        self._client = client
        self._instruments = instruments
        self._reserve = reserve
        self._now_ns = now_ns

    async def run(self) -> None:
        """Enforce retention, now and every `check_interval`, until cancelled."""
        while True:
            try:
                await self.enforce()
            except (QueryFailed, StoreUnusable) as error:
                _log.warning("cannot enforce retention now: %s", error)
            await asyncio.sleep(self.settings.check_interval)

    async def enforce(self) -> list[Drop]:
        """Drop what is to be dropped now; return what was. Raise QueryFailed if the engine cannot say what there is."""
        now_ns = self._now_ns()
        drops = plan(
            await partitions_of(self._client), self.settings, await disk_of(self._client), now_ns, reserve=self._reserve
        )
        return [drop for drop in drops if await self._drop(drop, now_ns)]

    async def _drop(self, drop: Drop, now_ns: int) -> bool:
        partition, table = drop.partition, TABLES[drop.partition.kind]
        day = date_of(partition.day)
        try:
            await self._client.command(f"ALTER TABLE {table} DROP PARTITION ID {{id:String}}", {"id": partition.id})
        except QueryFailed as error:
            _log.warning("cannot drop %s of %s: %s", day, table, error)
            return False
        _log.info(
            "dropped %s of %s, %d rows and %d bytes: %s", day, table, partition.rows, partition.nbytes, drop.reason
        )
        reason = drop.reason.name.lower()
        self._instruments.dropped_partitions.add(1, table, reason)
        self._instruments.dropped_bytes.add(partition.nbytes, table, reason)
        self.recent.append(Dropped(drop, now_ns))
        for callback in self.forgotten:
            callback(partition.kind, partition.day)
        return True


async def partitions_of(client: Client) -> list[Partition]:
    """Return the partitions of telemetry that there are. Raise QueryFailed."""
    answer = await client.query(
        "SELECT table, partition, partition_id, sum(bytes_on_disk) AS nbytes, sum(rows) AS rows"
        " FROM system.parts WHERE database = {database:String} AND active GROUP BY ALL",
        {"database": client.database},
    )
    return [
        Partition(
            KINDS[row["table"]], days_since_1970(row["partition"]), row["partition_id"], row["nbytes"], row["rows"]
        )
        for row in answer.to_pylist()
        if row["table"] in KINDS
    ]


async def disk_of(client: Client) -> Disk:
    """Return the disk that telemetry is on; what the engine is about to delete counts as free. Raise QueryFailed."""
    answer = await client.query(
        "SELECT total_space, free_space FROM system.disks WHERE name = 'default'"
        " UNION ALL SELECT 0, sum(bytes_on_disk) FROM system.parts WHERE database = {database:String} AND NOT active",
        {"database": client.database},
    )
    return Disk(sum(answer["total_space"].to_pylist()), sum(answer["free_space"].to_pylist()))


def date_of(day: int) -> str:
    """Return a day since 1970 as ``2026-11-20``."""
    return (EPOCH + timedelta(days=day)).isoformat()


def days_since_1970(text: str) -> int:
    """Return the day that ``2026-11-20`` is."""
    return (date.fromisoformat(text) - EPOCH).days
