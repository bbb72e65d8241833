"""Targets that are written down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from firstlight.ingest.scrape.discovery.group import ADDRESS, Publish, TargetGroup
from firstlight.ingest.scrape.discovery.settings import StaticSettings


@dataclass(frozen=True, slots=True)
class StaticDiscovery:
    """Publishes once what the settings say."""

    settings: Sequence[StaticSettings]

    async def run(self, publish: Publish) -> None:
        """Publish, and wait to be cancelled."""
        publish("static", self.groups())
        await asyncio.Event().wait()

    def groups(self) -> list[TargetGroup]:
        """Return the groups that are written down."""
        return [
            TargetGroup(str(number), tuple({ADDRESS: target} for target in one.targets), dict(one.labels))
            for number, one in enumerate(self.settings)
        ]
