"""What can be set about logs that are read where they are: files, containers, pods, the journal."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from firstlight.config.units import ByteSize, Duration
from firstlight.errors import brief
from firstlight.ingest.scrape.discovery.kubernetes_settings import KubernetesSettings, Role
from firstlight.model.regex import BadRegex, check

MIB: Final = 1024 * 1024

DOCKER_LABELS: Final = {
    "com.docker.compose.project": "compose_project",
    "com.docker.compose.service": "compose_service",
    "component": "component",
    "app.kubernetes.io/component": "component",
    "job": "job",
}
"""The labels of containers that their streams have, and how they are called there."""


def _check_multiline(pattern: str) -> str:
    if pattern not in ("auto", "none"):
        try:
            check(pattern)
        except BadRegex as error:
            raise ValueError(f"{brief(pattern)} is no regular expression: {error}") from None
    return pattern


Multiline = Annotated[
    str,
    AfterValidator(_check_multiline),
    Field(
        description=(
            "which lines belong together: auto for stack traces and what is indented, none for each line by itself,"
            " or a regular expression that the first line of each record matches"
        )
    ),
]
Start = Literal["beginning", "end"]


class FileSource(BaseModel):
    """Files that are read alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: Annotated[list[str], Field(min_length=1)] = Field(
        description="the files: patterns with *, ?, [ ], and ** for any folders; .gz, .zst, .bz2 and .xz are unpacked"
    )
    exclude: list[str] = Field(default=[], description="patterns of files that are not read")
    service: str | None = Field(
        default=None, description="the service whose logs they are; null for what the file is called without its ending"
    )
    labels: dict[str, str] = Field(default={}, description="labels of their streams, beside service_name and filename")
    encoding: str = Field(default="utf-8", description="how their texts are written, such as utf-16 or latin-1")
    multiline: Multiline = "auto"
    start: Start = Field(default="beginning", description="where to begin in files that are there at the first start")

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, name: str) -> str:
        try:
            return codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"{brief(name)} is no encoding; want such as utf-8, utf-16 or latin-1") from None


class DockerLogs(BaseModel):
    """The containers of a Docker engine, or of what speaks as one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    socket: str | None = Field(
        default=None,
        description=(
            "the engine: auto for DOCKER_HOST, else /var/run/docker.sock; a path; unix://, tcp:// or http://;"
            " null to read no containers"
        ),
    )
    include: list[str] = Field(default=["*"], description="patterns of the names of containers that are read")
    exclude: list[str] = Field(default=[], description="patterns of the names of containers that are not read")
    labels: dict[str, str] = Field(
        default=DOCKER_LABELS, description="labels of containers that their streams have, and how they are called there"
    )
    multiline: Multiline = "auto"
    start: Start = Field(
        default="beginning", description="where to begin with containers that are there at the first start"
    )

    @field_validator("socket")
    @classmethod
    def _check_socket(cls, socket: str | None) -> str | None:
        if socket and socket != "auto" and not socket.startswith(("/", "unix://", "tcp://", "http://", "https://")):
            raise ValueError(f"cannot use {brief(socket)}; want auto, a path, unix:///path or tcp://host:port")
        return socket


class PodApi(KubernetesSettings):
    """How the API of Kubernetes is asked about pods; from within a cluster nothing need be said."""

    role: Role = Field(default="pod", description="pod")

    @model_validator(mode="after")
    def _is_about_pods(self) -> Self:
        if self.role != "pod":
            raise ValueError(f"cannot ask for {self.role} here; want pod, or nothing")
        return self


class PodLogs(BaseModel):
    """The pods of a node of Kubernetes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pods: Path | None = Field(
        default=None, description="where the node has their logs: /var/log/pods; null to read no pods"
    )
    namespaces: list[str] = Field(default=["*"], description="patterns of the namespaces that are read")
    exclude_namespaces: list[str] = Field(default=[], description="patterns of the namespaces that are not read")
    api: PodApi | Literal["auto", "none"] = Field(
        default="auto",
        description="what is asked about labels and annotations: auto for the API of the cluster that this runs in",
    )
    node: str | None = Field(default=None, description="the node; null for what NODE_NAME says in the environment")
    labels: dict[str, str] = Field(
        default={"app.kubernetes.io/component": "component"},
        description="labels of pods that their streams have, and how they are called there",
    )
    multiline: Multiline = "auto"
    start: Start = Field(default="beginning", description="where to begin in logs that are there at the first start")


class JournalLogs(BaseModel):
    """The journal of systemd."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: bool = Field(default=False, description="read it, with journalctl")
    directory: Path | None = Field(default=None, description="where its files are; null for that of this machine")
    units: list[str] = Field(default=[], description="units that are read, as journalctl --unit takes them; [] for all")
    start: Start = Field(default="beginning", description="where to begin at the first start")


class TailSettings(BaseModel):
    """Which logs are read where they are, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: list[FileSource] = Field(default=[], description="log files that are read as they grow")
    docker: DockerLogs = DockerLogs()
    kubernetes: PodLogs = PodLogs()
    journal: JournalLogs = JournalLogs()
    poll: Duration = Field(default=0.5, ge=0.05, description="how often files are looked at for what is new")
    discover: Duration = Field(default=5.0, ge=0.1, description="how often it is looked for new files")
    wait: Duration = Field(
        default=1.0, ge=0, description="how long the last line of a file waits for others that belong to it, or its end"
    )
    max_line: ByteSize = Field(
        default=MIB, ge=1024, description="bytes that a line or record may have; what is longer is cut, and says so"
    )
    max_read: ByteSize = Field(default=4 * MIB, ge=64 * 1024, description="bytes that are read and stored at a time")
    max_files: int = Field(
        default=10_000, ge=1, description="files that are followed; more are left out and complained of"
    )

    @model_validator(mode="after")
    def _reads_whole_lines(self) -> Self:
        if self.max_read < 2 * self.max_line:
            raise ValueError("max_read is less than twice max_line, so that the longest lines would not fit; raise it")
        return self
