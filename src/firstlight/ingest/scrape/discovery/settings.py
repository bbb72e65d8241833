"""What can be set about the ways of discovery that are not Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from firstlight.errors import brief
from firstlight.ingest.scrape.client_settings import ClientSettings, Section, check_url, one_of
from firstlight.ingest.scrape.prometheus_units import Interval
from firstlight.ingest.scrape.relabel_settings import LabelName

_FILE = re.compile(r"[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)")
PORT = Field(default=80, ge=0, le=65535, description="the port of the targets, if none is known")


class StaticSettings(Section):
    """Targets that are written down, with labels that all of them have."""

    targets: tuple[str, ...] = Field(default=(), description="the targets, as host:port")
    labels: Mapping[LabelName, str] = Field(default_factory=dict, description="labels of all of them")


class FileSettings(Section):
    """Targets that others write into files."""

    files: tuple[Path, ...] = Field(min_length=1, description="files of JSON or YAML; the last part may have one *")
    refresh_interval: Interval = Field(default=300.0, description="how often they are read even if nothing changed")

    @field_validator("files")
    @classmethod
    def _check_files(cls, files: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in files:
            if not _FILE.fullmatch(str(path)):
                raise ValueError(
                    f"cannot use {brief(str(path))}; want a path that ends in .json, .yml or .yaml,"
                    " with a * in its last part only"
                )
        return files


class HttpDiscoverySettings(ClientSettings):
    """Targets that a server tells."""

    url: str = Field(description="where they are fetched, as JSON")
    refresh_interval: Interval = Field(default=60.0, description="how often")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        return check_url(url, schemes=("http", "https"))


class DnsSettings(Section):
    """Targets that have records in the DNS."""

    names: tuple[str, ...] = Field(min_length=1, description="the names that are looked up")
    type: str = Field(default="SRV", description="the records: SRV, A, AAAA, MX or NS")
    port: int | None = Field(default=None, ge=0, le=65535, description="the port of the targets, if not of SRV")
    refresh_interval: Interval = Field(default=30.0, description="how often")

    @field_validator("type")
    @classmethod
    def _check_type(cls, kind: str) -> str:
        if kind.upper() not in ("SRV", "A", "AAAA", "MX", "NS"):
            raise ValueError(f"cannot look up records of type {brief(kind)}; want one of SRV, A, AAAA, MX, NS")
        return kind.upper()

    @model_validator(mode="after")
    def _knows_a_port(self) -> Self:
        if self.type != "SRV" and not self.port:
            raise ValueError(f"records of type {self.type} tell no port; want port: <number>")
        return self


class ConsulSettings(ClientSettings):
    """Targets that Consul's catalogue knows."""

    server: str = Field(default="localhost:8500", min_length=1, description="the server, as host:port")
    path_prefix: str = Field(default="", description="what stands before /v1 if the server is behind another")
    token: SecretStr | None = Field(default=None, description="the ACL token")
    datacenter: str = Field(default="", description="the datacenter; the server's own by default")
    namespace: str = Field(default="", description="the namespace (Enterprise)")
    partition: str = Field(default="", description="the admin partition (Enterprise)")
    scheme: Literal["http", "https"] = Field(default="http", description="http or https")
    username: str = Field(default="", description="as basic_auth.username")
    password: SecretStr | None = Field(default=None, description="as basic_auth.password")
    services: tuple[str, ...] = Field(default=(), description="the services; all by default")
    tags: tuple[str, ...] = Field(default=(), description="tags that a service must have, all of them")
    node_meta: Mapping[str, str] = Field(default_factory=dict, description="metadata that its node must have")
    filter: str = Field(default="", description="an expression of Consul's that services of the catalogue must meet")
    health_filter: str = Field(default="", description="an expression of Consul's that instances must meet")
    tag_separator: str = Field(default=",", description="what tags are joined with in their label")
    allow_stale: bool = Field(default=True, description="be content with what a follower knows")
    refresh_interval: Interval = Field(default=30.0, description="how long it waits between questions")

    @field_validator("server")
    @classmethod
    def _check_server(cls, server: str) -> str:
        if not server.strip():
            raise ValueError("it is empty; want host:port")
        return server

    @model_validator(mode="after")
    def _says_the_user_once(self) -> Self:
        if self.basic_auth and (self.username or self.password):
            raise ValueError("username and password exclude basic_auth; want basic_auth")
        for name in ("basic_auth", "oauth2", "authorization"):
            if self.token and getattr(self, name):
                one_of(self, "token", name)
        return self


class DockerFilter(Section):
    """What containers must have."""

    name: str = Field(description="which filter of Docker's API")
    values: tuple[str, ...] = Field(min_length=1, description="what it allows")


class DockerSettings(ClientSettings):
    """Targets that are containers of a Docker engine."""

    host: str = Field(description="the engine: unix:///var/run/docker.sock, tcp://host:2375 or http://host:2375")
    port: int = PORT
    filters: tuple[DockerFilter, ...] = Field(default=(), description="which containers")
    host_networking_host: str = Field(default="localhost", description="the host of containers in the host's network")
    match_first_network: bool = Field(default=True, description="take one network of a container only")
    refresh_interval: Interval = Field(default=60.0, description="how often")

    @field_validator("host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        if urlsplit(host).scheme not in ("unix", "tcp", "http", "https"):
            raise ValueError(f"cannot use {brief(host)}; want unix:///path, tcp://host:port or http://host:port")
        return host
