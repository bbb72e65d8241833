"""How full the disk is, and when that is too full to take anything in.

The engine cannot drop a partition on a disk that is quite full, and merges need room as large as what they merge. So
nothing is taken in when little is left; that keeps retention able to make room.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from firstlight.errors import StoreFull

LEAST = 8 * 1024**2
"""Bytes that must be free whatever the settings say: the engine wants 1 MiB to drop a partition."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk's bytes."""

    total: int
    free: int

    def lack(self, fraction: float) -> int:
        """Return how many bytes are missing for `fraction` of the disk to be free."""
        return max(0, int(self.total * fraction) - self.free)


def disk_of(directory: Path) -> Disk:
    """Return the disk that `directory` is on."""
    usage = shutil.disk_usage(directory)
    return Disk(usage.total, usage.free)


def check_room(disk: Disk, min_free: float) -> None:
    """Raise StoreFull if less than the fraction `min_free` of `disk` is free."""
    least = max(LEAST, int(disk.total * min_free))
    if disk.free < least:
        raise StoreFull(
            f"cannot store: the disk is full, {disk.free / 1024**2:.0f} MiB of {disk.total / 1024**2:.0f} are free;"
            f" want {least / 1024**2:.0f}; free some space, or keep less"
        )
