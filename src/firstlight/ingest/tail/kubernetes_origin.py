"""Who the logs of a pod are from: what the path of their file tells, and what the API of Kubernetes adds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from firstlight.ingest.scrape.discovery.ask import mapping, sequence, text
from firstlight.ingest.scrape.discovery.kubernetes_objects import containers, metadata, owner_of
from firstlight.ingest.tail.images import image_of
from firstlight.wire.logs.book import LogBook
from firstlight.wire.origins import Origin

Pod = Mapping[str, Any]
"""What the API tells of a pod."""

MAX_TOLD: Final = 64
"""How many labels and how many annotations of a pod are kept."""

MAX_VALUE: Final = 1024
"""How long a value of theirs may be; longer ones are documents, and are left out."""

_NOT_TOLD: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})

_SAFE: Final = "[bcdfghjklmnpqrstvwxz2456789]"
_DEPLOYED: Final = re.compile(rf"(?P<name>.+?)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")
_SET: Final = re.compile(rf"(?P<name>.+)-(?:{_SAFE}{{5}}|\d{{1,4}})")
"""How controllers call pods: with letters that make no words, or with numbers."""

_SERVICE: Final = "resource.opentelemetry.io/service.name"
_VERSION: Final = "app.kubernetes.io/version"
_APPS: Final = ("app.kubernetes.io/name", "app", "k8s-app")
_CONTROLLERS: Final = {
    "DaemonSet": "daemonset",
    "StatefulSet": "statefulset",
    "ReplicaSet": "replicaset",
    "Job": "job",
    "CronJob": "cronjob",
}


@dataclass(frozen=True, slots=True)
class PodPlace:
    """What the path of a log file tells."""

    namespace: str
    pod: str
    uid: str
    container: str
    restarts: str


def workload(pod: str) -> str:
    """Return what a pod belongs to, as far as its name tells.

    >>> workload("web-6d4cf56db6-x7k2p"), workload("db-0"), workload("fluentd-8zk4x"), workload("one-of-a-kind")
    ('web', 'db', 'fluentd', 'one-of-a-kind')
    """
    found = _DEPLOYED.fullmatch(pod) or _SET.fullmatch(pod)
    return found["name"] if found else pod


def pod_origin(book: LogBook, place: PodPlace, pod: Pod | None, wanted: Mapping[str, str]) -> Origin:
    """Return who a container's logs are from; `wanted` labels of the pod are those of the stream, by these names."""
    told = pod or {}
    labels, annotations = (mapping(metadata(told).get(name)) for name in ("labels", "annotations"))
    owners = _owners(told, labels)
    of_app = next((text(labels[name]) for name in _APPS if labels.get(name)), "")
    app = of_app or next(iter(owners.values()), "") or workload(place.pod)
    service = text(annotations.get(_SERVICE)) or app
    node = text(mapping(told.get("spec")).get("nodeName"))
    resource = {
        "service.name": service,
        "service.namespace": text(annotations.get("resource.opentelemetry.io/service.namespace")) or place.namespace,
        "service.version": text(labels.get(_VERSION)),
        "k8s.namespace.name": place.namespace,
        "k8s.pod.name": place.pod,
        "k8s.pod.uid": text(metadata(told).get("uid")) or place.uid,
        "k8s.container.name": place.container,
        "k8s.container.restart_count": place.restarts,
        "k8s.node.name": node,
        **{f"k8s.{kind}.name": name for kind, name in owners.items()},
        **_container(told, place.container),
        **_all("k8s.pod.label.", labels),
        **_all("k8s.pod.annotation.", annotations),
    }
    streams = {
        "service_name": service,
        "namespace": place.namespace,
        "pod": place.pod,
        "container": place.container,
        "app": app,
        "job": f"{place.namespace}/{app}",
        "node_name": node,
        **{name: text(labels[label]) for label, name in wanted.items() if labels.get(label)},
    }
    return book.origin(
        {name: value for name, value in resource.items() if value},
        labels={name: value for name, value in streams.items() if value},
    )


def _owners(pod: Pod, labels: Mapping[str, Any]) -> dict[str, str]:
    """Return what controls a pod, by its kind, the highest first."""
    owner = owner_of(pod)
    kind, name = _CONTROLLERS.get(text(owner.get("kind"))), text(owner.get("name"))
    if not (kind and name):
        return {}
    digest = text(labels.get("pod-template-hash"))
    if kind == "replicaset" and digest and name.endswith(f"-{digest}"):
        return {"deployment": name.removesuffix(f"-{digest}"), kind: name}
    scheduled = re.fullmatch(r"(.+)-\d{8,}", name) if kind == "job" else None
    return {"cronjob": scheduled[1], kind: name} if scheduled else {kind: name}


def _container(pod: Pod, name: str) -> dict[str, str]:
    spec = mapping(pod.get("spec"))
    for one, _, told_id in containers(pod):
        if one.get("name") == name:
            runtime, _, found = told_id.rpartition("://")
            return {"container.id": found, "container.runtime": runtime, **image_of(text(one.get("image")))}
    for one in map(mapping, sequence(spec.get("ephemeralContainers"))):
        if one.get("name") == name:
            return image_of(text(one.get("image")))
    return {}


def _all(prefix: str, told: Mapping[str, Any]) -> dict[str, str]:
    kept = [(name, text(value)) for name, value in sorted(told.items()) if name not in _NOT_TOLD]
    return dict([(f"{prefix}{name}", value) for name, value in kept if len(value) <= MAX_VALUE][:MAX_TOLD])
