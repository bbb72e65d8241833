"""The sections of a prometheus.yml that are not about scraping: checked as there, and not carried out.

A file that Prometheus refuses is refused; of a file that it takes, `Sections.unused` says what is not done here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from firstlight.errors import brief
from firstlight.ingest.scrape.client_settings import RESERVED_HEADERS, ClientSettings, Section, TlsSettings, check_url
from firstlight.ingest.scrape.job_settings import DiscoverySettings
from firstlight.ingest.scrape.prometheus_units import Interval, Size
from firstlight.ingest.scrape.relabel_settings import RelabelSettings
from firstlight.wire.otlp.names import Strategy

GLOB = re.compile(r"[^*]*(\*[^/]*)?")
"""Paths of files: one * in the last part at most."""


def check_globs(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths; raise `ValueError` if one has a * that is not in its last part."""
    for path in paths:
        if not GLOB.fullmatch(path):
            raise ValueError(f"cannot use the path {brief(path)}; want a * in its last part only")
    return paths


def _check_headers(headers: Mapping[str, str], instead: str) -> Mapping[str, str]:
    for name in headers:
        if name.lower() == "authorization":
            raise ValueError(f"cannot set the header {name}; {instead}")
        if name.lower() in RESERVED_HEADERS:
            raise ValueError(f"cannot set the header {name}: it is the client's own")
    return headers


class SigV4Settings(Section):
    """Signatures as AWS wants them."""

    region: str = ""
    access_key: str = ""
    secret_key: SecretStr | None = None
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    use_fips_sts_endpoint: bool = False
    service_name: str = ""

    @model_validator(mode="after")
    def _has_both_keys(self) -> Self:
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError("access_key and secret_key go together; want both or none")
        return self


class RemoteSettings(ClientSettings):
    """Another server, to which or from which samples go."""

    url: str
    name: str = ""
    headers: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return check_url(url)

    @field_validator("headers")
    @classmethod
    def _check_own_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        return _check_headers(headers, "want basic_auth, authorization or oauth2")


class QueueSettings(Section):
    """How samples wait to be sent."""

    capacity: int = 10_000
    max_shards: int = 50
    min_shards: int = Field(default=1, ge=1)
    max_samples_per_send: int = Field(default=2000, ge=1)
    batch_send_deadline: Interval = 5.0
    min_backoff: Interval = 0.03
    max_backoff: Interval = 5.0
    retry_on_http_429: bool = False
    sample_age_limit: Interval = 0.0

    @model_validator(mode="after")
    def _has_room_for_shards(self) -> Self:
        if self.max_shards < self.min_shards:
            raise ValueError(f"max_shards {self.max_shards} is less than min_shards {self.min_shards}")
        return self


class MetadataSettings(Section):
    """How metadata is sent."""

    send: bool = True
    send_interval: Interval = 60.0
    max_samples_per_send: int = 2000


class RemoteWriteSettings(RemoteSettings):
    """A server that samples would be sent to."""

    enable_http2: bool = False
    remote_timeout: Interval = 30.0
    write_relabel_configs: tuple[RelabelSettings, ...] = ()
    send_exemplars: bool = False
    send_native_histograms: bool = False
    round_robin_dns: bool = False
    protobuf_message: Literal["prometheus.WriteRequest", "io.prometheus.write.v2.Request"] = "prometheus.WriteRequest"
    queue_config: QueueSettings = QueueSettings()
    metadata_config: MetadataSettings = MetadataSettings()
    sigv4: SigV4Settings | None = None
    azuread: Mapping[str, Any] | None = None
    google_iam: Mapping[str, Any] | None = None

    @model_validator(mode="after")
    def _says_once_who_it_is(self) -> Self:
        names = ("basic_auth", "bearer", "oauth2", "sigv4", "azuread", "google_iam")
        if len(found := [name for name in names if getattr(self, name) is not None]) > 1:
            raise ValueError(f"{' and '.join(found)} exclude each other; want one of them")
        return self


class RemoteReadSettings(RemoteSettings):
    """A server that samples would be read from."""

    remote_timeout: Interval = 60.0
    chunked_read_limit: int = Field(default=50_000_000, ge=0)
    read_recent: bool = False
    required_matchers: Mapping[str, str] = Field(default_factory=dict)
    filter_external_labels: bool = True


class AlertmanagerSettings(DiscoverySettings):
    """Alertmanagers that alerts would be sent to."""

    scheme: str = "http"
    path_prefix: str = ""
    timeout: Interval = 10.0
    api_version: Literal["v2"] = "v2"
    sigv4: SigV4Settings | None = None
    alert_relabel_configs: tuple[RelabelSettings, ...] = ()

    @model_validator(mode="after")
    def _says_once_who_it_is(self) -> Self:
        if self.sigv4 and (self.basic_auth or self.bearer or self.oauth2):
            raise ValueError("sigv4 excludes basic_auth, authorization and oauth2; want one of them")
        return self


