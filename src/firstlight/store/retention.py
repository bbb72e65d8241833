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
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from firstlight.store.client import Client
from firstlight.store.columns import TABLES
from firstlight.store.disk import LEAST, Disk
from firstlight.store.faults import QueryFailed
from firstlight.store.settings import RetentionSettings
from firstlight.telemetry import StoreInstruments

DAY = 86_400
NANOSECONDS = 10**9
REMEMBERED = 100
"""How many drops are kept to be shown."""

RECORDS: Mapping[str, str] = MappingProxyType(
    {"logs": "logs", "spans": "traces", "samples": "metrics", "histograms": "metrics", "exemplars": "metrics"}
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
    partitions: Sequence[Partition], settings: RetentionSettings, disk: Disk | None, now_ns: int, *, reserve: float = 0.0
) -> list[Drop]:
    """Return what is to be dropped, in the order to do it.

    Without a `disk` its free space is left out of account. Below the fraction `reserve` of it nothing could be taken in.
    """
    today = now_ns // NANOSECONDS // DAY
    drops = _Drops(partitions)
    for partition in partitions:
        if partition.kind in RECORDS and _is_over(partition.day, getattr(settings, RECORDS[partition.kind]), now_ns):
            drops.add(partition, Reason.AGE)
    drops.add_unreferred(today, lambda day: _is_over(day, _longest(settings), now_ns))
    if settings.max_disk_bytes is not None:
        excess = sum(partition.nbytes for partition in partitions) - drops.nbytes - settings.max_disk_bytes
        drops.add_oldest(excess, Reason.DISK_BYTES, until=today + 1)
    if disk is not None:
        lack = disk.lack(settings.min_free_disk) - drops.nbytes
        if lack > drops.droppable(until=today):
            lack = max(disk.lack(reserve), LEAST - disk.free) - drops.nbytes
        drops.add_oldest(lack, Reason.FREE_DISK, until=today)
    return drops.drops


@dataclass(slots=True)
class _Drops:
    """What is dropped so far."""

    partitions: Sequence[Partition]
    drops: list[Drop] = field(default_factory=list)
    nbytes: int = 0

    def add(self, partition: Partition, reason: Reason) -> None:
        self.drops.append(Drop(partition, reason))
        self.nbytes += partition.nbytes

    def left(self) -> Iterator[Partition]:
        """Yield what is not dropped."""
        gone = {(drop.partition.kind, drop.partition.id) for drop in self.drops}
        yield from (partition for partition in self.partitions if (partition.kind, partition.id) not in gone)
