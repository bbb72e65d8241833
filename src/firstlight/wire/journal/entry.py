"""An entry of systemd's journal as a log record. Fields: systemd.journal-fields(7)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from firstlight.wire.shippers.gathering import Record
from firstlight.wire.shippers.severity import SYSLOG_WORDS, severity_of_syslog

_RESOURCE: Final[Mapping[str, str]] = MappingProxyType({
    "_HOSTNAME": "host.name", "_MACHINE_ID": "host.id", "CONTAINER_NAME": "container.name",
    "CONTAINER_ID_FULL": "container.id",
})  # fmt: skip

_LEFT_OUT: Final = frozenset({
    "MESSAGE", "PRIORITY", "__CURSOR", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP", "__SEQNUM", "__SEQNUM_ID",
})  # fmt: skip
"""What is told otherwise, or is of use only to the journal it comes from."""


def entry_record(fields: Mapping[str, str], *, truncated: bool = False) -> Record | None:
    """Return the record of an entry's fields, or None if it has no message.

    The service is the container, else the unit without ``.service``, else what the program calls itself.
    """
    message = fields.get("MESSAGE")
    if message is None:
        return None
    severity, word = _priority(fields.get("PRIORITY", ""))
    time = fields.get("__REALTIME_TIMESTAMP") or fields.get("_SOURCE_REALTIME_TIMESTAMP") or ""
    resource = {target: fields[name] for name, target in _RESOURCE.items() if fields.get(name)}
    service = _service(fields)
    if service:
        resource["service.name"] = service
    return Record(
        body=message,
        ts_ns=_microseconds(time) * 1000,
        resource=resource,
        attributes={name: value for name, value in fields.items() if name not in _LEFT_OUT and name not in _RESOURCE},
        severity=severity,
        severity_text=word,
        truncated=truncated,
    )


def _service(fields: Mapping[str, str]) -> str:
    if named := fields.get("CONTAINER_NAME"):
        return named
    unit = fields.get("_SYSTEMD_UNIT", "")
    if unit.endswith(".service") and not unit.startswith("user@"):
        return unit.removesuffix(".service")
    unit = fields.get("_SYSTEMD_USER_UNIT", "")
    if unit.endswith(".service"):
        return unit.removesuffix(".service")
    return fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM") or ""


def _priority(text: str) -> tuple[int, str]:
    level = int(text) if len(text) == 1 and text in "01234567" else -1
    return severity_of_syslog(level), SYSLOG_WORDS[level] if level >= 0 else ""


def _microseconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
