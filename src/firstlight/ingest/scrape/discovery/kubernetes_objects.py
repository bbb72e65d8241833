"""Targets among the objects of Kubernetes that stand for themselves: pods, services, nodes, ingresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from firstlight.ingest.scrape.discovery.ask import mapping, sequence, text
from firstlight.ingest.scrape.discovery.group import ADDRESS, TargetGroup, as_label, join_host_port

PREFIX = "__meta_kubernetes_"
NAMESPACE = f"{PREFIX}namespace"

Object = Mapping[str, Any]
"""What the API tells of one object."""

Labels = dict[str, str]

_NODE_ADDRESSES = ("InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname")


def metadata(found: Object) -> Mapping[str, Any]:
    """Return the metadata of an object."""
    return mapping(found.get("metadata"))


def key_of(found: Object) -> str:
    """Return what an object is known by: ``namespace/name``, or its name."""
    about = metadata(found)
    return f"{about['namespace']}/{about.get('name')}" if about.get("namespace") else text(about.get("name"))


def object_labels(found: Object, kind: str, *, named: bool = True) -> Labels:
    """Return the labels that tell name, labels and annotations of an object."""
    about = metadata(found)
    labels = {f"{PREFIX}{kind}_name": text(about.get("name"))} if named else {}
    for word, told in (("label", about.get("labels")), ("annotation", about.get("annotations"))):
        for name, value in mapping(told).items():
            labels[f"{PREFIX}{kind}_{word}_{as_label(name)}"] = text(value)
            labels[f"{PREFIX}{kind}_{word}present_{as_label(name)}"] = "true"
    return labels


def _group(kind: str, found: Object, targets: Iterator[Labels], labels: Labels) -> TargetGroup:
    namespace = text(metadata(found).get("namespace"))
    of_namespace = {NAMESPACE: namespace} if namespace else {}
    return TargetGroup(f"{kind}/{key_of(found)}", tuple(targets), {**labels, **of_namespace})


def owner_of(found: Object) -> Object:
    """Return the reference to what controls an object; empty if nothing does."""
    owners = map(mapping, sequence(metadata(found).get("ownerReferences")))
    return next((one for one in owners if one.get("controller")), {})


def pod_labels(pod: Object) -> Labels:
    """Return the labels of all targets of a pod."""
    about, status, spec = metadata(pod), mapping(pod.get("status")), mapping(pod.get("spec"))
    conditions = map(mapping, sequence(status.get("conditions")))
    ready = next((text(one.get("status")).lower() for one in conditions if one.get("type") == "Ready"), "unknown")
    owner = owner_of(pod)
    return {
        f"{PREFIX}pod_ip": text(status.get("podIP")),
        f"{PREFIX}pod_ready": ready,
        f"{PREFIX}pod_phase": text(status.get("phase")),
        f"{PREFIX}pod_node_name": text(spec.get("nodeName")),
        f"{PREFIX}pod_host_ip": text(status.get("hostIP")),
        f"{PREFIX}pod_uid": text(about.get("uid")),
        f"{PREFIX}pod_controller_kind": text(owner.get("kind")),
        f"{PREFIX}pod_controller_name": text(owner.get("name")),
        **object_labels(pod, "pod"),
    }


def containers(pod: Object) -> list[tuple[Object, bool, str]]:
    """Return the containers of a pod, whether each is an init container, and its id if it runs."""
    spec, status = mapping(pod.get("spec")), mapping(pod.get("status"))
    found = []
    for kind, statuses, is_init in (
        ("containers", "containerStatuses", False),
        ("initContainers", "initContainerStatuses", True),
    ):
        ids = {one.get("name"): text(one.get("containerID")) for one in map(mapping, sequence(status.get(statuses)))}
        found += [(one, is_init, ids.get(one.get("name"), "")) for one in map(mapping, sequence(spec.get(kind)))]
    return found


def port_labels(container: Object, port: Object) -> Labels:
    """Return the labels of a container's port."""
    return {
        f"{PREFIX}pod_container_name": text(container.get("name")),
        f"{PREFIX}pod_container_image": text(container.get("image")),
        f"{PREFIX}pod_container_port_name": text(port.get("name")),
        f"{PREFIX}pod_container_port_number": text(port.get("containerPort")),
        f"{PREFIX}pod_container_port_protocol": text(port.get("protocol", "TCP")),
    }


def pod_group(pod: Object, more: Labels) -> TargetGroup:
    """Return a target for each port of each container; for a container without ports one, whose address has none."""
    ip = text(mapping(pod.get("status")).get("podIP"))
    if not ip:
        # It is starting, or was evicted.
        return TargetGroup(f"pod/{key_of(pod)}")
    return _group("pod", pod, _pod_targets(pod, ip), {**pod_labels(pod), **more})


