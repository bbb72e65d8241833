"""Keeps in a file which metrics queries read, so that it is known after a restart."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from firstlight.config.files import replace_file
from firstlight.query.metrics.usage import Usage

FILE: Final = "metric-usage.json"
INTERVAL: Final = 300.0
"""Seconds between two looks whether there is something new to write."""

_log = logging.getLogger(__name__)


class UsageFile:
    """Reads `usage` from a file in a directory, and writes it there now and then. What cannot be read is begun anew."""

    def __init__(self, usage: Usage, directory: Path) -> None:
        self._usage = usage
        self._file = directory / FILE
        self._written = usage.version
        try:
            if self._file.exists():
                usage.load(self._file.read_bytes())
        except (OSError, ValueError) as error:
            _log.warning("cannot read %s: %s; which metrics are queried is noted anew", self._file, error)
            self._written = -1

    async def run(self) -> None:
        """Write at an interval, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            await asyncio.to_thread(self._write, self._usage.version, self._usage.dump())

    def close(self) -> None:
        """Write what is new."""
        self._write(self._usage.version, self._usage.dump())

    def _write(self, version: int, text: bytes) -> None:
        if version == self._written and self._file.exists():
            return
        try:
            replace_file(self._file, text, durable=False)
        except OSError as error:
            _log.warning("cannot write %s: %s; which metrics are queried may be forgotten", self._file, error)
            return
        self._written = version
