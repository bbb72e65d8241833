"""The names by which records say what every record has; whatever else they say is an attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIME: Final = ("time", "timestamp", "@timestamp", "ts")
BODY: Final = ("message", "msg", "body", "log")
LEVEL: Final = ("level", "severity", "log.level", "severity_text")
SERVICE: Final = ("service.name", "service", "service_name")
TRACE: Final = ("trace_id", "traceId", "trace.id")
SPAN: Final = ("span_id", "spanId", "span.id")
RESOURCE: Final = "resource"
ATTRIBUTES: Final = "attributes"


@dataclass(frozen=True, slots=True)
class Plan:
    """Of records with the same names, which name says what; empty if none does."""

    time: str
    body: str
    level: str
    service: str
    trace: str
    span: str
    resource: str
    attributes: str
    others: tuple[str, ...]


def plan_of(names: tuple[str, ...]) -> Plan:
    """Return what records with these names say by which of them: the first of each list that is there.

    >>> plan_of(("msg", "ts", "port")).others
    ('port',)
    """
    time, body, level, service, trace, span, resource, attributes = chosen = [
        next((name for name in known if name in names), "")
        for known in (TIME, BODY, LEVEL, SERVICE, TRACE, SPAN, (RESOURCE,), (ATTRIBUTES,))
    ]
    others = tuple(name for name in names if name not in chosen)
    return Plan(time, body, level, service, trace, span, resource, attributes, others)
