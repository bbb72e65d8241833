"""One process per directory.

The engine would notice a second process too, but late and in its own words. The lock goes with the process that holds
it, however that dies; the file stays, and says whose it was.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from firstlight.store.faults import StoreUnusable

LOCK_FILE = "firstlight.lock"


class DirectoryLock:
    """A directory of which this process is the only user, until `release`."""

    def __init__(self, directory: Path) -> None:
        """Make the directory if there is none, and take it. Raise StoreUnusable if another process has it."""
        self.directory = directory
        try:
            # What senders tell us is nobody else's business.
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnusable(
                f"cannot open {directory}: {error.strerror}; want a directory that this process may write to"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise StoreUnusable(
                f"cannot open {directory}: {f'process {holder}' if holder else 'another process'} has it open;"
                " want one process per directory; stop that one, or choose another directory"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others have the directory."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1
