"""What can be set about the HTTP server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from firstlight.config.units import ByteSize, Duration, ListenAddress
from firstlight.http.listen import loopback_only


class HttpSettings(BaseModel):
    """How the HTTP server listens, and how long it waits for whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: ListenAddress = Field(
        default=ListenAddress("127.0.0.1", 1610),
        description="where every HTTP API answers, OTLP included; port 0 takes any that is free",
    )
    max_connections: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="open connections, of all HTTP listeners together; more are told 503",
    )
    max_header_size: ByteSize = Field(
        default=64 * 1024, ge=1024, description="bytes of a request's first line and headers; more are told 431"
    )
    header_timeout: Duration = Field(
        default=10.0, gt=0, description="how long a request's headers may take to come, from its first byte"
    )
    body_timeout: Duration = Field(default=60.0, gt=0, description="how long a request's body may take to come")
    idle_timeout: Duration = Field(
        default=75.0, gt=0, description="how long a connection may stay open between requests"
    )
    write_timeout: Duration = Field(
        default=60.0,
        gt=0,
        description="how long a client may take nothing of an answer before its connection is closed",
    )
    stop_timeout: Duration = Field(
        default=20.0, gt=0, description="how long requests under way may take to finish when the server stops"
    )
    access_log: bool = Field(default=False, description="log a line for each request")

    @field_validator("listen")
    @classmethod
    def _check_listen(cls, address: ListenAddress) -> ListenAddress:
        return loopback_only(address)


class PortSettings(BaseModel):
    """The ports of the systems whose protocols are served; each has every route, as `http.listen` has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prometheus: ListenAddress | None = Field(
        default=None, description="where Prometheus would be; null for nowhere, with compat 127.0.0.1:9090"
    )
    pushgateway: ListenAddress | None = Field(
        default=None, description="where a Pushgateway would be; null for nowhere, with compat 127.0.0.1:9091"
    )

    loki: ListenAddress | None = Field(
        default=None, description="where Loki would be; null for nowhere, with compat 127.0.0.1:3100"
    )
    elasticsearch: ListenAddress | None = Field(
        default=None, description="where Elasticsearch would be; null for nowhere, with compat 127.0.0.1:9200"
    )
    journal: ListenAddress | None = Field(
        default=None,
        description="where systemd-journal-remote would be; null for nowhere, with compat 127.0.0.1:19532",
    )

    @field_validator("*")
    @classmethod
    def _check_listen(cls, address: ListenAddress | None) -> ListenAddress | None:
        return address and loopback_only(address)
