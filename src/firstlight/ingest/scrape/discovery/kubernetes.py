"""Targets that are objects of a Kubernetes cluster: those of one role, with what others tell about them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from firstlight.ingest.scrape.client import Client
from firstlight.ingest.scrape.discovery.ask import mapping, text
from firstlight.ingest.scrape.discovery.group import DiscoveryFailed, Publish, TargetGroup
from firstlight.ingest.scrape.discovery.kubernetes_access import ACCOUNT, Access, access
from firstlight.ingest.scrape.discovery.kubernetes_endpoints import endpoints_group, slice_group
from firstlight.ingest.scrape.discovery.kubernetes_objects import (
    PREFIX,
    Labels,
    Object,
    ingress_group,
    metadata,
    node_group,
    object_labels,
    owner_of,
    pod_group,
    service_group,
)
from firstlight.ingest.scrape.discovery.kubernetes_settings import KubernetesSettings
from firstlight.ingest.scrape.discovery.kubernetes_watch import PATHS, RETRY, Watch
from firstlight.ingest.scrape.discovery.refresh import Complaints

_WATCHED: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "pod": ("pod",),
    "service": ("service",),
    "endpoints": ("endpoints", "service", "pod"),
    "endpointslice": ("endpointslice", "service", "pod"),
    "node": ("node",),
    "ingress": ("ingress",),
})  # fmt: skip
"""What each role looks at, its own objects first."""

WITHOUT_NAMESPACE = frozenset({"node", "namespace"})
GATHER = 0.1
"""Seconds in which changes are gathered: a rollout changes the same things many times."""


@dataclass(slots=True)
class KubernetesDiscovery:
    """Watches one cluster for the targets of one role; each object of the role is a source."""

    settings: KubernetesSettings
    environ: Mapping[str, str] = field(default_factory=dict)
    account: Path = ACCOUNT
    retry: float = RETRY
    _watches: list[Watch] = field(default_factory=list)
    _changed: set[tuple[str, str]] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _published: dict[str, TargetGroup] = field(default_factory=dict)

    async def run(self, publish: Publish) -> None:
        """Watch until cancelled."""
        found = await self._access()
        async with Client(found.client, self.environ) as client, asyncio.TaskGroup() as tasks:
            self._watches = self._all_watches(found)
            for watch in self._watches:
                tasks.create_task(watch.run(client))
            # A pod's endpoint must not be told before its pod is known, or it would be told twice and differently.
            for watch in self._watches:
                await watch.listed.wait()
            while True:
                await self._wake.wait()
                await asyncio.sleep(GATHER)
                self._wake.clear()
                self._publish_changed(publish)

    async def _access(self) -> Access:
        complaints = Complaints("kubernetes_sd_configs")
        while True:
            try:
                return access(self.settings, self.environ, self.account)
            except DiscoveryFailed as error:
                complaints.failed(error)
                await asyncio.sleep(self.retry)

    def _all_watches(self, found: Access) -> list[Watch]:
        kinds = list(_WATCHED[self.settings.role])
        # Nodes have no namespace themselves.
        kinds += ["node"] if self.settings.attach_metadata.node and self.settings.role != "node" else []
        kinds += ["namespace"] if self.settings.attach_metadata.namespace and self.settings.role != "node" else []
        if self.settings.role == "pod":
            kinds += ["replicaset"] if self.settings.attach_metadata.deployment else []
            kinds += ["job"] if self.settings.attach_metadata.cronjob else []
        wanted = [*self.settings.namespaces.names]
        wanted += [found.own_namespace] if self.settings.namespaces.own_namespace and found.own_namespace else []
        watches = []
        for kind in kinds:
            for namespace in ("",) if kind in WITHOUT_NAMESPACE else wanted or ("",):
                path, name = PATHS[kind]
                within = f"/namespaces/{namespace}" if namespace else ""
                url = f"{found.server}{path}{within}/{name}"
                watches.append(Watch(kind, url, self._selectors(kind), self._note, self.retry))
        return watches

    def _selectors(self, kind: str) -> dict[str, str]:
        for selector in self.settings.selectors:
            if selector.role == kind:
                told = {"labelSelector": selector.label, "fieldSelector": selector.field}
                return {name: value for name, value in told.items() if value}
        return {}

    def _note(self, kind: str, key: str) -> None:
        self._changed.add((kind, key))
        self._wake.set()

    def _publish_changed(self, publish: Publish) -> None:
        changed, self._changed = self._changed, set()
        for key in sorted(self._affected(changed)):
            source = f"{self.settings.role}/{key}"
            found = self.find(self.settings.role, key)
            group = self.group(found) if found is not None else None
            if group != self._published.get(source):
                publish(source, [group] if group else [])
            if group:
                self._published[source] = group
            else:
                self._published.pop(source, None)

    def _affected(self, changed: set[tuple[str, str]]) -> set[str]:
        """Return the keys of the objects of the role that a change may be about."""
        role = self.settings.role
        keys = {key for kind, key in changed if kind == role}
        others = {(kind, key) for kind, key in changed if kind != role}
        if not others:
            return keys
        everywhere = any(kind == "node" for kind, _ in others)
        namespaces = {key if kind == "namespace" else key.partition("/")[0] for kind, key in others}
        for watch in self._watches:
            if watch.kind == role:
                keys |= {key for key in watch.objects if everywhere or key.partition("/")[0] in namespaces}
        return keys

    def find(self, kind: str, key: str) -> Object | None:
        """Return an object that is known."""
        return next(
            (watch.objects[key] for watch in self._watches if watch.kind == kind and key in watch.objects), None
        )

    def group(self, found: Object) -> TargetGroup:
        """Return the targets of one object of the role."""
        more = self._namespace_labels(found)
        match self.settings.role:
            case "pod":
                node = text(mapping(found.get("spec")).get("nodeName"))
                return pod_group(found, {**more, **self._node_labels(node), **self._owner_labels(found)})
            case "service":
                return service_group(found, more)
            case "endpoints":
                return endpoints_group(found, self.find, self._node_labels, more)
            case "endpointslice":
                return slice_group(found, self.find, self._node_labels, more)
            case "node":
                return node_group(found, {})
            case "ingress":
                return ingress_group(found, more)

    def _node_labels(self, name: str) -> Labels:
        node = self.find("node", name) if self.settings.attach_metadata.node and name else None
        return object_labels(node, "node") if node else {}

    def _owner_labels(self, pod: Object) -> Labels:
        attach, owner = self.settings.attach_metadata, owner_of(pod)
        key = f"{text(metadata(pod).get('namespace'))}/{text(owner.get('name'))}"
        labels: Labels = {}
        match owner.get("kind"):
            case "ReplicaSet" if attach.deployment:
                labels["deployment"] = self._owner_name("replicaset", key, "Deployment")
            case "Job":
                labels["job"] = text(owner.get("name")) if attach.job else ""
                labels["cronjob"] = self._owner_name("job", key, "CronJob") if attach.cronjob else ""
        return {f"{PREFIX}pod_{kind}_name": name for kind, name in labels.items() if name}

    def _owner_name(self, kind: str, key: str, wanted: str) -> str:
        owner = owner_of(self.find(kind, key) or {})
        return text(owner.get("name")) if owner.get("kind") == wanted else ""

    def _namespace_labels(self, found: Object) -> Labels:
        name = text(metadata(found).get("namespace"))
        namespace = self.find("namespace", name) if self.settings.attach_metadata.namespace and name else None
        # Its name is told anyhow, under the name `__meta_kubernetes_namespace`.
        return object_labels(namespace, "namespace", named=False) if namespace else {}