def _pod_targets(pod: Object, ip: str) -> Iterator[Labels]:
    for container, is_init, container_id in containers(pod):
        common = {
            f"{PREFIX}pod_container_name": text(container.get("name")),
            f"{PREFIX}pod_container_id": container_id,
            f"{PREFIX}pod_container_image": text(container.get("image")),
            f"{PREFIX}pod_container_init": text(is_init),
        }
        ports = list(map(mapping, sequence(container.get("ports"))))
        for port in ports:
            address = join_host_port(ip, port.get("containerPort", 0))
            yield {ADDRESS: address, **port_labels(container, port), **common}
        if not ports:
            yield {ADDRESS: ip, **common}


def service_labels(service: Object) -> Labels:
    """Return the labels that a service gives to what it stands for."""
    return {**object_labels(service, "service"), NAMESPACE: text(metadata(service).get("namespace"))}


def service_group(service: Object, more: Labels) -> TargetGroup:
    """Return a target for each port of a service, under its name in the cluster's DNS."""
    return _group("svc", service, _service_targets(service), {**service_labels(service), **more})


def _service_targets(service: Object) -> Iterator[Labels]:
    about, spec = metadata(service), mapping(service.get("spec"))
    kind = text(spec.get("type") or "ClusterIP")
    for port in map(mapping, sequence(spec.get("ports"))):
        labels = {
            ADDRESS: join_host_port(f"{about.get('name')}.{about.get('namespace')}.svc", port.get("port", 0)),
            f"{PREFIX}service_port_name": text(port.get("name")),
            f"{PREFIX}service_port_number": text(port.get("port")),
            f"{PREFIX}service_port_protocol": text(port.get("protocol", "TCP")),
            f"{PREFIX}service_type": kind,
        }
        if kind == "ExternalName":
            labels[f"{PREFIX}service_external_name"] = text(spec.get("externalName"))
        else:
            labels[f"{PREFIX}service_cluster_ip"] = text(spec.get("clusterIP"))
        if kind == "LoadBalancer":
            labels[f"{PREFIX}service_loadbalancer_ip"] = text(spec.get("loadBalancerIP"))
        yield labels


def node_group(node: Object, more: Labels) -> TargetGroup:
    """Return the kubelet of a node, at the address that is nearest."""
    status = mapping(node.get("status"))
    addresses: dict[str, str] = {}
    for one in map(mapping, sequence(status.get("addresses"))):
        addresses.setdefault(text(one.get("type")), text(one.get("address")))
    host = next((addresses[kind] for kind in _NODE_ADDRESSES if addresses.get(kind)), "")
    if not host:
        return TargetGroup(f"node/{key_of(node)}")
    port = mapping(mapping(status.get("daemonEndpoints")).get("kubeletEndpoint")).get("Port", 0)
    name = text(metadata(node).get("name"))
    target = {ADDRESS: join_host_port(host, port), "instance": name}
    target |= {f"{PREFIX}node_address_{as_label(kind)}": address for kind, address in addresses.items()}
    provider = {f"{PREFIX}node_provider_id": text(mapping(node.get("spec")).get("providerID"))}
    return _group("node", node, iter([target]), {**provider, **object_labels(node, "node"), **more})


def ingress_group(ingress: Object, more: Labels) -> TargetGroup:
    """Return a target for each path of an ingress, to be probed from outside."""
    spec, annotations = mapping(ingress.get("spec")), mapping(metadata(ingress).get("annotations"))
    name = text(spec.get("ingressClassName") or annotations.get("kubernetes.io/ingress.class"))
    of_class = {f"{PREFIX}ingress_class_name": name} if name else {}
    labels = {**of_class, **object_labels(ingress, "ingress"), **more}
    return _group("ingress", ingress, _ingress_targets(spec), labels)


def _ingress_targets(spec: Object) -> Iterator[Labels]:
    secured = [text(host) for one in sequence(spec.get("tls")) for host in sequence(mapping(one).get("hosts"))]
    for rule in map(mapping, sequence(spec.get("rules"))):
        host = text(rule.get("host"))
        scheme = "https" if any(_covers(pattern, host) for pattern in secured) else "http"
        found = [text(mapping(one).get("path")) or "/" for one in sequence(mapping(rule.get("http")).get("paths"))]
        for path in found or ["/"]:
            yield {
                ADDRESS: host,
                f"{PREFIX}ingress_scheme": scheme,
                f"{PREFIX}ingress_host": host,
                f"{PREFIX}ingress_path": path,
            }


def _covers(pattern: str, host: str) -> bool:
    """Return whether a host is meant: ``*`` stands for the first part of its name."""
    if pattern.startswith("*."):
        first, _, rest = host.partition(".")
        return bool(first) and rest == pattern[2:]
    return pattern == host
