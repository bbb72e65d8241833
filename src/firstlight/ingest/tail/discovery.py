"""Which files there are to be read, by the patterns of the settings."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from firstlight.ingest.tail.content import PACKED
from firstlight.ingest.tail.settings import FileSource


def found(sources: Iterable[FileSource]) -> dict[Path, FileSource]:
    """Return the files that there are, each with the first of the sources that names it."""
    files: dict[Path, FileSource] = {}
    for source in sources:
        for pattern in source.paths:
            for name in sorted(glob.iglob(pattern, recursive=True)):  # noqa: PTH207 - a Path globs from a folder only
                path = Path(name)
                if path not in files and not _excluded(name, source) and is_file(path):
                    files[path] = source
    return files


def named_by(sources: Iterable[FileSource], name: str) -> FileSource | None:
    """Return the first of the sources whose patterns name a file, whether it is there or not."""
    for source in sources:
        if not _excluded(name, source) and any(fnmatch(name, pattern) for pattern in source.paths):
            return source
    return None


def is_file(path: Path) -> bool:
    """Return whether a path is a file's, as far as one may know."""
    try:
        return path.is_file()
    except OSError:
        return False


def stem(path: Path) -> str:
    """Return what a file is called without its ending, and without what rotation has added.

    >>> stem(Path("/var/log/app.log.2.gz")), stem(Path("/var/log/syslog"))
    ('app', 'syslog')
    """
    name = path.name
    for ending in PACKED:
        name = name.removesuffix(ending)
    base = name.lstrip(".").partition(".")[0]
    return base or name


def _excluded(name: str, source: FileSource) -> bool:
    return any(fnmatch(name, pattern) for pattern in source.exclude)
