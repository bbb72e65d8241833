"""Memory that only the start of the process needed."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final

import psutil

DONT_NEED: Final = 4
"""`MADV_DONTNEED`: pages that are asked for again come from the file."""

WORTH_IT: Final = 8 * 1024**2
"""From how many bytes on the code of a library is given back."""

_log = logging.getLogger(__name__)


def give_back() -> None:
    """Let go of the code of large libraries that ran once and may never again; what does is mapped again then.

    Of the engine's it is a hundred megabytes, of which half is needed from then on. Nothing is done where the system
    has no table of what is mapped, as Linux has.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for line in maps.read_text().splitlines():
        span, mode, *_, name = line.split(maxsplit=5)
        first, last = (int(place, 16) for place in span.split("-"))
        # Code is never written, so that nothing of it is lost.
        if mode == "r-xp" and name.startswith("/") and last - first >= WORTH_IT:
            failed = libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), DONT_NEED)
            if failed:
                _log.debug("cannot give back %s: %s", name, os.strerror(ctypes.get_errno()))


def keep_out(library: str) -> None:
    """Have `library` be taken for not installed: for what others import only to ask whether values are of its types."""
    sys.meta_path.insert(0, _Without(library))


class _Without(MetaPathFinder):
    """Finds nothing, and lets nobody else find it."""

    def __init__(self, library: str) -> None:
        self._library = library

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise ModuleNotFoundError for the library; leave all others to those who come after."""
        if fullname == self._library:
            raise ModuleNotFoundError(f"{fullname} is kept out of this process", name=fullname)
        return None


def age() -> float:
    """Return for how many seconds this process has been there."""
    try:
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        return time.time() - psutil.Process().create_time()
