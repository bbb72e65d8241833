"""One message of syslog as a log record.

RFC 5424 is read as it is written. Everything else is taken for what RFC 3164 describes and devices vary: a priority, a
time in one of many forms, a host, a tag; each of them may be missing. What cannot be made out is part of the message,
so nothing is lost. Format: <https://www.rfc-editor.org/rfc/rfc5424>, <https://www.rfc-editor.org/rfc/rfc3164>.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Final

from firstlight.wire.shippers.gathering import Gathering, Record
from firstlight.wire.shippers.lines import Line
from firstlight.wire.shippers.severity import SYSLOG_WORDS, severity_of_syslog
from firstlight.wire.shippers.times import iso_ns
from firstlight.wire.syslog.loose import Loose, read_loose
from firstlight.wire.syslog.structured import read_structured

FACILITIES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip

FACILITY: Final = "syslog.facility"
PROCID: Final = "syslog.procid"
MSGID: Final = "syslog.msgid"
DATA_PREFIX: Final = "syslog."
"""Before the ids of structured data: ``syslog.exampleSDID@32473.iut``."""

BOM: Final = "\ufeff"
NIL: Final = "-"

_PRIORITY: Final = re.compile(r"<(\d{1,3})>")
_HEADER: Final = re.compile(r"[1-9]\d{0,2} (\S+) (\S+) (\S+) (\S+) (\S+)(?: |$)")
_MAX_PRIORITY: Final = 191


def message_record(line: Line, now_ns: int, zone: tzinfo, gathering: Gathering, peer: str = "") -> Record | None:
    """Return the record of a message; None if there is nothing in it.

    `zone` is where a time without one is from, and `now_ns` tells its year if it has none. `peer` is the host that is
    named if the message names none.
    """
    text = gathering.text(line.raw).rstrip("\r\n\0")
    if not text.strip():
        return None
    attributes: dict[str, object] = {}
    severity, word, place = _priority(text, attributes)
    read = _strict(text, place, attributes) if place else None
    if read is None:
        read = read_loose(text, place, now_ns, zone)
    if read.procid:
        attributes[PROCID] = read.procid
    if read.msgid:
        attributes[MSGID] = read.msgid
    resource = {}
    if read.host or peer:
        resource["host.name"] = read.host or peer
    if read.app:
        resource["service.name"] = read.app
    return Record(
        body=read.text,
        ts_ns=read.ts_ns,
        resource=resource,
        attributes=attributes,
        severity=severity,
        severity_text=word,
        truncated=line.truncated,
    )


def _priority(text: str, attributes: dict[str, object]) -> tuple[int, str, int]:
    """Return severity, its word, and where the priority ends; note the facility."""
    found = _PRIORITY.match(text)
    if found is None or int(found[1]) > _MAX_PRIORITY:
        return 0, "", 0
    facility, severity = divmod(int(found[1]), 8)
    attributes[FACILITY] = FACILITIES[facility]
    return severity_of_syslog(severity), SYSLOG_WORDS[severity], found.end()


def _strict(text: str, place: int, attributes: dict[str, object]) -> Loose | None:
    """Return what a message of RFC 5424 says, or None if it is none."""
    header = _HEADER.match(text, place)
    if header is None:
        return None
    ts_ns = 0 if header[1] == NIL else iso_ns(header[1])
    if ts_ns is None:
        return None
    host, app, procid, msgid = ("" if part == NIL else part for part in header.groups()[1:])
    place = header.end()
    if text.startswith(NIL, place):
        place += 1
    else:
        structured = read_structured(text, place)
        if structured is not None:
            data, place = structured
            attributes.update((DATA_PREFIX + name, value) for name, value in data.items())
    rest = text[place:].removeprefix(" ").removeprefix(BOM)
    return Loose(ts_ns=ts_ns, host=host, app=app, procid=procid, msgid=msgid, text=rest)
