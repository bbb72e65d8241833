"""The discoverers of one job, running, and what they have found."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from firstlight.ingest.scrape.discovery.group import TargetGroup
from firstlight.ingest.scrape.discovery.start import discoverers
from firstlight.ingest.scrape.job_settings import DiscoverySettings

PATIENCE: Final = 10.0
"""How many seconds new discoverers have to find what the old ones found, before that is over."""

_log = logging.getLogger(__name__)


class Watch:
    """Runs the discoverers of a job. Calls `changed` when there is news."""

    def __init__(self, environ: Mapping[str, str], changed: Callable[[], None]) -> None:
        self._environ = environ
        self._changed = changed
        self._settings: DiscoverySettings | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._found: dict[tuple[int, str], Sequence[TargetGroup]] = {}
        self._before: list[TargetGroup] = []
        self._silent: set[int] = set()
        self._patience: asyncio.TimerHandle | None = None

    @property
    def groups(self) -> list[TargetGroup]:
        """All groups that are there now."""
        if self._silent:
            return self._before
        return [group for groups in self._found.values() for group in groups]

    async def follow(self, settings: DiscoverySettings) -> None:
        """Discover as `settings` say. If that is not news, go on as before."""
        if self._settings is not None and same_discovery(self._settings, settings):
            self._settings = settings
            return
        self._before = self.groups
        await self.stop()
        self._settings = settings
        self._found = {}
        found = discoverers(settings, self._environ)
        # What was found before stays until all of them have said what there is, so that no target goes and comes.
        self._silent = set(range(len(found))) if self._before else set()
        if self._silent:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience)
        self._tasks = [asyncio.create_task(one.run(partial(self._tell, place))) for place, one in enumerate(found)]
        for task in self._tasks:
            task.add_done_callback(_log_end)
        if not found:
            self._changed()

    async def stop(self) -> None:
        """Discover no more."""
        if self._patience:
            self._patience.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def _tell(self, place: int, source: str, groups: Sequence[TargetGroup]) -> None:
        if groups:
            self._found[place, source] = groups
        else:
            self._found.pop((place, source), None)
        self._silent.discard(place)
        if not self._silent:
            self._changed()

    def _lose_patience(self) -> None:
        if self._silent:
            self._silent = set()
            self._changed()


def same_discovery(one: DiscoverySettings, other: DiscoverySettings) -> bool:
    """Return whether both find targets in the same way, whatever becomes of these."""
    names = [name for name in DiscoverySettings.model_fields if name.endswith("_configs") and name != "relabel_configs"]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _log_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("BUG: discovery has ended", exc_info=error)
