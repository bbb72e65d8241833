"""Messages of RFC 3164, and what devices make of it: a time in one of many forms, a host, a tag, a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from firstlight.wire.syslog.stamps import read_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """What a message says; empty where it does not."""

    text: str
    ts_ns: int = 0
    host: str = ""
    app: str = ""
    procid: str = ""
    msgid: str = ""


_SEQUENCE: Final = re.compile(r"\d{0,10}: ")
"""Cisco numbers its messages."""

_CISCO_HOST: Final = re.compile(r"([A-Za-z0-9][\w.\-]{0,254}): (?=[*.]?[A-Z0-9])")
_HOST: Final = re.compile(r"([A-Za-z0-9_\[][\w.:\-\[\]%@/]{0,254}) +(?:: +)?")
_TAG: Final = re.compile(
    r"([A-Za-z0-9_./\-@+*#()]{1,128})"
    r"(?:\[([^\]\s]{1,128})\](?::(?: |$)|(?= )|$)|:(?: |$))"
)
_CISCO: Final = re.compile(r"%[A-Z0-9_]+(?:-[A-Z0-9_]+)*-\d-([A-Z0-9_]+)(?=:| )")


def read_loose(text: str, place: int, now_ns: int, zone: tzinfo) -> Loose:
    """Return what the message says after its priority."""
    if numbered := _SEQUENCE.match(text, place):
        place = numbered.end()
    host = ""
    stamp = read_stamp(text, place, now_ns, zone)
    if stamp is None and (named := _CISCO_HOST.match(text, place)):
        # A name and a colon are a host only if a time follows; else they are a tag.
        stamp = read_stamp(text, named.end(), now_ns, zone)
        host = named[1] if stamp else ""
    ts_ns = 0
    if stamp is not None:
        ts_ns, place = stamp
        if not host:
            host, place = _host(text, place)
    if cisco := _CISCO.match(text, place):
        return Loose(text=text[place:], ts_ns=ts_ns, host=host, msgid=cisco[0][1:])
    tag = _TAG.match(text, place)
    if tag is None:
        return Loose(text=text[place:], ts_ns=ts_ns, host=host)
    return Loose(text=text[tag.end() :].removeprefix(" "), ts_ns=ts_ns, host=host, app=tag[1], procid=tag[2] or "")


def _host(text: str, place: int) -> tuple[str, int]:
    """Return the host that is named after the time, and where what follows it begins."""
    found = _HOST.match(text, place)
    # What ends in a colon is a tag, and so is what has a number in brackets: then there is no host.
    if found is None or found[1].endswith(":") or (found[1].endswith("]") and not found[1].startswith("[")):
        return "", place
    return found[1], found.end()
