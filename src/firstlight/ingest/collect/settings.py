"""What can be set about what is scraped out of the box."""

from __future__ import annotations

from pydantic import Field

from firstlight.ingest.scrape.client_settings import Section
from firstlight.ingest.scrape.prometheus_units import Interval


class OwnScrapeSettings(Section):
    """What is scraped without being told so."""

    scrape_self: bool = Field(default=True, description="scrape the server itself, as the job firstlight")
    scrape_host: bool = Field(
        default=True, description="scrape the host, as the job node, with the names that Prometheus' node exporter has"
    )
    own_interval: Interval = Field(default=15.0, description="how often these two are scraped")
