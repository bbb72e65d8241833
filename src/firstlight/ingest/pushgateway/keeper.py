"""Keeps pushed groups: in a file, so that they outlive the server, and by giving their series samples again and again.

A Pushgateway is scraped for ever, so what was pushed once is there until it is deleted. Here every group is appended to
the store at an interval, as if it had been scraped. The file is replaced as a whole, and is on disk before a push is
answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from firstlight.config.files import replace_file
from firstlight.errors import StoreError
from firstlight.ingest.receiver import Append
from firstlight.model.batch import Batch
from firstlight.wire.prometheus.book import Book
from firstlight.wire.pushes.groups import Change, Groups
from firstlight.wire.pushes.labelled import Labelled, Pages

INTERVAL: Final = 15.0
"""How many seconds are between two samples of a pushed series."""

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps groups in `file`, which need not be there yet. Raises DecodeError if what is in it cannot be read."""

    def __init__(self, book: Book, file: Path, now_ns: Callable[[], int]) -> None:
        self.groups = Groups.load(file.read_bytes()) if file.exists() else Groups()
        self._pages = Pages(book)
        self._file = file
        self._now_ns = now_ns

    def batch_of(self, change: Change, now: int) -> Batch:
        """Return the samples of a change as of `now`, in milliseconds: of what was pushed, and of what has ended."""
        samples = change.group.samples(now) if change.group else []
        metadata = change.group.metadata(change.tenant) if change.group else ()
        ended = [Labelled(one.labels, now, one.value) for one in change.ended]
        return self._pages.batch(change.tenant, samples, metadata=metadata, stale=ended)

    def apply(self, change: Change) -> None:
        """Make a change, and return when it is on disk."""
        self.groups.apply(change)
        replace_file(self._file, self.groups.dump())

    async def run(self, append: Append, interval: float = INTERVAL) -> None:
        """Append samples of all groups at each interval, until cancelled. What the store will not take is left out."""
        while True:
            await asyncio.sleep(interval)
            for tenant, samples in self._due(self._now_ns() // 1_000_000).items():
                try:
                    await append(self._pages.batch(tenant, samples))
                except StoreError as error:
                    _log.warning("cannot give pushed series a sample this time: %s", error)

    def _due(self, now: int) -> dict[str, list[Labelled]]:
        found: dict[str, list[Labelled]] = {}
        for tenant, group in self.groups:
            found.setdefault(tenant, []).extend(group.samples(now))
        return found
