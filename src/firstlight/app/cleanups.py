"""What has to be undone when the server stops, by name, the latest first."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)

Cleanup = Callable[[], Awaitable[None] | None]
"""Undoes something, at once or while it is awaited."""


class Cleanups:
    """A stack of clean-ups. Each runs once, whatever becomes of the others."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, Cleanup]] = []

    def push(self, name: str, cleanup: Cleanup) -> None:
        """Run `cleanup` before all that were pushed earlier."""
        self._stack.append((name, cleanup))

    async def run(self) -> None:
        """Run what has not run yet."""
        while self._stack:
            name, cleanup = self._stack.pop()
            _log.debug("stopping %s", name)
            try:
                if (rest := cleanup()) is not None:
                    await rest
            except Exception:  # a door: what fails to stop must not keep the rest from stopping
                _log.exception("cannot stop %s cleanly", name)
