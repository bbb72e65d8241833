"""Queries for values of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from firstlight.query.elastic.ast import (
    Exists,
    Ids,
    Pattern,
    Query,
    Range,
    Terms,
)
from firstlight.query.elastic.dsl_asked import Asked
from firstlight.query.elastic.faults import illegal, parsing, unsupported

MAX_TERMS: Final = 65_536


def _term(asked: Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "value")
    asked.checked(said, "value", "case_insensitive")
    if "value" not in said:
        raise illegal("value cannot be null")
    return Terms(name, (said["value"],), ignore_case=bool(said.get("case_insensitive")))


def _terms(asked: Asked, body: Any) -> Query:
    named = {name: value for name, value in asked.object(body).items() if name not in ("boost", "_name")}
    if len(named) != 1:
        raise parsing("[terms] query does not support multiple fields")
    ((name, values),) = named.items()
    if isinstance(values, Mapping):
        raise unsupported("way to look terms up in documents", "terms lookup", "the values themselves")
    if not isinstance(values, list):
        raise parsing(f"[terms] query does not support [{name}]")
    if len(values) > MAX_TERMS:
        raise illegal(f"The number of terms [{len(values)}] used in the Terms Query request is over {MAX_TERMS}")
    return Terms(name, tuple(values))


def _range(asked: Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "gte")
    asked.checked(said, "gt", "gte", "lt", "lte", "from", "to", "include_lower", "include_upper", "format", "time_zone")
    low = next((said[key] for key in ("gt", "gte", "from") if said.get(key) is not None), None)
    high = next((said[key] for key in ("lt", "lte", "to") if said.get(key) is not None), None)
    return Range(
        name,
        low,
        high,
        low_open=said.get("gt") is not None or said.get("include_lower") is False,
        high_open=said.get("lt") is not None or said.get("include_upper") is False,
        format=str(said.get("format") or ""),
        time_zone=str(said.get("time_zone") or ""),
    )


def _exists(asked: Asked, body: Any) -> Query:
    said = asked.object(body)
    asked.checked(said, "field")
    if not isinstance(said.get("field"), str):
        raise parsing("[exists] must be provided with a [field]")
    return Exists(said["field"])


def _pattern(asked: Asked, body: Any) -> Query:
    name, said = asked.one_field(body, "value")
    asked.checked(said, "value", "wildcard", "case_insensitive", "flags", "max_determinized_states", "prefix")
    value = said.get("value", said.get("wildcard", said.get("prefix")))
    if value is None:
        raise illegal("value cannot be null")
    return Pattern(name, asked.kind, str(value), ignore_case=bool(said.get("case_insensitive")))


def _ids(asked: Asked, body: Any) -> Query:
    values = asked.object(body).get("values")
    return Ids(tuple(str(value) for value in (values if isinstance(values, list) else [values])))


READERS: Final[Mapping[str, Callable[[Asked, Any], Query]]] = {
    "term": _term,
    "terms": _terms,
    "range": _range,
    "exists": _exists,
    "prefix": _pattern,
    "wildcard": _pattern,
    "regexp": _pattern,
    "ids": _ids,
}
