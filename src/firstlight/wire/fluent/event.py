"""Events of Fluentd as log records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from firstlight.wire.fluent.unpack import event_time_ns, plain
from firstlight.wire.journal.entry import entry_record
from firstlight.wire.shippers.document import document_record
from firstlight.wire.shippers.flat import flatten
from firstlight.wire.shippers.gathering import Gathering, Record
from firstlight.wire.shippers.json_text import text_of

BODIES: Final = ("log", "message", "msg", "MESSAGE")
TAG: Final = "fluent.tag"
NO_ENTRY: Final = "entry that is no pair of a time and a record"

_CONTAINERS: Final = ("container_name", "kubernetes.container_name")


def gather_entry(tag: str, entry: Any, gathering: Gathering) -> None:
    """Gather one entry: a time and a record. The time may stand in a list with metadata, as Fluent Bit has it."""
    match entry:
        case [[time, dict() as metadata], dict() as record]:
            found = event_record(tag, time, {**metadata, **record}, gathering)
        case [time, dict() as record]:
            found = event_record(tag, time, record, gathering)
        case _:
            found = None
    if found is None:
        gathering.refuse(NO_ENTRY)
    else:
        gathering.add(found)


def event_record(tag: str, time: Any, record: Mapping[Any, Any], gathering: Gathering) -> Record | None:
    """Return the record of an event, or None if its time is none.

    The service is what the record says; else the container; else the tag.
    """
    ts_ns = event_time_ns(time)
    document = plain(record, gathering)
    if ts_ns is None or not isinstance(document, dict):
        return None
    fields = flatten(document)
    if "MESSAGE" in fields and "_HOSTNAME" in fields:
        texts = {name: value if isinstance(value, str) else text_of(value) for name, value in fields.items()}
        entry = entry_record(texts)
        return entry and replace(entry, ts_ns=ts_ns, attributes={**entry.attributes, TAG: tag})
    fields[TAG] = tag
    named = next((name for place in _CONTAINERS if isinstance(name := fields.get(place), str)), "")
    found = document_record(
        fields, bodies=BODIES, whole=partial(text_of, document), service=named.removeprefix("/") or tag, ts_ns=ts_ns
    )
    return replace(found, body=found.body.removesuffix("\n"))
