"""Log records as the documents that they came as, or that they would have come as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from firstlight.model.elastic.layout import Layout, written
from firstlight.model.elastic.names import ID_ATTRIBUTE, SOURCE_ATTRIBUTE, SPELLINGS, Column
from firstlight.model.tables import AttributeType

TIME_FORM = "T9Z"


@dataclass(frozen=True, slots=True)
class Record:
    """A stored log record, with its origin."""

    time_ns: int
    body: str
    severity_text: str
    trace_id: str
    span_id: str
    """Both as hexadecimal digits, nothing if there is none."""
    attributes: Sequence[tuple[str, str]]
    types: str
    resource: Mapping[str, str]
    layout: Layout | None
    fields: Mapping[str, str] | None = None
    severity: int = 0


LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")


def document(record: Record) -> dict[str, Any]:
    """Return the document of a record; that of one which never was a document has ECS' names."""
    if record.layout is None:
        kept = next((text for name, text in record.attributes if name == SOURCE_ATTRIBUTE), None)
        return orjson.loads(kept) if kept is not None else _made(record)
    found: dict[str, Any] = {}
    for column, spelled in record.layout.columns.items():
        _put(found, [spelled[1:]] if spelled[0] == "=" else spelled.split("."), _column(record, column))
    arrays = [
        f"{name}."
        for (name, text), letter in zip(record.attributes, record.types, strict=False)
        if letter == AttributeType.ARRAY and '{"' in text  # which no string in it can have, without a backslash
    ]
    for (name, text), letter in zip(record.attributes, record.types, strict=False):
        if name == SOURCE_ATTRIBUTE:
            return orjson.loads(text)  # type: ignore[no-any-return] # the JSON of an object
        if name == ID_ATTRIBUTE or (arrays and any(name.startswith(prefix) for prefix in arrays)):
            continue
        _put(found, parts(name, record.layout.dotted) if record.layout.dotted else name.split("."), value(text, letter))
    return found


def value(text: str, letter: str) -> Any:
    """Return the value of JSON that an attribute was.

    >>> value("1", "i"), value("[1]", "a"), value("", "n")
    (1, [1], None)
    """
    match letter:
        case AttributeType.INT:
            return int(text)
        case AttributeType.BOOL:
            return text == "true"
        case AttributeType.NONE:
            return None
        case AttributeType.ARRAY | AttributeType.KVLIST:
            return orjson.loads(text)
        case AttributeType.DOUBLE:
            return _number(text)
        case _:
            return text


def parts(name: str, dotted: Mapping[str, int]) -> list[str]:
    """Return the parts of a joined name; `dotted` has names whose last part has dots in it, with where it begins.

    >>> parts("labels.app.io/name", {"labels.app.io/name": 7})
    ['labels', 'app.io/name']
    """
    whole = max((one for one in dotted if name == one or name.startswith(f"{one}.")), key=len, default="")
    if not whole:
        return name.split(".")
    begin = dotted[whole]
    rest = name[len(whole) + 1 :]
    return [*(parts(whole[: begin - 1], dotted) if begin else ()), whole[begin:], *(rest.split(".") if rest else ())]


def _number(text: str) -> float | int | None:
    if text.lstrip("-").isdigit():
        return int(text)
    found = float(text)
    return found if found - found == 0 else None


def _put(found: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *outer, last = path
    for name in outer:
        inner = found.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        found = inner
    found[last] = value


def _column(record: Record, column: Column) -> Any:
    match column:
        case Column.TIME:
            return written(record.time_ns, record.layout.time_form if record.layout else TIME_FORM)
        case Column.BODY:
            return record.body
        case Column.LEVEL:
            return record.severity_text
        case Column.SERVICE:
            return record.resource.get("service.name", "")
        case Column.HOST:
            return record.resource.get("host.name", "")
        case Column.TRACE:
            return record.trace_id
        case Column.SPAN:
            return record.span_id


def _made(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {"@timestamp": written(record.time_ns, TIME_FORM), "message": record.body}
    level = record.severity_text or (LEVELS[(record.severity - 1) // 4] if 0 < record.severity <= 24 else "")
    for column, text in (
        (Column.LEVEL, level),
        (Column.TRACE, record.trace_id),
        (Column.SPAN, record.span_id),
    ):
        if text:
            found[SPELLINGS[column][0]] = text
    found.update(record.resource)
    for (name, text), letter in zip(record.attributes, record.types, strict=False):
        found.setdefault(name, value(text, letter))
    for name, text in (record.fields or {}).items():
        found.setdefault(name, text)
    return {name: one for name, one in found.items() if name}
