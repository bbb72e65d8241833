"""One message of GELF as a log record. Format: <https://go2docs.graylog.org/current/getting_in_log_data/gelf.html>."""

from __future__ import annotations

from typing import Final

from firstlight.wire.shippers.document import ids, split
from firstlight.wire.shippers.flat import flatten
from firstlight.wire.shippers.gathering import Gathering, Record
from firstlight.wire.shippers.json_text import object_of
from firstlight.wire.shippers.severity import SYSLOG_WORDS, severity_of_syslog, severity_of_word
from firstlight.wire.shippers.times import time_ns_of

NO_OBJECT: Final = "message that is no JSON object"

_SERVICES: Final = ("service.name", "service_name", "service", "application_name", "application", "app_name", "app")


def gelf_record(raw: bytes, gathering: Gathering) -> Record | None:
    """Return the record of a message, or None if it is no JSON object.

    The body is the full message where that begins with the short one, else the short one with the full one beside it.
    """
    document = object_of(raw, gathering)
    if document is None:
        return None
    fields = flatten(document)
    fields.pop("version", None)
    host = _text(fields.pop("host", None))
    ts_ns = time_ns_of(fields.pop("timestamp", None)) or 0
    severity, word = _level(fields.pop("level", None))
    short, full = _text(fields.pop("short_message", None)), _text(fields.pop("full_message", None))
    added = {name.removeprefix("_"): value for name, value in fields.items()}
    trace_id, span_id = ids(added)
    service = next((text for name in _SERVICES if (text := _text(added.get(name)))), "")
    resource, attributes = split(added)
    if host:
        resource["host.name"] = host
    if service:
        resource["service.name"] = service
    if full and not full.startswith(short):
        attributes["full_message"] = full
        full = ""
    return Record(
        body=full or short or raw.decode(errors="replace"),
        ts_ns=ts_ns,
        resource=resource,
        attributes=attributes,
        severity=severity,
        severity_text=word,
        trace_id=trace_id,
        span_id=span_id,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _level(value: object) -> tuple[int, str]:
    """Return OpenTelemetry's number and syslog's word for a level: a number, or loosely its text or a word."""
    text = _text(value)
    if text.isascii() and text.isdecimal() and len(text) == 1:
        level = int(text)
        return severity_of_syslog(level), SYSLOG_WORDS[level] if level < len(SYSLOG_WORDS) else text
    return severity_of_word(text), text
