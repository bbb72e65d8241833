"""All files that are followed: those that have a name to follow, and those that lost it and are read to their end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from firstlight.ingest.tail.content import PACKED, Content
from firstlight.ingest.tail.discovery import found, named_by, stem
from firstlight.ingest.tail.followed import Followed, origin_of
from firstlight.ingest.tail.identity import NOTHING, Inode
from firstlight.ingest.tail.kubernetes_files import PodFile, PodFiles
from firstlight.ingest.tail.positions import Position, Positions
from firstlight.ingest.tail.settings import FileSource, TailSettings
from firstlight.wire.logs.book import LogBook

REMEMBERED: Final = 1_000
"""How many positions are kept of files that are not there, since they may be there packed."""

_log = logging.getLogger(__name__)


class Crowd:
    """Opens and closes files. Used by one thread at a time."""

    def __init__(
        self, settings: TailSettings, positions: Positions, book: LogBook, pods: PodFiles | None = None
    ) -> None:
        self._settings = settings
        self._pods = pods
        self._positions = positions
        self._book = book
        self._named: dict[Path, Followed] = {}
        self._old: list[Followed] = []
        self._is_first = not positions.by_inode
        self._is_new = True
        self._told: set[str] = set()

    def __iter__(self) -> Iterator[Followed]:
        yield from self._old
        yield from self._named.values()

    def __len__(self) -> int:
        return len(self._named) + len(self._old)

    def discover(self) -> None:
        """Open what is new, and set aside what is no longer what its name says."""
        names: dict[Path, FileSource | PodFile] = dict(self._pods.found()) if self._pods is not None else {}
        names |= found(self._settings.files)
        for path in [path for path, one in self._named.items() if _inode(path) != one.content.inode]:
            self._old.append(self._named.pop(path))
        open_inodes = {one.content.inode for one in self}
        for path, source in names.items():
            if path in self._named or _inode(path) in open_inodes:
                continue
            if len(self) >= self._settings.max_files:
                self._tell(str(path), f"cannot follow {path}: {len(self)} files are followed; raise tail.max_files")
                return
            followed = self._open(path, source)
            if followed is not None:
                self._named[path] = followed
        if self._is_new:
            self._is_new = False
            self._recover()
        self._is_first = False
        self._forget()

    def drop(self, done: Callable[[Followed], bool]) -> None:
        """Close those of the files set aside that are read to their end."""
        for one in [one for one in self._old if done(one)]:
            self._old.remove(one)
            one.content.close()

    def close(self) -> None:
        """Close all."""
        for one in self:
            one.content.close()
        self._named, self._old = {}, []

    def _recover(self) -> None:
        """Open what was renamed while nobody looked, to a name that no pattern has, to be read to its end."""
        open_inodes, folders = {one.content.inode for one in self}, dict[Path, Mapping[Inode, Path]]()
        for position in self._positions.by_inode.values():
            named = Path(position.path)
            source = named_by(self._settings.files, position.path)
            if position.inode in open_inodes or source is None:
                continue
            there = folders.get(named.parent)
            if there is None:
                there = folders[named.parent] = _files_in(named.parent)
            path = there.get(position.inode)
            if path is None or len(self) >= self._settings.max_files:
                continue
            followed = self._open(path, source, position.path)
            if followed is not None and followed.offset:
                self._old.append(followed)
            elif followed is not None:  # another file that was given the inode
                followed.content.close()

    def _open(self, path: Path, source: FileSource | PodFile, called: str = "") -> Followed | None:
        """Return a file, from where it was left; its records are from a file `called` so, or as it is called now."""
        content = None
        try:
            content = Content(path)
            beginning = content.beginning()
        except OSError as error:
            if content is not None:
                content.close()
            self._tell(str(path), f"cannot read {path}: {error.strerror or error}")
            return None
        if content.packing and self._is_read(path, beginning):
            content.close()
            return None
        followed = self._followed(content, source, called or str(path))
        known = self._known(followed, beginning)
        if known is not None:
            followed.offset, followed.head, followed.skipping = known.offset, known.head, known.skipping
        elif self._is_first and source.start == "end" and not content.packing:
            followed.offset = content.size
        followed.check()
        return followed

    def _followed(self, content: Content, source: FileSource | PodFile, called: str) -> Followed:
        if isinstance(source, PodFile):
            whose = partial(source.whose, self._book)
            return Followed(content, source.multiline, "utf-8", whose, NOTHING, is_wrapped=True)
        origin = origin_of(self._book, called, source, stem(Path(called)))
        return Followed(content, source.multiline, source.encoding, lambda: origin, NOTHING, called)

    def _known(self, followed: Followed, beginning: bytes) -> Position | None:
        """Return where the file was left, also if it was packed since then."""
        by_inode = self._positions.by_inode
        same = by_inode.get(followed.content.inode)
        if same is not None and same.head.begins(beginning):
            return same
        if not followed.content.packing:
            return None
        alike: Sequence[Position] = [one for one in by_inode.values() if one.head.size and one.head.begins(beginning)]
        # Another file may have got the inode of one that was removed.
        there = {one.content.inode for one in self if one.head.size and one.head.begins(beginning)}
        return next((one for one in reversed(alike) if one.inode not in there), None)

    def _is_read(self, packed: Path, beginning: bytes) -> bool:
        """Return whether what was packed is still read as it was before; then it is known later how far that was."""
        before = self._named.get(packed.with_suffix(""))
        return any(one.head.size and one.head.begins(beginning) for one in (*self._old, *([before] if before else [])))

    def _forget(self) -> None:
        """Forget the oldest positions of files that are not there, beyond those that may come back packed."""
        there = {one.content.inode for one in self}
        gone = [inode for inode in self._positions.by_inode if inode not in there]
        for inode in gone[: max(0, len(gone) - REMEMBERED)]:
            del self._positions.by_inode[inode]

    def _tell(self, what: str, words: str) -> None:
        if what not in self._told:
            self._told.add(what)
            _log.warning("%s", words)


def _files_in(folder: Path) -> Mapping[Inode, Path]:
    try:
        found = {_inode(path): path for path in folder.iterdir() if path.is_file() and path.suffix not in PACKED}
    except OSError:
        return {}
    return {inode: path for inode, path in found.items() if inode is not None}


def _inode(path: Path) -> Inode | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Inode(status.st_dev, status.st_ino)