class AlertingSettings(Section):
    """Where alerts would be sent."""

    alert_relabel_configs: tuple[RelabelSettings, ...] = ()
    alertmanagers: tuple[AlertmanagerSettings, ...] = ()


class RuntimeSettings(Section):
    """How Go's runtime would be tuned."""

    gogc: int = 75


class KeepSettings(Section):
    """How long Prometheus would keep samples."""

    time: Interval = 0.0
    size: Size = 0
    percentage: float = Field(default=0.0, ge=0, le=100)


class EncodingSettings(Section):
    """How Prometheus would encode samples."""

    floats: Literal["xor", "xor2"] | None = None


class TsdbSettings(Section):
    """Prometheus' own store."""

    out_of_order_time_window: str = "0"
    stale_series_compaction_threshold: float = Field(default=0.0, ge=0, le=1)
    retention: KeepSettings = KeepSettings()
    chunk_encoding: EncodingSettings = EncodingSettings()


class ExemplarSettings(Section):
    """How many exemplars Prometheus would keep."""

    max_exemplars: int = 100_000


class StorageSettings(Section):
    """How Prometheus would store."""

    tsdb: TsdbSettings = TsdbSettings()
    exemplars: ExemplarSettings = ExemplarSettings()


class TracingSettings(Section):
    """Where Prometheus would send its own traces."""

    client_type: Literal["grpc", "http"] = "grpc"
    endpoint: str = Field(min_length=1)
    sampling_fraction: float = 0.0
    insecure: bool = False
    tls_config: TlsSettings = TlsSettings()
    headers: Mapping[str, str] = Field(default_factory=dict)
    compression: Literal["gzip", ""] = ""
    timeout: Interval = 0.0

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        return _check_headers(headers, "that is not supported")


class OtlpSection(Section):
    """How Prometheus would name what comes by OTLP."""

    promote_all_resource_attributes: bool = False
    promote_resource_attributes: tuple[str, ...] = ()
    ignore_resource_attributes: tuple[str, ...] = ()
    translation_strategy: Strategy | None = None
    keep_identifying_resource_attributes: bool = False
    convert_histograms_to_nhcb: bool = False
    promote_scope_metadata: bool = False
    label_name_underscore_sanitization: bool = True
    label_name_preserve_multiple_underscores: bool = True

    @field_validator("promote_resource_attributes", "ignore_resource_attributes")
    @classmethod
    def _check_attributes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        stripped = [name.strip() for name in names]
        if "" in stripped or len(set(stripped)) < len(stripped):
            raise ValueError("found an attribute that is empty or there twice; want each once")
        return tuple(stripped)

    @model_validator(mode="after")
    def _promotes_in_one_way(self) -> Self:
        if self.promote_all_resource_attributes and self.promote_resource_attributes:
            raise ValueError("promote_resource_attributes and promote_all_resource_attributes exclude each other")
        if self.ignore_resource_attributes and not self.promote_all_resource_attributes:
            raise ValueError("ignore_resource_attributes has a meaning only with promote_all_resource_attributes: true")
        return self


_UNUSED: Mapping[str, str] = {
    "rule_files": "rules are not read yet; nothing is recorded and no alert is raised by them",
    "alerting": "alerts are not sent yet",
    "remote_write": "nothing is sent on to other servers",
    "remote_read": "nothing is read from other servers",
    "storage": "what is kept, and how long, is set by retention in firstlight.yaml",
    "tracing": "no traces of its own are sent",
    "otlp": "how OTLP is named is set by otlp in firstlight.yaml",
    "runtime": "there is no Go runtime to tune",
}


class OtherSections(Section):
    """The sections that are checked only."""

    rule_files: tuple[str, ...] = ()
    alerting: AlertingSettings = AlertingSettings()
    remote_write: tuple[RemoteWriteSettings, ...] = ()
    remote_read: tuple[RemoteReadSettings, ...] = ()
    storage: StorageSettings = StorageSettings()
    tracing: TracingSettings | None = None
    otlp: OtlpSection = OtlpSection()
    runtime: RuntimeSettings = RuntimeSettings()

    @field_validator("rule_files")
    @classmethod
    def _check_rule_files(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return check_globs(paths)

    @field_validator("remote_write", "remote_read")
    @classmethod
    def _check_remote_names(cls, remotes: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [one.name for one in remotes if one.name]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"there are two of the name {brief(name)}; want each name once")
        return remotes

    def relabel_settings(self) -> Iterator[RelabelSettings]:
        """Yield the rules of these sections, whose names depend on what holds for all."""
        yield from self.alerting.alert_relabel_configs
        for manager in self.alerting.alertmanagers:
            yield from (*manager.relabel_configs, *manager.alert_relabel_configs)
        for remote in self.remote_write:
            yield from remote.write_relabel_configs

    def unused(self) -> Iterator[str]:
        """Yield, for each section that says something, that it is not carried out."""
        for name, words in _UNUSED.items():
            if name in self.model_fields_set and getattr(self, name) not in ((), None):
                yield f"{name}: {words}"
