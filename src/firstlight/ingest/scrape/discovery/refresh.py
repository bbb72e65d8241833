"""Discovery that asks again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from firstlight.ingest.scrape.discovery.group import DiscoveryFailed, Publish, TargetGroup

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Complaints:
    """Logs what fails, once until it fails otherwise or works again."""

    who: str
    _said: str = ""

    def failed(self, error: DiscoveryFailed) -> None:
        """Say what failed."""
        if str(error) != self._said:
            self._said = str(error)
            _log.warning("%s: %s; what it found before stays", self.who, error)

    def works(self) -> None:
        """Say that it works again, if it did not."""
        if self._said:
            _log.info("%s: works again", self.who)
            self._said = ""


async def refresh(
    find: Callable[[], Awaitable[Sequence[TargetGroup]]],
    publish: Publish,
    *,
    source: str,
    interval: float,
) -> None:
    """Ask `find` every `interval` seconds until cancelled, and publish what it answers."""
    complaints = Complaints(source)
    while True:
        try:
            groups = await find()
        except DiscoveryFailed as error:
            complaints.failed(error)
        else:
            complaints.works()
            publish(source, groups)
        await asyncio.sleep(interval)
