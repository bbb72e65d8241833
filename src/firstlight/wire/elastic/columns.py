"""What of a document goes into columns of a log record, and how it was spelled there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from firstlight.model.elastic.layout import MILLIS, form_of
from firstlight.model.elastic.names import SPELLINGS, Column

_HEX: Final = {32: re.compile("[0-9a-f]{32}"), 16: re.compile("[0-9a-f]{16}")}
_CODES: Final = {(20 + (digits and digits + 1), mark): f"{mark}{digits}Z" for digits in range(10) for mark in "T "}

_NESTED: Final = {
    spelling: tuple(spelling.split("."))
    for spellings in SPELLINGS.values()
    for spelling in spellings
    if "." in spelling
}
_TIMES: Final = SPELLINGS[Column.TIME]

MAX_SHAPES: Final = 10_000

MAX_SHORT: Final = 256
"""How many characters a service or a host may have: what is longer is no name."""


@dataclass(slots=True)
class Taken:
    """What was taken out of documents, one entry each."""

    time: list[str | int] = field(default_factory=list)
    """As it was written; empty if there was none."""
    body: list[str] = field(default_factory=list)
    level: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    span: list[str] = field(default_factory=list)


Spelling = tuple[tuple[Column, str], ...]
"""The columns of a document, each with what it is called there."""


class Wanted(dict[tuple[str, ...], dict[Column, tuple[str, ...]]]):
    """Which spellings may be in documents that have some names at their top, remembered."""

    def __missing__(self, names: tuple[str, ...]) -> dict[Column, tuple[str, ...]]:
        if len(self) >= MAX_SHAPES:
            self.clear()
        there = set(names)
        found = self[names] = {
            column: tuple(one for one in spellings if one in there or one.partition(".")[0] in there)
            for column, spellings in SPELLINGS.items()
        }
        return found


def take(document: dict[str, Any], taken: Taken, wanted: Wanted) -> tuple[Spelling, str, str, str]:
    """Move what belongs into columns out of a document; return how it is spelled, the time's form, service and host."""
    spelled: list[tuple[Column, str]] = []
    spellings = wanted[tuple(document)]
    form = _take_time(document, taken, spelled)
    body = ""
    for name in spellings[Column.BODY]:
        value = document.get(name)
        if type(value) is str:
            body = value
            del document[name]
            spelled.append((Column.BODY, name))
            break
    taken.body.append(body)
    taken.level.append(
        _take_text(document, Column.LEVEL, spellings[Column.LEVEL], spelled) if spellings[Column.LEVEL] else ""
    )
    taken.trace.append(
        _take_id(document, Column.TRACE, 32, spellings[Column.TRACE], spelled) if spellings[Column.TRACE] else ""
    )
    taken.span.append(
        _take_id(document, Column.SPAN, 16, spellings[Column.SPAN], spelled) if spellings[Column.SPAN] else ""
    )
    service = (
        _take_text(document, Column.SERVICE, spellings[Column.SERVICE], spelled) if spellings[Column.SERVICE] else ""
    )
    host = _take_text(document, Column.HOST, spellings[Column.HOST], spelled) if spellings[Column.HOST] else ""
    return tuple(spelled), form, service, host


def _take_time(document: dict[str, Any], taken: Taken, spelled: list[tuple[Column, str]]) -> str:
    for name in _TIMES:
        value = document.get(name)
        form = ""
        if type(value) is str:
            form = _CODES.get((len(value), value[10:11]), "") if value[-1:] == "Z" else ""
            form = form or form_of(value)
        elif type(value) is int and (name == _TIMES[0] or value > 10**11):
            form = MILLIS
        if form and isinstance(value, str | int):
            taken.time.append(value)
            del document[name]
            spelled.append((Column.TIME, name))
            return form
        if value is not None and name == _TIMES[0]:
            # It stays among the attributes as it was written, since it is written in no way that could be told again.
            taken.time.append(value if type(value) in (str, int) else str(value))
            return ""
    taken.time.append("")
    return ""


def _take_text(
    document: dict[str, Any], column: Column, names: tuple[str, ...], spelled: list[tuple[Column, str]]
) -> str:
    for name in names:
        path = _NESTED.get(name)
        if path is None:
            value = document.get(name)
            if type(value) is str and 0 < len(value) <= MAX_SHORT:
                del document[name]
                spelled.append((column, name))
                return value
            continue
        outer = document.get(path[0])
        if type(outer) is dict:
            value = outer.get(path[1])
            if type(value) is str and 0 < len(value) <= MAX_SHORT:
                del outer[path[1]]
                if not outer:
                    del document[path[0]]
                spelled.append((column, name))
                return value
        value = document.get(name)
        if type(value) is str and 0 < len(value) <= MAX_SHORT:
            del document[name]
            spelled.append((column, f"={name}"))  # the dot stood in the name
            return value
    return ""


def _take_id(
    document: dict[str, Any], column: Column, length: int, names: tuple[str, ...], spelled: list[tuple[Column, str]]
) -> str:
    for name in names:
        path = _NESTED.get(name)
        outer: Any = document
        key = name
        mark = ""
        if path is not None:
            if name in document:
                mark = "="
            else:
                outer, key = document.get(path[0]), path[1]
                if type(outer) is not dict:
                    continue
        value = outer.get(key)
        if type(value) is str and len(value) == length and _HEX[length].fullmatch(value) and value.strip("0"):
            del outer[key]
            if outer is not document and not outer and path is not None:
                del document[path[0]]
            spelled.append((column, mark + name))
            return value
    return ""
