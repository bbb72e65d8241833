"""One file that is followed: what of it is new, whether it was cut off or begun anew."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from firstlight.ingest.tail.content import Content
from firstlight.ingest.tail.identity import Head
from firstlight.ingest.tail.multiline import Starts, starts
from firstlight.ingest.tail.positions import Position
from firstlight.ingest.tail.records import Records, encoding_of, no_records, records
from firstlight.ingest.tail.settings import FileSource
from firstlight.ingest.tail.wrapped import PATIENCE, wrapped_records
from firstlight.wire.logs.book import LogBook
from firstlight.wire.origins import Origin

HOST: Final = socket.gethostname()


@dataclass(slots=True, eq=False)
class Followed:
    """A file, open, and how far it has been read. Used by one thread at a time."""

    content: Content
    multiline: str
    encoding: str
    whose: Callable[[], Origin]
    """Says who its records are from, which may be known better later."""
    head: Head
    called: str = ""
    """By which name it is known, if it was renamed since."""
    is_wrapped: bool = False
    """Whether a container's runtime writes it."""
    offset: int = 0
    """How far what was read is stored."""
    ahead: int = 0
    """How far it was read beyond that."""
    quiet_since: float = 0.0
    """When something new was last seen in it."""
    seen: int = -1
    """How large it was then."""
    skipping: frozenset[int] = frozenset()
    """The ways of writing on which the rest of a line too long is left out; 0 in what is not wrapped."""
    _starts: Starts = field(init=False)

    def __post_init__(self) -> None:
        self._starts = starts(self.multiline)

    @property
    def origin(self) -> Origin:
        """Who its records are from."""
        return self.whose()

    def patience(self, wait: float) -> float:
        """Return for how many seconds nothing must come of it before it is read to its end."""
        return PATIENCE * wait if self.is_wrapped else wait

    @property
    def position(self) -> Position:
        """How far it is when what was read of it is stored."""
        path = self.called or str(self.content.path)
        return Position(path, self.content.inode, self.head, self.offset + self.ahead, self.skipping)

    def check(self) -> bool:
        """Return whether other content was written over what was read, and begin anew then.

        Nothing but a look at its size if that is what it was.
        """
        if self.content.packing or self.content.size == self.seen:
            return False
        beginning = self.content.beginning()
        if self.content.size < self.offset or not self.head.begins(beginning):
            self.head, self.offset, self.ahead, self.skipping = Head.of(beginning), 0, 0, frozenset()
            return True
        if not self.head.is_whole:
            self.head = Head.of(beginning)
        return False

    def read(self, most: int, longest: int, now: float, wait: float) -> Records:
        """Return the next records, from at most `most` bytes; `now` is in seconds, on the clock of `quiet_since`."""
        at = self.offset
        if not at:
            at = self._start()
        content = self.content.read(at, most)
        if at + len(content) != self.seen:
            self.seen, self.quiet_since = at + len(content), now
        full = len(content) == most
        if self.is_wrapped and content:
            return self._unwrapped(content, longest, wait, 0.0 if full else now - self.quiet_since, full=full)
        if self.skipping:
            return self._skipped(content, at)
        if not content:
            return no_records()
        encoding = encoding_of(self._beginning(), self.encoding)[0]
        whole = not full and now - self.quiet_since >= wait
        found = records(content, self._starts, encoding, longest=longest, whole=whole)
        torn = len(found.cut) and full and not content[: found.consumed].endswith(b"\n")
        self.skipping = frozenset({0}) if torn else frozenset()
        self.ahead = at + found.consumed - self.offset
        return found

    def _unwrapped(self, content: bytes, longest: int, wait: float, quiet: float, *, full: bool) -> Records:
        read = partial(
            wrapped_records, content, self._starts, longest=longest, wait=wait, quiet=quiet, skipping=self.skipping
        )
        found = read()
        if full and not found.consumed and len(content) >= 2 * longest:
            found = read(force=True)
        if found.consumed:
            self.skipping = found.skipping
        if len(found):
            self.ahead = found.consumed
        else:
            self.offset += found.consumed
        return found

    def advance(self) -> None:
        """Take note that what was read is stored."""
        self.offset, self.ahead = self.offset + self.ahead, 0

    def _skipped(self, content: bytes, at: int) -> Records:
        end = content.find(b"\n")
        if end >= 0:
            self.skipping = frozenset()
        self.offset = at + (len(content) if end < 0 else end + 1)
        return no_records()

    def _start(self) -> int:
        return encoding_of(self._beginning(), self.encoding)[1]

    def _beginning(self) -> bytes:
        return self.content.read(0, 4) if not self.content.packing else b""


def origin_of(book: LogBook, path: str, source: FileSource, stem: str) -> Origin:
    """Return who the records of a file are from."""
    service = source.service or stem
    resource = {"service.name": service, "host.name": HOST, "log.file.path": path}
    return book.origin(resource, labels={**source.labels, "service_name": service, "filename": path})
