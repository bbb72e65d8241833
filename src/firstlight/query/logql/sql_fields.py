"""What rows say beside the line, by the names that LogQL knows it by, as expressions in SQL.

Loki's structured metadata: attributes, trace and span, what the sender called the severity, and the level. A name of
LogQL has `_` where the sender's name may have any character that a label may not have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from firstlight.query.logql.sql_terms import FALSE, TRUE, Bindings

LEVELS: Final = ("unknown", "trace", "debug", "info", "warn", "error", "fatal")
"""Names of severities; every four numbers of OpenTelemetry, from 1 on, have one."""

LEVEL: Final = "detected_level"

SEVERITIES: Final = 25
"""How many numbers of severities there are: what is above the last is like it."""

_SEVERITY: Final = f"least(severity, {SEVERITIES - 1})"
_LEVEL_SQL: Final = f"[{', '.join(repr(level) for level in LEVELS)}][1 + intDiv({_SEVERITY} + 3, 4)]"

INTRINSIC: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trace_id": "if(empty(trace_id), '', lower(hex(trace_id)))",
        "span_id": "if(empty(span_id), '', lower(hex(span_id)))",
        "severity_text": "toString(severity_text)",
        "severity_number": "if(severity_text = '', '', toString(severity))",
    }
)
"""What has a column of its own."""


def metadata(name: str, bound: Bindings, *, level: bool, described: str = TRUE) -> str:
    """Return the structured metadata `name` of a row, the empty text if it has none; with `level`, its level too.

    `described` is the condition that trace, span and severity are metadata of the row.
    """
    attribute_ = _of_map("attributes", name, bound)
    if name not in INTRINSIC or described == TRUE:
        return _first([attribute_, *_intrinsic(name, level=level)])
    if described == FALSE:
        return attribute_
    return _first([attribute_, f"if({described}, {INTRINSIC[name]}, '')"])


def attribute(name: str, bound: Bindings) -> str:
    """Return the attribute `name` of a row, the empty text if it has none."""
    return _of_map("attributes", name, bound)


def severity() -> str:
    """Return the severity of a row, one of `SEVERITIES` numbers."""
    return _SEVERITY


def any_field(name: str, bound: Bindings) -> str:
    """Return what a row has under `name` anywhere: in its metadata, or found in its line."""
    own = _intrinsic("detected_level" if name == "level" else name, level=True)
    if name in INTRINSIC:  # what a line says of these was taken from it when it came
        return _first([_of_map("attributes", name, bound), *own])
    service = ["toString(service)"] if name in ("service_name", "service") else []
    return _first([_of_map("attributes", name, bound), _of_map("fields", name, bound), *own, *service])


def _intrinsic(name: str, *, level: bool) -> list[str]:
    if name == LEVEL:
        return [_LEVEL_SQL] if level else []
    return [INTRINSIC[name]] if name in INTRINSIC else []


def _of_map(column: str, name: str, bound: Bindings) -> str:
    exact = f"{column}[{bound.text(name)}]"
    if "_" not in name:
        return exact
    # Where it is spelled otherwise, as http.route is for http_route, its keys are looked at one by one.
    spelled = "^" + "[^a-zA-Z0-9]".join(re.escape(part) for part in name.split("_")) + "$"
    other = f"arrayFirst((text, key) -> match(key, {bound.text(spelled)}), mapValues({column}), mapKeys({column}))"
    return f"if(mapContains({column}, {bound.text(name)}), {exact}, {other})"


def _first(found: list[str]) -> str:
    """Return the first of several texts that is not empty."""
    result = found[-1]
    for each in reversed(found[:-1]):
        result = f"if({each} != '', {each}, {result})"
    return result
