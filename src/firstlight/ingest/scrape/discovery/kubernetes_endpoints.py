"""Targets that services of Kubernetes stand for: endpoints, and the slices that came after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from firstlight.ingest.scrape.discovery.ask import mapping, sequence, text
from firstlight.ingest.scrape.discovery.group import ADDRESS, TargetGroup, as_label, join_host_port
from firstlight.ingest.scrape.discovery.kubernetes_objects import (
    NAMESPACE,
    PREFIX,
    Labels,
    Object,
    containers,
    key_of,
    metadata,
    object_labels,
    pod_labels,
    port_labels,
    service_labels,
)

SERVICE_NAME = "kubernetes.io/service-name"
"""The label by which a slice says which service it is of."""

Find = Callable[[str, str], Object | None]
"""Returns an object by its kind and key, if it is known."""

NodeLabels = Callable[[str], Labels]
"""Returns what is told about a node by its name."""


@dataclass(slots=True)
class _Gathered:
    """The targets of one group, and which ports of which pods they are."""

    find: Find
    node_labels: NodeLabels
    targets: list[Labels] = field(default_factory=list)
    pods: dict[str, tuple[Object, set[int]]] = field(default_factory=dict)

    def add(self, labels: Labels, refers: Object, node: str, port: int | None, namespace: str) -> None:
        name = text(refers.get("name")) if refers.get("kind") == "Node" else node
        labels = {**labels, **(self.node_labels(name) if name else {})}
        pod = self._pod(refers, namespace)
        if pod is not None:
            labels |= pod_labels(pod)
            self.pods.setdefault(key_of(pod), (pod, set()))[1].update({port} if port else ())
            labels |= next(
                (
                    port_labels(container, own)
                    for container, _, _ in containers(pod)
                    for own in map(mapping, sequence(container.get("ports")))
                    if port is not None and own.get("containerPort") == port
                ),
                {},
            )
        self.targets.append(labels)

    def _pod(self, refers: Object, namespace: str) -> Object | None:
        if refers.get("kind") != "Pod":
            return None
        return self.find("pod", f"{refers.get('namespace') or namespace}/{refers.get('name')}")

    def add_other_ports(self) -> None:
        """Add the ports of the pods that no endpoint is about, since they may be where the metrics are."""
        for pod, seen in self.pods.values():
            status = mapping(pod.get("status"))
            ip = text(status.get("podIP"))
            if not ip or status.get("phase") in ("Succeeded", "Failed"):
                continue
            for container, is_init, _ in containers(pod):
                for port in () if is_init else map(mapping, sequence(container.get("ports"))):
                    number = port.get("containerPort", 0)
                    if number not in seen:
                        address = {ADDRESS: join_host_port(ip, number)}
                        self.targets.append({**address, **port_labels(container, port), **pod_labels(pod)})


def endpoints_group(endpoints: Object, find: Find, node_labels: NodeLabels, more: Labels) -> TargetGroup:
    """Return a target for each address and port of endpoints, ready or not."""
    namespace = text(metadata(endpoints).get("namespace"))
    gathered = _Gathered(find, node_labels)
    for subset in map(mapping, sequence(endpoints.get("subsets"))):
        for port in map(mapping, sequence(subset.get("ports"))):
            for kind, ready in (("addresses", "true"), ("notReadyAddresses", "false")):
                for address in map(mapping, sequence(subset.get(kind))):
                    refers = mapping(address.get("targetRef"))
                    labels = {
                        ADDRESS: join_host_port(text(address.get("ip")), port.get("port", 0)),
                        f"{PREFIX}endpoint_port_name": text(port.get("name")),
                        f"{PREFIX}endpoint_port_protocol": text(port.get("protocol", "TCP")),
                        f"{PREFIX}endpoint_ready": ready,
                        f"{PREFIX}endpoint_address_target_kind": text(refers.get("kind")),
                        f"{PREFIX}endpoint_address_target_name": text(refers.get("name")),
                        f"{PREFIX}endpoint_node_name": text(address.get("nodeName")),
                        f"{PREFIX}endpoint_hostname": text(address.get("hostname")),
                    }
                    gathered.add(labels, refers, text(address.get("nodeName")), port.get("port"), namespace)
    gathered.add_other_ports()
    service = find("service", key_of(endpoints))
    labels = {**object_labels(endpoints, "endpoints"), **(service_labels(service) if service else {}), **more}
    return TargetGroup(f"endpoints/{key_of(endpoints)}", tuple(gathered.targets), {**labels, NAMESPACE: namespace})


def slice_group(found: Object, find: Find, node_labels: NodeLabels, more: Labels) -> TargetGroup:
    """Return a target for each address and port of a slice of endpoints."""
    about = metadata(found)
    namespace = text(about.get("namespace"))
    gathered = _Gathered(find, node_labels)
    for endpoint in map(mapping, sequence(found.get("endpoints"))):
        of_endpoint = _endpoint_labels(endpoint)
        for port in map(mapping, sequence(found.get("ports"))):
            for address in map(text, sequence(endpoint.get("addresses"))):
                number = port.get("port")
                labels = {
                    ADDRESS: join_host_port(address, number) if number is not None else address,
                    f"{PREFIX}endpointslice_port_name": text(port.get("name")),
                    f"{PREFIX}endpointslice_port_protocol": text(port.get("protocol", "TCP")),
                    f"{PREFIX}endpointslice_port": text(number),
                    f"{PREFIX}endpointslice_port_app_protocol": text(port.get("appProtocol")),
                    **of_endpoint,
                }
                refers = mapping(endpoint.get("targetRef"))
                gathered.add(labels, refers, text(endpoint.get("nodeName")), number, namespace)
    gathered.add_other_ports()
    name = text(mapping(about.get("labels")).get(SERVICE_NAME))
    service = find("service", f"{namespace}/{name}") if name else None
    labels = {
        f"{PREFIX}endpointslice_address_type": text(found.get("addressType")),
        **object_labels(found, "endpointslice"),
        **(service_labels(service) if service else {}),
        **more,
        NAMESPACE: namespace,
    }
    return TargetGroup(f"endpointslice/{key_of(found)}", tuple(gathered.targets), labels)


def _endpoint_labels(endpoint: Mapping[str, object]) -> Labels:
    conditions, refers = mapping(endpoint.get("conditions")), mapping(endpoint.get("targetRef"))
    labels = {
        f"{PREFIX}endpointslice_endpoint_conditions_{name}": text(conditions.get(name))
        for name in ("ready", "serving", "terminating")
    }
    labels |= {
        f"{PREFIX}endpointslice_endpoint_hostname": text(endpoint.get("hostname")),
        f"{PREFIX}endpointslice_endpoint_node_name": text(endpoint.get("nodeName")),
        f"{PREFIX}endpointslice_endpoint_zone": text(endpoint.get("zone")),
        f"{PREFIX}endpointslice_address_target_kind": text(refers.get("kind")),
        f"{PREFIX}endpointslice_address_target_name": text(refers.get("name")),
    }
    for name, value in mapping(endpoint.get("deprecatedTopology") or endpoint.get("topology")).items():
        labels[f"{PREFIX}endpointslice_endpoint_topology_{as_label(name)}"] = text(value)
        labels[f"{PREFIX}endpointslice_endpoint_topology_present_{as_label(name)}"] = "true"
    return labels
