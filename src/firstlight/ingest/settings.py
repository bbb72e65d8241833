"""What can be set about the way in."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from firstlight.config.units import ByteSize, Duration, ListenAddress, show_byte_size
from firstlight.http.listen import loopback_only
from firstlight.wire.census import Limits
from firstlight.wire.otlp.names import DEFAULT, Strategy, Translation

MIB = 1024 * 1024


class IngestSettings(BaseModel):
    """How much is taken at once, of all protocols together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_body: ByteSize = Field(default=64 * MIB, ge=1024, description="bytes of one request's body, as it is sent")
    max_decompressed: ByteSize = Field(
        default=64 * MIB, ge=1024, description="bytes of one request's body, decompressed"
    )
    max_json: ByteSize = Field(
        default=8 * MIB,
        ge=1024,
        description="bytes of one request's body, decompressed, if it is JSON: to read it may take 20 times its size",
    )
    max_in_flight: ByteSize = Field(
        default=160 * MIB,
        description="bytes of request bodies in memory; beyond it senders are told to try again later",
    )
    max_requests: int = Field(default=256, ge=1, description="requests that are read, decoded or stored at one time")
    workers: int = Field(default=2, ge=1, le=64, description="threads that decompress and decode")
    max_series: int = Field(
        default=2_000_000,
        ge=0,
        description="series that a tenant may have on a day; samples of new ones beyond are refused; 0 for any number",
    )
    max_series_per_metric: int = Field(
        default=200_000,
        ge=0,
        description="the same, of one metric; who sends more is told which label has the most values; 0 for any number",
    )
    retry_after: Duration = Field(
        default=1.0, ge=0.1, description="how long senders are told to wait when there is too much"
    )

    @property
    def series_limits(self) -> Limits:
        """How many series there may be."""
        return Limits(self.max_series, self.max_series_per_metric)

    @model_validator(mode="after")
    def _one_request_fits(self) -> Self:
        largest = self.max_body + self.max_decompressed
        if self.max_in_flight < largest:
            raise ValueError(
                f"max_in_flight is {show_byte_size(self.max_in_flight)}, and one request of the largest size needs "
                f"max_body + max_decompressed; want {show_byte_size(largest)} or more"
            )
        return self


class OtlpSettings(BaseModel):
    """Where OTLP is taken, and what its metrics are called in PromQL (in the words of Prometheus' own settings)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grpc: ListenAddress | None = Field(
        default=ListenAddress("127.0.0.1", 4317), description="where OTLP/gRPC is taken; null for nowhere"
    )
    http: ListenAddress | None = Field(
        default=ListenAddress("127.0.0.1", 4318),
        description="where OTLP/HTTP is taken, which the main address takes as well; null for nowhere else",
    )
    translation_strategy: Strategy = Field(
        default=DEFAULT,
        description="how names are made fit for PromQL, and whether units and types are added to them",
    )
    promote_resource_attributes: tuple[str, ...] = Field(
        default=(), description="resource attributes that become labels of every series, and not only of target_info"
    )
    promote_all_resource_attributes: bool = Field(
        default=False, description="make labels of all of them, but those in ignore_resource_attributes"
    )
    ignore_resource_attributes: tuple[str, ...] = Field(
        default=(), description="resource attributes that do not become labels though all others do"
    )
    promote_scope_metadata: bool = Field(
        default=True, description="label every series with the instrumentation scope it came from, as otel_scope_…"
    )
    keep_identifying_resource_attributes: bool = Field(
        default=False,
        description="keep on target_info what its job and instance are made of, such as service.name",
    )

    @field_validator("grpc", "http")
    @classmethod
    def _check_listen(cls, address: ListenAddress | None) -> ListenAddress | None:
        return address and loopback_only(address)

    @model_validator(mode="after")
    def _promotes_in_one_way(self) -> Self:
        if self.promote_all_resource_attributes and self.promote_resource_attributes:
            raise ValueError(
                "promote_resource_attributes and promote_all_resource_attributes exclude each other; want one"
            )
        if self.ignore_resource_attributes and not self.promote_all_resource_attributes:
            raise ValueError("ignore_resource_attributes has a meaning only with promote_all_resource_attributes: true")
        return self

    @property
    def translation(self) -> Translation:
        """What the settings say about names and labels."""
        return Translation(
            strategy=self.translation_strategy,
            promoted=frozenset(self.promote_resource_attributes),
            promote_all=self.promote_all_resource_attributes,
            not_promoted=frozenset(self.ignore_resource_attributes),
            scope_labels=self.promote_scope_metadata,
            keep_identifying=self.keep_identifying_resource_attributes,
        )


class PushSettings(BaseModel):
    """Where and how metrics are taken that programs push, beside OTLP and remote write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeat: Duration = Field(
        default=15.0, ge=1, description="how often series pushed as to a Pushgateway get a new sample, until deleted"
    )
    statsd: ListenAddress | None = Field(
        default=None, description="where StatsD and DogStatsD are taken, over UDP; null for nowhere"
    )
    statsd_flush: Duration = Field(default=10.0, ge=0.1, description="how often what came by StatsD is stored")

    @field_validator("statsd")
    @classmethod
    def _check_listen(cls, address: ListenAddress | None) -> ListenAddress | None:
        return address and loopback_only(address)
