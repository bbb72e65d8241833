"""Retention: what goes, in which order and why, from what there is and what time it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from firstlight.store.disk import MIB, Disk
from firstlight.store.retention import Drop, Partition, Reason, date_of, days_since_1970, plan
from firstlight.store.settings import RetentionSettings
from tests.store.opening import PROMPT, opened
from tests.store.rows import DAY_NS, NOW_NS, TODAY, batch, log_batch, logs, table

AGES = RetentionSettings(logs=10 * 86_400, traces=5 * 86_400, metrics=20 * 86_400, min_free_disk=0)
BOUNDED = AGES.model_copy(update={"max_disk_bytes": 300 * MIB})
FREE = AGES.model_copy(update={"min_free_disk": 0.10})
GIB = 1024 * MIB

# A partition is written "kind-days ago:MiB"; days ago are negative in the future.
PLANS = [
    # what                                           settings  free MiB of 10 GiB  there is                                             goes
    ("nothing",                                      AGES,     5000,               "",                                                  ""),
    ("nothing is old",                               AGES,     5000,               "logs-10:1 spans-5:1 samples-20:1",                  ""),
    ("each kind by its own age",                     AGES,     5000,               "logs-11:1 spans-6:1 samples-21:1 logs-6:1",         "samples-21:age logs-11:age spans-6:age"),
    ("all metrics by one",                           AGES,     5000,               "samples-21:1 histograms-21:1 exemplars-21:1",       "samples-21:age histograms-21:age exemplars-21:age"),
    ("references stay while something refers",       AGES,     5000,               "logs-11:1 samples-11:1 origins-11:1 series-11:1",   "logs-11:age"),
    ("references go with the last that refers",      AGES,     5000,               "logs-11:1 spans-11:1 origins-11:1",                 "logs-11:age spans-11:age origins-11:unreferred"),
    ("series go, origins of logs stay",              BOUNDED,  5000,               "samples-1:200 series-1:1 origins-1:1 logs-1:1 logs-0:250", "logs-1:disk_bytes samples-1:disk_bytes series-1:unreferred origins-1:unreferred"),
    ("references to nothing stay while they may",    AGES,     5000,               "origins-20:1 series-20:1",                          ""),
    ("references to nothing go when old",            AGES,     5000,               "origins-21:1 series-21:1",                          "series-21:age origins-21:unreferred"),
    ("within the bound",                             BOUNDED,  5000,               "logs-1:100 logs-0:200",                             ""),
    ("over the bound, the oldest of all",            BOUNDED,  5000,               "logs-0:200 spans-2:50 logs-1:50 samples-3:50",      "samples-3:disk_bytes"),
    ("as many as it takes",                          BOUNDED,  5000,               "logs-0:250 spans-2:50 logs-1:50 samples-3:50",      "samples-3:disk_bytes spans-2:disk_bytes"),
    ("what is too old counts as gone",               BOUNDED,  5000,               "logs-11:100 logs-1:100 logs-0:200",                 "logs-11:age"),
    ("the future before the current day",            BOUNDED,  5000,               "logs-0:200 logs--1:50 logs--900:60",                "logs--900:disk_bytes"),
    ("the current day if nothing else is left",      BOUNDED,  5000,               "logs-0:400 logs-1:1",                               "logs-1:disk_bytes logs-0:disk_bytes"),
    ("enough of the disk is free",                   FREE,     1024,               "logs-1:100",                                        ""),
    ("too little is: the oldest",                    FREE,     1000,               "logs-1:50 logs-2:50 logs-0:900",                    "logs-2:free_disk"),
    ("never the current day",                        FREE,     1000,               "logs-0:900 logs-1:30",                              "logs-1:free_disk"),
    ("others fill the disk: it would not help",      FREE,     500,                "logs-1:50 logs-2:50 logs-0:900",                    ""),
    ("until nothing could be taken in",              FREE,     180,                "logs-1:50 logs-2:50 logs-0:900",                    "logs-2:free_disk"),
    ("and then all there is",                        FREE,     10,                 "logs-1:50 logs-2:50 logs-0:900",                    "logs-2:free_disk logs-1:free_disk"),
    ("a disk nobody knows",                          FREE,     None,               "logs-1:50",                                         ""),
]  # fmt: skip


def partition(text: str) -> Partition:
    kind, _, rest = text.partition("-")
    ago, mib = rest.split(":")
    day = TODAY - int(ago)
    return Partition(kind, day, str(day), int(mib) * MIB, rows=1)


def told(drop: Drop) -> str:
    return f"{drop.partition.kind}-{TODAY - drop.partition.day}:{drop.reason.name.lower()}"


@pytest.mark.parametrize(
    ("settings", "free", "there", "goes"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS]
)
def test_plan(settings: RetentionSettings, free: int | None, there: str, goes: str) -> None:
    disk = None if free is None else Disk(10 * GIB, free * MIB)

    drops = plan(map(partition, there.split()), settings, disk, NOW_NS, reserve=0.02)

    assert " ".join(map(told, drops)) == goes


def test_days_are_written_as_the_engine_writes_them() -> None:
    assert date_of(TODAY) == "2024-10-04"
    assert days_since_1970(date_of(-3528)) == -3528


@pytest.mark.anyio
async def test_drops_days_and_says_so(tmp_path: Path) -> None:
    """What is gone is gone from the disk and from queries, is remembered, and whoever remembers rows is told."""
    async with opened(tmp_path, retention=AGES) as store:
        told: list[tuple[str, int]] = []
        store.retention.forgotten.append(lambda kind, day: told.append((kind, day)))
        old = TODAY - 11
        await store.writer.append(log_batch("old", "new", days=[old, TODAY]))
        await store.writer.append(batch(origins=table("origins", day=[old, TODAY]), spans=table("spans")))

        drops = await store.retention.enforce()

        assert [(drop.partition.kind, drop.partition.day, drop.reason) for drop in drops] == [
            ("logs", old, Reason.AGE),
            ("origins", old, Reason.UNREFERRED),
        ]
        assert told == [("logs", old), ("origins", old)]
        status = await store.status()
        assert [dropped.drop for dropped in status.dropped] == drops
        assert status.tables["logs"].rows == status.tables["origins"].rows == 1
        assert await store.retention.enforce() == []


@pytest.mark.anyio
@pytest.mark.parametrize("day", [0, -3000, 65_536, 100_000], ids=["1970", "1961", "2149", "2243"])
async def test_a_day_is_the_same_to_us_and_to_the_engine(tmp_path: Path, day: int) -> None:
    async with opened(tmp_path, now_ns=lambda: day * DAY_NS) as store:
        await store.writer.append(batch(origins=table("origins", day=[day]), logs=logs("a", days=[day])))

        status = await store.status()
        assert status.tables["logs"].oldest_ns == status.tables["logs"].newest_ns == day * DAY_NS
        assert status.tables["origins"].oldest_ns == day * DAY_NS
        assert await store.retention.enforce() == []


@pytest.mark.anyio
async def test_without_room_the_oldest_goes(tmp_path: Path) -> None:
    """The bound on bytes holds against what the engine says is on disk."""
    bound = RetentionSettings(max_disk_bytes=MIB, min_free_disk=0)
    async with opened(tmp_path, PROMPT, bound) as store:
        bodies = [hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() for number in range(50_000)]
        await store.writer.append(log_batch(*bodies, days=[TODAY - 1] * len(bodies)))
        await store.writer.append(log_batch("new"))

        (drop,) = await store.retention.enforce()

        assert (drop.partition.day, drop.reason) == (TODAY - 1, Reason.DISK_BYTES)
