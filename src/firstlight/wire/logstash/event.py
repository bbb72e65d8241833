"""Events as Logstash writes them, and lines that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from firstlight.wire.shippers.document import document_record
from firstlight.wire.shippers.flat import flatten
from firstlight.wire.shippers.gathering import Gathering, Record
from firstlight.wire.shippers.json_text import object_of, text_of, value_of
from firstlight.wire.shippers.lines import Line

BODIES: Final = ("message", "@message", "log.original", "event.original")
NO_OBJECT: Final = "event that is neither a JSON object nor a text"


def line_record(line: Line, gathering: Gathering) -> Record | None:
    """Return the record of a line, which is an event in JSON or else plain text; None if there is nothing in it."""
    raw = line.raw.strip()
    if not raw:
        return None
    if raw.startswith(b"{") and not line.truncated:
        document = object_of(raw, gathering)
        if document is not None:
            return event_record(document, lambda: raw.decode(errors="replace"))
    return Record(body=gathering.text(line.raw.rstrip(b"\r\n")), truncated=line.truncated)


def event_record(document: dict[str, object], whole: Callable[[], str]) -> Record:
    """Return the record of an event; `whole` returns its text."""
    return document_record(flatten(document), bodies=BODIES, whole=whole)


def read_body(body: bytes, *, plain: bool, gathering: Gathering) -> None:
    """Gather what a request over HTTP carries: an event in JSON, a list of them, or one a line; or `plain` lines."""
    stripped = body.strip()
    if not plain and stripped.startswith(b"["):
        found = value_of(stripped, gathering)
        if isinstance(found, list):
            _gather(found, gathering)
            return
    if not plain and stripped.startswith(b"{"):
        document = object_of(stripped, gathering)
        if document is not None:
            gathering.add(event_record(document, lambda: stripped.decode(errors="replace")))
            return
    for line in body.split(b"\n"):
        record = line_record(Line(line), gathering)
        if record is not None:
            gathering.add(record)


def _gather(found: Iterable[object], gathering: Gathering) -> None:
    for one in found:
        if isinstance(one, dict):
            gathering.add(event_record(one, partial(text_of, one)))
        elif isinstance(one, str):
            gathering.add(Record(body=one))
        else:
            gathering.refuse(NO_OBJECT)
