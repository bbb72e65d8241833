"""What can be set about discovery in Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from firstlight.errors import brief
from firstlight.ingest.scrape.client_settings import ClientSettings, Section, check_url

Role: TypeAlias = Literal["pod", "service", "endpoints", "endpointslice", "node", "ingress"]

SELECTORS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "pod": ("pod", "node"),
    "service": ("service",),
    "endpoints": ("pod", "service", "endpoints", "node"),
    "endpointslice": ("pod", "service", "endpointslice", "node"),
    "node": ("node",),
    "ingress": ("ingress",),
})  # fmt: skip
"""Of which objects a role can be told to look at some only."""

_KEY = r"(?:[a-z0-9A-Z](?:[-a-z0-9A-Z.]*[a-z0-9A-Z])?/)?[a-zA-Z0-9](?:[-\w.]*[a-zA-Z0-9])?"
_VALUE = r"(?:[a-zA-Z0-9](?:[-\w.]*[a-zA-Z0-9])?)?"
_LABEL = re.compile(
    rf"\s*(?:!\s*{_KEY}|{_KEY}(?:\s*(?:==?|!=|[<>])\s*{_VALUE}|\s+(?:not)?in\s*\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\))?)\s*",
    re.ASCII,
)
_FIELD = re.compile(r"[^=!,]+(?:==?|!=)(?:[^=,\\]|\\[=,\\])*")
_COMMA_OUTSIDE = re.compile(r",(?![^(]*\))")


class NamespaceSettings(Section):
    """Which namespaces are looked at."""

    own_namespace: bool = Field(default=False, description="the one that this pod is in")
    names: tuple[str, ...] = Field(default=(), description="these; all by default")


class SelectorSettings(Section):
    """Which objects of a kind are looked at."""

    role: Role = Field(description="the kind")
    label: str = Field(default="", description="a label selector, such as app=shop")
    field: str = Field(default="", description="a field selector, such as spec.nodeName=node-1")

    @field_validator("label")
    @classmethod
    def _check_label(cls, text: str) -> str:
        for part in _COMMA_OUTSIDE.split(text) if text.strip() else ():
            if not _LABEL.fullmatch(part):
                raise ValueError(
                    f"cannot read {brief(part)} as a label selector; want such as app=shop or tier in (a,b)"
                )
        return text

    @field_validator("field")
    @classmethod
    def _check_field(cls, text: str) -> str:
        for part in text.split(",") if text else ():
            if not _FIELD.fullmatch(part):
                raise ValueError(f"cannot read {brief(part)} as a field selector; want such as status.phase=Running")
        return text


class AttachSettings(Section):
    """What else is told about a target."""

    node: bool = Field(default=False, description="the labels and annotations of its node")
    namespace: bool = Field(default=False, description="the labels and annotations of its namespace")
    deployment: bool = Field(default=False, description="the deployment of a pod, which its replica set tells")
    job: bool = Field(default=False, description="the job of a pod")
    cronjob: bool = Field(default=False, description="the cron job of a pod, which its job tells")


class KubernetesSettings(ClientSettings):
    """Targets that are objects of a Kubernetes cluster."""

    role: Role = Field(description="the objects that are targets")
    api_server: str | None = Field(default=None, description="the API; that of this pod's cluster by default")
    kubeconfig_file: Path | None = Field(default=None, description="a kubeconfig that says where the API is")
    namespaces: NamespaceSettings = NamespaceSettings()
    selectors: tuple[SelectorSettings, ...] = Field(default=(), description="which objects")
    attach_metadata: AttachSettings = AttachSettings()

    @field_validator("api_server")
    @classmethod
    def _check_server(cls, url: str | None) -> str | None:
        return check_url(url, schemes=("http", "https")) if url else None

    @model_validator(mode="after")
    def _has_one_way_in(self) -> Self:
        configured = self.kubeconfig_file not in (None, Path())
        if configured and self.api_server:
            raise ValueError("kubeconfig_file and api_server exclude each other; want one")
        if configured and self.sets_client:
            raise ValueError("kubeconfig_file says how requests are made; take away what else says it")
        if not self.api_server and self.sets_client:
            raise ValueError("how requests are made is known within the cluster; want api_server: <URL> to say it")
        if (configured or self.api_server) and self.namespaces.own_namespace:
            raise ValueError(
                "own_namespace has a meaning only within the cluster, without api_server or kubeconfig_file"
            )
        return self

    @model_validator(mode="after")
    def _selects_what_it_sees(self) -> Self:
        seen: set[str] = set()
        for selector in self.selectors:
            if selector.role in seen:
                raise ValueError(f"there are two selectors of role {selector.role}; want one")
            seen.add(selector.role)
            if selector.role not in SELECTORS[self.role]:
                raise ValueError(
                    f"the role {self.role} has no selectors of role {selector.role};"
                    f" want one of {', '.join(SELECTORS[self.role])}"
                )
        return self
