"""What the name of a field says it is: a level, a time, an id of a trace or a span, a service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final


class Role(IntEnum):
    """What a field may be to a record."""

    NONE = 0
    LEVEL = 1
    TIME = 2
    TRACE = 3
    SPAN = 4
    TRACE_PARENT = 5
    SERVICE = 6


_LEVELS: Final = (
    "severity_text severitytext level severity log.level lvl levelname level_name loglevel log_level log_severity"
    " error_severity level.name record.level.name @l logger_level severity_label levelstr log.syslog.severity.name"
    " s severity_number severitynumber priority levelno level_no level_number record.level.no"
    " log.syslog.severity.code"
)
_TIMES: Final = (
    "@timestamp timestamp time ts @t record.time.timestamp datetime date_time date asctime t t.$date time.$date"
    " time_iso8601 time_local event_time eventtime log_time logtime local_timestamp localtimestamp timemillis time_ms"
    " timestamp_ms timestampms created_at instant.epochsecond start_time starttime startutc"
    " _source_realtime_timestamp __realtime_timestamp record.time.repr timeunixnano observedtimeunixnano"
    " created eventtimestamp"
)
_SERVICES: Final = (
    "service.name service_name servicename resource.service.name service app_name appname app application"
    " application_name applicationname app.name dd.service otelservicename"
)

_ORDER: Final[Mapping[str, tuple[Role, int]]] = MappingProxyType(
    {
        name: (role, place)
        for role, names in ((Role.LEVEL, _LEVELS), (Role.TIME, _TIMES), (Role.SERVICE, _SERVICES))
        for place, name in enumerate(names.split())
    }
)

_TRACE: Final = re.compile(r"(?:^|\.|x-b3-|dd[._]|otel)trace[._-]?id$|(?:^|/)trace$")
_SPAN: Final = re.compile(r"(?:^|\.|x-b3-|dd[._]|otel)span[._-]?id$|(?:^|/)spanid$|^transaction\.id$")
_PARENT: Final = re.compile(r"(?:^|[.\-_])traceparent$")

WORST: Final = 99
"""The place of what is taken only if there is nothing better."""


@lru_cache(maxsize=65536)
def role_of(name: str) -> tuple[Role, int]:
    """Return what a field of this name is, and its place among those of its kind: 0 is taken before 1.

    >>> role_of("levelname")[0], role_of("dd.trace_id")[0], role_of("parent_span_id")[0]
    (<Role.LEVEL: 1>, <Role.TRACE: 3>, <Role.NONE: 0>)
    """
    if len(name) > 64:
        return Role.NONE, WORST
    lower = name.lower()
    known = _ORDER.get(lower)
    if known:
        return known
    if _TRACE.search(lower):
        return Role.TRACE, lower.count(".")
    if _SPAN.search(lower):
        return Role.SPAN, WORST if lower == "transaction.id" else lower.count(".")
    if _PARENT.search(lower):
        return Role.TRACE_PARENT, 0
    return Role.NONE, WORST
