"""One entry of Prometheus' ``scrape_configs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from firstlight.errors import brief
from firstlight.ingest.scrape.client_settings import ClientSettings
from firstlight.ingest.scrape.discovery import foreign
from firstlight.ingest.scrape.discovery.kubernetes_settings import KubernetesSettings
from firstlight.ingest.scrape.discovery.settings import (
    ConsulSettings,
    DnsSettings,
    DockerSettings,
    FileSettings,
    HttpDiscoverySettings,
    StaticSettings,
)
from firstlight.ingest.scrape.global_settings import Protocol, ScrapedSettings
from firstlight.ingest.scrape.relabel_settings import RelabelSettings

_FOREIGN = Field(default=(), description="understood, but not carried out: no targets are discovered by it")
Told = Mapping[str, Any]


class DiscoverySettings(ClientSettings):
    """Where targets come from; all ways may be used together."""

    static_configs: tuple[StaticSettings, ...] = Field(default=(), description="targets that are written down")
    file_sd_configs: tuple[FileSettings, ...] = Field(default=(), description="files with targets")
    http_sd_configs: tuple[HttpDiscoverySettings, ...] = Field(default=(), description="servers that tell targets")
    dns_sd_configs: tuple[DnsSettings, ...] = Field(default=(), description="names in the DNS")
    consul_sd_configs: tuple[ConsulSettings, ...] = Field(default=(), description="Consul's catalogues")
    docker_sd_configs: tuple[DockerSettings, ...] = Field(default=(), description="Docker engines")
    kubernetes_sd_configs: tuple[KubernetesSettings, ...] = Field(default=(), description="Kubernetes clusters")
    aws_sd_configs: tuple[Told, ...] = _FOREIGN
    azure_sd_configs: tuple[Told, ...] = _FOREIGN
    digitalocean_sd_configs: tuple[Told, ...] = _FOREIGN
    dockerswarm_sd_configs: tuple[Told, ...] = _FOREIGN
    ec2_sd_configs: tuple[Told, ...] = _FOREIGN
    eureka_sd_configs: tuple[Told, ...] = _FOREIGN
    gce_sd_configs: tuple[Told, ...] = _FOREIGN
    hetzner_sd_configs: tuple[Told, ...] = _FOREIGN
    ionos_sd_configs: tuple[Told, ...] = _FOREIGN
    kuma_sd_configs: tuple[Told, ...] = _FOREIGN
    lightsail_sd_configs: tuple[Told, ...] = _FOREIGN
    linode_sd_configs: tuple[Told, ...] = _FOREIGN
    marathon_sd_configs: tuple[Told, ...] = _FOREIGN
    nerve_sd_configs: tuple[Told, ...] = _FOREIGN
    nomad_sd_configs: tuple[Told, ...] = _FOREIGN
    oci_sd_configs: tuple[Told, ...] = _FOREIGN
    openstack_sd_configs: tuple[Told, ...] = _FOREIGN
    outscale_sd_configs: tuple[Told, ...] = _FOREIGN
    ovhcloud_sd_configs: tuple[Told, ...] = _FOREIGN
    puppetdb_sd_configs: tuple[Told, ...] = _FOREIGN
    scaleway_sd_configs: tuple[Told, ...] = _FOREIGN
    serverset_sd_configs: tuple[Told, ...] = _FOREIGN
    stackit_sd_configs: tuple[Told, ...] = _FOREIGN
    triton_sd_configs: tuple[Told, ...] = _FOREIGN
    uyuni_sd_configs: tuple[Told, ...] = _FOREIGN
    vultr_sd_configs: tuple[Told, ...] = _FOREIGN
    relabel_configs: tuple[RelabelSettings, ...] = Field(default=(), description="rules for the labels of targets")

    @field_validator(*(f"{kind}_sd_configs" for kind in foreign.FOREIGN))
    @classmethod
    def _check_foreign(cls, told: tuple[Told, ...], info: ValidationInfo) -> tuple[Told, ...]:
        for one in told:
            foreign.check(str(info.field_name).removesuffix("_sd_configs"), one)
        # Nothing of it is used, so its secrets are not kept.
        return tuple({} for _ in told)

    @model_validator(mode="after")
    def _has_no_urls_as_targets(self) -> Self:
        # With rules, a target may be anything: they may make an address of it.
        for target in () if self.relabel_configs else (one for group in self.static_configs for one in group.targets):
            if "/" in target:
                raise ValueError(
                    f"cannot use {brief(target)} as a target; want host:port, and scheme and metrics_path beside it"
                )
        return self

    @property
    def foreign_kinds(self) -> tuple[str, ...]:
        """The ways of discovery that are told and not carried out."""
        return tuple(kind for kind in foreign.FOREIGN if getattr(self, f"{kind}_sd_configs"))


class JobSettings(ScrapedSettings, DiscoverySettings):
    """Targets that are scraped in the same way."""

    job_name: str = Field(min_length=1, description="what they are called together: the label job")
    honor_labels: bool = Field(default=False, description="let labels of samples win over the target's own")
    honor_timestamps: bool = Field(default=True, description="take timestamps that targets tell")
    track_timestamps_staleness: bool = Field(
        default=False, description="note when series disappear that have timestamps of the target's"
    )
    params: Mapping[str, tuple[str, ...]] = Field(default_factory=dict, description="parameters of the URL")
    fallback_scrape_protocol: Protocol | None = Field(
        default=None, description="what an answer is taken for that does not say what it is"
    )
    metrics_path: str = Field(default="/metrics", description="the path of the URL")
    scheme: Literal["http", "https"] = Field(default="http", description="http or https")
    enable_compression: bool = Field(default=True, description="ask for compressed answers")
    native_histogram_bucket_limit: int = Field(
        default=0, ge=0, description="buckets of a native histogram, which is made coarser if it has more; 0 for any"
    )
    native_histogram_min_bucket_factor: float = Field(
        default=0.0, ge=0, description="how much a bucket's bound must be of that before, or it is made coarser"
    )
    metric_relabel_configs: tuple[RelabelSettings, ...] = Field(default=(), description="rules for labels of samples")
