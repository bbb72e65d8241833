"""What can be set about the sockets of log shippers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from firstlight.config.units import ByteSize, Duration, ListenAddress
from firstlight.errors import brief
from firstlight.http.listen import loopback_only

MIB: Final = 1024 * 1024

COMPAT: Final[Mapping[str, ListenAddress]] = MappingProxyType(
    {
        "beats": ListenAddress("127.0.0.1", 5044),
        "logstash": ListenAddress("127.0.0.1", 5000),
        "syslog_udp": ListenAddress("127.0.0.1", 1514),
        "syslog_tcp": ListenAddress("127.0.0.1", 1514),
        "gelf_udp": ListenAddress("127.0.0.1", 12201),
        "gelf_tcp": ListenAddress("127.0.0.1", 12201),
        "fluent": ListenAddress("127.0.0.1", 24224),
    }
)
"""Where these systems listen unless they are told otherwise."""


class ServerTlsSettings(BaseModel):
    """With what the server shows who it is, and whom it lets in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cert_file: Path = Field(description="the certificate, with those between it and its authority, as PEM")
    key_file: Path = Field(description="its private key, as PEM")
    client_ca_file: Path | None = Field(
        default=None, description="the authority that clients must show a certificate of; null to ask for none"
    )


class LogSocketSettings(BaseModel):
    """Where logs are taken in the protocols of shippers. Each address may be null, and then nothing listens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    beats: ListenAddress | None = Field(
        default=None, description="where Filebeat and other Beats send (Lumberjack); with compat 127.0.0.1:5044"
    )
    beats_tls: ListenAddress | None = Field(default=None, description="the same, over TLS")
    logstash: ListenAddress | None = Field(
        default=None, description="where events come over TCP, a line of JSON each; with compat 127.0.0.1:5000"
    )
    logstash_tls: ListenAddress | None = Field(default=None, description="the same, over TLS")
    syslog_udp: ListenAddress | None = Field(
        default=None, description="where syslog comes in datagrams; with compat 127.0.0.1:1514"
    )
    syslog_tcp: ListenAddress | None = Field(
        default=None, description="where syslog comes over TCP; with compat 127.0.0.1:1514"
    )
    syslog_tls: ListenAddress | None = Field(default=None, description="the same, over TLS")
    syslog_time_zone: str = Field(
        default="UTC", description="where times in syslog that name no zone are from, such as Europe/Berlin"
    )
    gelf_udp: ListenAddress | None = Field(
        default=None, description="where GELF comes in datagrams; with compat 127.0.0.1:12201"
    )
    gelf_tcp: ListenAddress | None = Field(
        default=None, description="where GELF comes over TCP; with compat 127.0.0.1:12201"
    )
    gelf_tls: ListenAddress | None = Field(default=None, description="the same, over TLS")
    fluent: ListenAddress | None = Field(
        default=None, description="where Fluentd and Fluent Bit forward to; with compat 127.0.0.1:24224"
    )
    fluent_tls: ListenAddress | None = Field(default=None, description="the same, over TLS")
    fluent_shared_key: SecretStr | None = Field(
        default=None, description="what those that forward must know; null to ask nobody"
    )
    tls: ServerTlsSettings | None = Field(default=None, description="certificates of the addresses with TLS")
    max_connections: int = Field(
        default=1_000, ge=1, le=100_000, description="open connections, of all protocols here; more are closed at once"
    )
    max_held: ByteSize = Field(
        default=256 * MIB,
        ge=MIB,
        description="bytes of unfinished messages, of all connections; who sends more is disconnected",
    )
    max_decompressed: ByteSize = Field(
        default=64 * MIB, ge=MIB, description="bytes that one compressed message may hold, decompressed"
    )
    max_datagrams: ByteSize = Field(
        default=16 * MIB,
        ge=64 * 1024,
        description="bytes of datagrams, of each protocol, that wait to be stored; more are dropped and counted",
    )
    idle_timeout: Duration = Field(
        default=3600.0, gt=0, description="how long a connection may stay open on which nothing comes"
    )
    message_timeout: Duration = Field(
        default=60.0, gt=0, description="how long a message that has begun may stay without its next bytes"
    )
    write_timeout: Duration = Field(
        default=30.0, gt=0, description="how long a sender may not take its answer before it is disconnected"
    )
    stop_timeout: Duration = Field(
        default=10.0, gt=0, description="how long what was read may take to be stored when the server stops"
    )

    @property
    def zone(self) -> tzinfo:
        """Where times in syslog are from that name no zone."""
        return UTC if self.syslog_time_zone == "UTC" else ZoneInfo(self.syslog_time_zone)

    @property
    def streams(self) -> dict[str, ListenAddress]:
        """The addresses that connections are taken at, by setting; those of datagrams may have the same ports."""
        said = {name: getattr(self, name) for name in type(self).model_fields if not name.endswith("_udp")}
        return {name: value for name, value in said.items() if isinstance(value, ListenAddress)}

    @field_validator("*")
    @classmethod
    def _check_listen(cls, value: object) -> object:
        return loopback_only(value) if isinstance(value, ListenAddress) else value

    @field_validator("syslog_time_zone")
    @classmethod
    def _check_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"{brief(name)} is no time zone of this system; want such as UTC or Europe/Berlin"
            ) from None
        return name

    @model_validator(mode="after")
    def _has_certificates(self) -> Self:
        asked = [name for name in type(self).model_fields if name.endswith("_tls") and getattr(self, name)]
        if asked and self.tls is None:
            raise ValueError(f"{asked[0]} is set, and tls is not; want tls.cert_file and tls.key_file")
        return self
