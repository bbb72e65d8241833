"""When a disk is too full to take anything in."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from firstlight.errors import StoreFull
from firstlight.store.disk import MIB, Disk, check_room, disk_of

GIB = 1024 * MIB

ROOM = [
    # what                              total      free        fraction   full
    ("plenty",                          100 * GIB, 50 * GIB,   0.02,      False),
    ("just enough",                     100 * GIB, 2 * GIB,    0.02,      False),
    ("a little less",                   100 * GIB, 2 * GIB - 1, 0.02,     True),
    ("a small disk needs a little",     64 * MIB,  8 * MIB,    0.02,      False),
    ("a small disk with less",          64 * MIB,  8 * MIB - 1, 0.02,     True),
    ("always needs a little",           100 * GIB, 7 * MIB,    0.0,       True),
]  # fmt: skip


@pytest.mark.parametrize(("total", "free", "fraction", "full"), [row[1:] for row in ROOM], ids=[row[0] for row in ROOM])
def test_room(total: int, free: int, fraction: float, full: bool) -> None:
    words = f"cannot store: {free // MIB} MiB of the disk's {total // MIB} are free"

    with pytest.raises(StoreFull, match=words) if full else nullcontext():
        check_room(Disk(total, free), fraction)


def test_reads_the_disk_of_a_directory(tmp_path: Path) -> None:
    disk = disk_of(tmp_path)

    assert 0 < disk.free <= disk.total
