"""From a job's settings to its discoverers: one for each entry."""

from __future__ import annotations

from collections.abc import Mapping

from firstlight.ingest.scrape.discovery.consul import ConsulDiscovery
from firstlight.ingest.scrape.discovery.dns import DnsDiscovery
from firstlight.ingest.scrape.discovery.docker import DockerDiscovery
from firstlight.ingest.scrape.discovery.files import FileDiscovery
from firstlight.ingest.scrape.discovery.group import Discoverer
from firstlight.ingest.scrape.discovery.http import HttpDiscovery
from firstlight.ingest.scrape.discovery.kubernetes import KubernetesDiscovery
from firstlight.ingest.scrape.discovery.static import StaticDiscovery
from firstlight.ingest.scrape.job_settings import DiscoverySettings


def discoverers(settings: DiscoverySettings, environ: Mapping[str, str]) -> list[Discoverer]:
    """Return what finds the targets of a job.

    Sources are the discoverer's own: two of them may use the same name, so keep what each tells apart.
    """
    found: list[Discoverer] = [StaticDiscovery(settings.static_configs)] if settings.static_configs else []
    found += [FileDiscovery(one) for one in settings.file_sd_configs]
    found += [HttpDiscovery(one, environ) for one in settings.http_sd_configs]
    found += [DnsDiscovery(one) for one in settings.dns_sd_configs]
    found += [ConsulDiscovery(one, environ) for one in settings.consul_sd_configs]
    found += [DockerDiscovery(one, environ) for one in settings.docker_sd_configs]
    found += [KubernetesDiscovery(one, environ) for one in settings.kubernetes_sd_configs]
    return found
