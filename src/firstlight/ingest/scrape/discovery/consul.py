"""Targets that Consul's catalogue knows: asked in such a way that it answers when something changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.client_settings import BasicAuthSettings, ClientSettings
from firstlight.ingest.scrape.discovery.ask import Answer, ask, mapping, sequence, text
from firstlight.ingest.scrape.discovery.group import (
    ADDRESS,
    DiscoveryFailed,
    Publish,
    TargetGroup,
    as_label,
    join_host_port,
)
from firstlight.ingest.scrape.discovery.refresh import Complaints
from firstlight.ingest.scrape.discovery.settings import ConsulSettings

PREFIX = "__meta_consul_"
WAIT = 120
"""Seconds that Consul may take to answer that nothing changed."""

RETRY = 15.0
"""Seconds until a question is asked again that failed."""


@dataclass(slots=True)
class ConsulDiscovery:
    """Watches one catalogue, and in it each service that is wanted; each service is a source."""

    settings: ConsulSettings
    environ: Mapping[str, str] = field(default_factory=dict)
    retry: float = RETRY
    _watched: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self, publish: Publish) -> None:
        """Watch until cancelled."""
        async with Client(self._client_settings(), self.environ) as client, asyncio.TaskGroup() as tasks:
            if self.settings.services and not self.settings.tags and not self.settings.node_meta:
                for name in self.settings.services:
                    tasks.create_task(self._watch_service(client, name, publish))
            else:
                await self._watch_catalogue(client, tasks, publish)

    async def _watch_catalogue(self, client: Client, tasks: asyncio.TaskGroup, publish: Publish) -> None:
        index, complaints = 0, Complaints(f"consul_sd_configs, {self.settings.server}")
        while True:
            try:
                answer = await self._ask(client, "catalog/services", index, self.settings.filter)
            except DiscoveryFailed as error:
                complaints.failed(error)
                index = 0
                await asyncio.sleep(self.retry)
                continue
            complaints.works()
            index, changed = _next_index(answer, index)
            if changed:
                self._follow(mapping(answer.data), client, tasks, publish)
            await asyncio.sleep(self.settings.refresh_interval)

    def _follow(self, catalogue: Mapping[str, Any], client: Client, tasks: asyncio.TaskGroup, publish: Publish) -> None:
        wanted = {name for name, tags in catalogue.items() if self.wants(name, sequence(tags))}
        for name in self._watched.keys() - wanted:
            self._watched.pop(name).cancel()
            publish(_source(name), [])
        for name in sorted(wanted - self._watched.keys()):
            self._watched[name] = tasks.create_task(self._watch_service(client, name, publish))

    def wants(self, name: str, tags: list[str]) -> bool:
        """Return whether a service of this name and these tags is watched."""
        if self.settings.services and name not in self.settings.services:
            return False
        return set(self.settings.tags) <= set(tags)

    async def _watch_service(self, client: Client, name: str, publish: Publish) -> None:
        index, complaints = 0, Complaints(f"consul_sd_configs, {self.settings.server}, service {name}")
        while True:
            try:
                path = f"health/service/{quote(name, safe='')}"
                answer = await self._ask(
                    client, path, index, self.settings.health_filter, {"tag": list(self.settings.tags)}
                )
            except DiscoveryFailed as error:
                complaints.failed(error)
                index = 0
                await asyncio.sleep(self.retry)
                continue
            complaints.works()
            index, changed = _next_index(answer, index)
            if changed:
                publish(_source(name), [service_group(name, sequence(answer.data), self.settings.tag_separator)])
            await asyncio.sleep(self.settings.refresh_interval)

    async def _ask(
        self,
        client: Client,
        path: str,
        index: int,
        filter_: str,
        more: Mapping[str, str | list[str]] | None = None,
    ) -> Answer:
        settings = self.settings
        params: dict[str, str | list[str]] = {"index": str(index), "wait": f"{WAIT * 1000}ms", **(more or {})}
        said = {"dc": settings.datacenter, "ns": settings.namespace, "partition": settings.partition, "filter": filter_}
        params |= {name: value for name, value in said.items() if value}
        if settings.allow_stale:
            params["stale"] = ""
        if settings.node_meta:
            params["node-meta"] = [f"{name}:{value}" for name, value in settings.node_meta.items()]
        headers = {"X-Consul-Token": settings.token.get_secret_value()} if settings.token else {}
        prefix = settings.path_prefix.strip("/")
        base = f"{settings.scheme}://{settings.server}{'/' if prefix else ''}{prefix}"
        return await ask(client, f"{base}/v1/{path}", params=params, headers=headers, seconds=WAIT + 15.0)

    def _client_settings(self) -> ClientSettings:
        client = self.settings.client
        if not self.settings.username:
            return client
        auth = BasicAuthSettings(username=self.settings.username, password=self.settings.password or SecretStr(""))
        return client.model_copy(update={"basic_auth": auth})


def _source(name: str) -> str:
    return f"consul/{name}"


def _next_index(answer: Answer, index: int) -> tuple[int, bool]:
    """Return the index to ask with next, and whether something changed since the last."""
    told = answer.headers.get("X-Consul-Index", "")
    found = int(told) if told.isdecimal() else 0
    # An index that goes back was made anew; one that is not told cannot be waited on.
    return (found if found >= index else 0), found != index or not found


def service_group(name: str, entries: list[Any], separator: str) -> TargetGroup:
    """Return the targets of a service, as Consul's health endpoint tells of them."""
    targets = tuple(_target(mapping(entry), separator) for entry in entries)
    return TargetGroup(_source(name), targets, {f"{PREFIX}service": name})


def _target(entry: Mapping[str, Any], separator: str) -> Mapping[str, str]:
    node, service = mapping(entry.get("Node")), mapping(entry.get("Service"))
    host = text(service.get("Address")) or text(node.get("Address"))
    tags = separator.join(map(text, sequence(service.get("Tags"))))
    labels = {
        ADDRESS: join_host_port(host, service.get("Port", 0)),
        f"{PREFIX}address": text(node.get("Address")),
        f"{PREFIX}dc": text(node.get("Datacenter")),
        f"{PREFIX}node": text(node.get("Node")),
        f"{PREFIX}namespace": text(service.get("Namespace")),
        f"{PREFIX}partition": text(service.get("Partition")),
        # Separators around it let a rule look for one tag in the same way wherever it stands.
        f"{PREFIX}tags": f"{separator}{tags}{separator}",
        f"{PREFIX}service_address": text(service.get("Address")),
        f"{PREFIX}service_port": text(service.get("Port", 0)),
        f"{PREFIX}service_id": text(service.get("ID")),
        f"{PREFIX}health": health(sequence(entry.get("Checks"))),
    }
    for prefix, told in (
        ("metadata_", node.get("Meta")),
        ("service_metadata_", service.get("Meta")),
        ("tagged_address_", node.get("TaggedAddresses")),
    ):
        labels |= {f"{PREFIX}{prefix}{as_label(key)}": text(value) for key, value in mapping(told).items()}
    return labels


def health(checks: list[Any]) -> str:
    """Return what all checks of an instance come to, in Consul's words."""
    states = set()
    for check in map(mapping, checks):
        name = text(check.get("CheckID"))
        if name == "_node_maintenance" or name.startswith("_service_maintenance:"):
            return "maintenance"
        states.add(text(check.get("Status")))
    return next((state for state in ("critical", "warning") if state in states), "passing")
