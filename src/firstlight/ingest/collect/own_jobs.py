"""The jobs that are there out of the box: the server itself, and the host it runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from firstlight.ingest.collect.host import HostCollector
from firstlight.ingest.collect.settings import OwnScrapeSettings
from firstlight.ingest.scrape.discovery.settings import StaticSettings
from firstlight.ingest.scrape.fetch import Answer, LocalFetch
from firstlight.ingest.scrape.global_settings import GlobalSettings
from firstlight.ingest.scrape.job import Job, resolve
from firstlight.ingest.scrape.job_settings import JobSettings
from firstlight.ingest.scrape.scraper import OwnJob
from firstlight.wire.exposition import (
    OPENMETRICS_CONTENT_TYPE,
    TEXT_CONTENT_TYPE,
    Family,
    encode_openmetrics,
    encode_text,
)

SELF: Final = "firstlight"
HOST: Final = "node"


def own_jobs(
    settings: OwnScrapeSettings,
    instance: str,
    own_metrics: Callable[[], Iterable[Family]],
    collector: HostCollector | None = None,
) -> list[OwnJob]:
    """Return the jobs that the settings leave on. `instance` is what the server is known by: its host and port.

    `own_metrics` is its registry's `collect`.
    """
    host = collector or HostCollector()
    offered: tuple[tuple[bool, str, Callable[[], Answer]], ...] = (
        (
            settings.scrape_self,
            SELF,
            lambda: Answer(encode_openmetrics(own_metrics()), OPENMETRICS_CONTENT_TYPE),
        ),
        # The text format: the node exporter has counters whose names OpenMetrics does not allow.
        (settings.scrape_host, HOST, lambda: Answer(encode_text(host.collect()), TEXT_CONTENT_TYPE)),
    )
    return [
        OwnJob(_job(name, instance, settings.own_interval), LocalFetch(produce))
        for wanted, name, produce in offered
        if wanted
    ]


def _job(name: str, instance: str, interval: float) -> Job:
    target = StaticSettings(targets=(instance,))
    return resolve(JobSettings(job_name=name, scrape_interval=interval, static_configs=(target,)), GlobalSettings())
