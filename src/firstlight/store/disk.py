"""How full the disk is, and when that is too full to take anything in.

The engine cannot drop a partition on a disk that is quite full, and merges need room as large as what they merge. So
nothing is taken in when little is left; that keeps retention able to make room.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from firstlight.errors import StoreFull

MIB = 1024**2

LEAST = 8 * MIB
"""Bytes that must be free whatever the settings say: the engine wants 1 MiB to drop a partition."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk's bytes."""

    total: int
    free: int

    def least(self, fraction: float) -> int:
        """Return the bytes of `fraction` of the disk, but no fewer than `LEAST`."""
        return max(LEAST, int(self.total * fraction))


def disk_of(directory: Path) -> Disk:
    """Return the disk that `directory` is on."""
    usage = shutil.disk_usage(directory)
    return Disk(usage.total, usage.free)


def check_room(disk: Disk, min_free: float) -> None:
    """Raise StoreFull if less than the fraction `min_free` of `disk` is free."""
    least = disk.least(min_free)
    if disk.free < least:
        raise StoreFull(
            f"cannot store: {disk.free // MIB} MiB of the disk's {disk.total // MIB} are free; want {least // MIB};"
            " free some space, or keep less"
        )
