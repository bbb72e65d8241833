"""Documents of shippers as log records: whose they are, when, how grave, what they say, and all else beside it.

The names are those of the Elastic Common Schema, of Logstash's own events, and of what Fluentd's filters add; they
become the names that OpenTelemetry has for the same. What says who sent is the resource, which is stored once; what
differs from record to record is an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from firstlight.wire.logs.sheet import typed
from firstlight.wire.shippers.gathering import Record
from firstlight.wire.shippers.severity import severity_of_word
from firstlight.wire.shippers.times import time_ns_of

_OF_RESOURCE: Final[Mapping[str, str]] = MappingProxyType({
    "service": "service.name", "service_name": "service.name", "service.environment": "deployment.environment.name",
    "service.node.name": "service.instance.id",
    "host": "host.name", "hostname": "host.name", "host.hostname": "host.name", "logsource": "host.name",
    "container_name": "container.name", "container_id": "container.id",
    "kubernetes.namespace": "k8s.namespace.name", "kubernetes.namespace_name": "k8s.namespace.name",
    "kubernetes.pod.name": "k8s.pod.name", "kubernetes.pod_name": "k8s.pod.name",
    "kubernetes.pod.uid": "k8s.pod.uid", "kubernetes.pod_id": "k8s.pod.uid", "kubernetes.pod.ip": "k8s.pod.ip",
    "kubernetes.container.name": "k8s.container.name", "kubernetes.container_name": "k8s.container.name",
    "kubernetes.node.name": "k8s.node.name", "kubernetes.host": "k8s.node.name",
    "kubernetes.deployment.name": "k8s.deployment.name", "kubernetes.replicaset.name": "k8s.replicaset.name",
    "kubernetes.statefulset.name": "k8s.statefulset.name", "kubernetes.daemonset.name": "k8s.daemonset.name",
    "kubernetes.job.name": "k8s.job.name", "kubernetes.cronjob.name": "k8s.cronjob.name",
    "orchestrator.cluster.name": "k8s.cluster.name",
    "@metadata.beat": "agent.type", "@metadata.version": "agent.version",
})  # fmt: skip
"""What is of the sender, and OpenTelemetry's name for it."""

_RESOURCE_PREFIXES: Final = (
    "agent.", "cloud.", "container.", "ecs.", "host.", "kubernetes.", "observer.", "orchestrator.", "service.",
)  # fmt: skip

_RENAMED_PREFIXES: Final = (
    ("kubernetes.labels.", "k8s.pod.label."),
    ("kubernetes.annotations.", "k8s.pod.annotation."),
)

_SERVICES: Final = ("fields.service.name", "fields.service", "fields.app", "application", "app")
"""Where programs put the name of the service, if not where it belongs; it stays there as well."""

_TIMES: Final = ("@timestamp",)
_LEVELS: Final = ("log.level", "level", "severity", "severity_text", "loglevel", "levelname", "level_name")
_TRACES: Final = ("trace.id", "trace_id", "traceId", "otelTraceID")
_SPANS: Final = ("span.id", "span_id", "spanId", "otelSpanID")

_HEX: Final = re.compile(r"[0-9a-fA-F]+")


def document_record(
    fields: dict[str, object],
    *,
    bodies: Sequence[str],
    whole: Callable[[], str],
    service: str = "",
    ts_ns: int | None = None,
    truncated: bool = False,
) -> Record:
    """Return the record of a document's flat `fields`, which are used up.

    The body is the first of `bodies` that there is. If there is none, it is what `whole` returns, the document as it
    was sent, and no field is told twice. `service` is its name if the document names none, `ts_ns` its time if the
    protocol gave it.
    """
    if ts_ns is None:
        ts_ns = _time(fields)
    body = _first_text(fields, bodies)
    level = _first(fields, _LEVELS)
    trace_id, span_id = ids(fields)
    severity = severity_of_word(level)
    resource, attributes = split(fields)
    named = resource.get("service.name") or _service(attributes) or service
    if named:
        resource["service.name"] = named
    if body is None:
        attributes = {}
    return Record(
        body=whole() if body is None else body,
        ts_ns=ts_ns,
        resource=resource,
        attributes=attributes,
        severity=severity,
        severity_text=level,
        trace_id=trace_id,
        span_id=span_id,
        truncated=truncated,
    )


def split(fields: Mapping[str, object]) -> tuple[dict[str, str], dict[str, object]]:
    """Return what of the fields says who sent, under OpenTelemetry's names, and the others. What is null is neither."""
    resource: dict[str, str] = {}
    attributes: dict[str, object] = {}
    for name, value in fields.items():
        if value is None:
            continue
        target = _resource_name(name)
        if not target:
            attributes[name] = value
            continue
        text = value if isinstance(value, str) else typed(value)[0]
        if resource.setdefault(target, text) != text:
            attributes[name] = value
    return resource, attributes


def ids(fields: dict[str, object]) -> tuple[bytes, bytes]:
    """Take the ids of trace and span out of the fields, where they are well-formed."""
    return _id(fields, _TRACES, 32), _id(fields, _SPANS, 16)


@lru_cache(maxsize=4096)
def _resource_name(name: str) -> str:
    """Return what OpenTelemetry calls a field that is of the resource; nothing if it is not of it."""
    if name in _OF_RESOURCE:
        return _OF_RESOURCE[name]
    if not name.startswith(_RESOURCE_PREFIXES):
        return ""
    for prefix, target in _RENAMED_PREFIXES:
        if name.startswith(prefix):
            return target + name[len(prefix) :]
    return name


def _time(fields: dict[str, object]) -> int:
    for name in _TIMES:
        found = time_ns_of(fields.get(name))
        if found is not None:
            del fields[name]
            return found
    return 0


def _first(fields: dict[str, object], names: Sequence[str]) -> str:
    """Take the first text of these names out of the fields."""
    for name in names:
        found = fields.get(name)
        if isinstance(found, str) and found:
            del fields[name]
            return found
    return ""


def _first_text(fields: dict[str, object], names: Sequence[str]) -> str | None:
    for name in names:
        if fields.get(name) is not None:
            found = fields.pop(name)
            return found if isinstance(found, str) else typed(found)[0]
    return None


def _id(fields: dict[str, object], names: Sequence[str], digits: int) -> bytes:
    for name in names:
        found = fields.get(name)
        if isinstance(found, str) and len(found) == digits and _HEX.fullmatch(found):
            del fields[name]
            return bytes.fromhex(found)
    return b""


def _service(attributes: Mapping[str, object]) -> str:
    for name in _SERVICES:
        found = attributes.get(name)
        if isinstance(found, str) and found:
            return found
    program = attributes.get("program")
    return program.replace("\\", "/").rstrip("/").rpartition("/")[2] if isinstance(program, str) else ""
