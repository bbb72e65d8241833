"""Targets from files, read when they change.

Files are looked at every second or two: a look is one `stat` a file, works on every file system, network and
container mounts included, and needs no library.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

import yaml

from firstlight.ingest.scrape.discovery.group import DiscoveryFailed, Publish, TargetGroup
from firstlight.ingest.scrape.discovery.listed import listed_groups
from firstlight.ingest.scrape.discovery.refresh import Complaints
from firstlight.ingest.scrape.discovery.settings import FileSettings

LOOK = 2.0
"""Seconds between two looks at the files."""

FILE_LABEL = "__meta_filepath"

# All scalars are texts, as labels are.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(slots=True)
class FileDiscovery:
    """Publishes what the files of one entry say; each file is a source."""

    settings: FileSettings
    look: float = LOOK
    _stamps: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _complaints: dict[str, Complaints] = field(default_factory=dict)

    async def run(self, publish: Publish) -> None:
        """Look at the files until cancelled."""
        look = min(self.look, self.settings.refresh_interval or self.look)
        while True:
            await self.once(publish)
            await asyncio.sleep(look)

    async def once(self, publish: Publish) -> None:
        """Publish what changed since the last time."""
        stamps = await asyncio.to_thread(self._look)
        for name in self._stamps.keys() - stamps.keys():
            publish(name, [])
            self._complaints.pop(name, None)
        for name, stamp in stamps.items():
            if self._stamps.get(name) == stamp:
                continue
            complaints = self._complaints.setdefault(name, Complaints(f"file_sd_configs, {name}"))
            try:
                groups = await asyncio.to_thread(read_file, Path(name))
            except DiscoveryFailed as error:
                complaints.failed(error)
            else:
                complaints.works()
                publish(name, groups)
        self._stamps = stamps

    def _look(self) -> dict[str, tuple[int, int, int]]:
        stamps = {}
        for pattern in self.settings.files:
            for name in glob(str(pattern)):  # noqa: PTH207 - the pattern may be absolute
                try:
                    status = Path(name).stat()
                except OSError:
                    continue  # Gone since it was listed.
                stamps[name] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return stamps


def read_file(path: Path) -> list[TargetGroup]:
    """Return what a file says; raise `DiscoveryFailed` if it cannot be read, or is no list of targets."""
    try:
        content = path.read_text(encoding="utf-8-sig")
        found = json.loads(content) if path.suffix.lower() == ".json" else yaml.load(content, Loader=_LOADER)  # noqa: S506 - makes texts only
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise DiscoveryFailed(f"cannot read {path}: {' '.join(str(error).split())}") from None
    return listed_groups(found or None, str(path), {FILE_LABEL: str(path)})
