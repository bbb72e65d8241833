"""Targets that a server tells as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from firstlight.errors import brief, without_password
from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.discovery.ask import ask
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed, Publish, TargetGroup
from firstlight.ingest.scrape.discovery.listed import listed_groups
from firstlight.ingest.scrape.discovery.refresh import refresh
from firstlight.ingest.scrape.discovery.settings import HttpDiscoverySettings
from firstlight.ingest.scrape.prometheus_units import show_duration

URL_LABEL = "__meta_url"
INTERVAL_HEADER = "X-Prometheus-Refresh-Interval-Seconds"
_JSON = re.compile(r'application/json(;\s*charset="?utf-8"?)?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HttpDiscovery:
    """Asks one server again and again."""

    settings: HttpDiscoverySettings
    environ: Mapping[str, str] = field(default_factory=dict)

    async def run(self, publish: Publish) -> None:
        """Ask until cancelled."""
        async with Client(self.settings.client, self.environ) as client:

            async def find() -> list[TargetGroup]:
                return await self.find(client)

            source = f"http_sd_configs, {without_password(self.settings.url)}"
            await refresh(find, publish, source=source, interval=self.settings.refresh_interval)

    async def find(self, client: Client) -> list[TargetGroup]:
        """Return what the server tells now."""
        shown = without_password(self.settings.url)
        seconds = show_duration(self.settings.refresh_interval)
        headers = {INTERVAL_HEADER: f"{self.settings.refresh_interval:g}"}
        answer = await ask(client, self.settings.url, headers=headers, seconds=self.settings.refresh_interval)
        kind = answer.headers.get("Content-Type", "").strip()
        if not _JSON.fullmatch(kind):
            raise DiscoveryFailed(
                f"cannot use the answer of {shown}: its Content-Type is {brief(kind)}; want application/json"
                f" (asked again in {seconds})"
            )
        return listed_groups(answer.data, shown, {URL_LABEL: self.settings.url})
