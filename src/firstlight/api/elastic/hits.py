"""Records as hits: with the document, or what of it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from typing import Any

from firstlight.model.elastic.layout import Layout
from firstlight.model.elastic.names import ID_ATTRIBUTE, INDEX_ATTRIBUTE, OTHERS
from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.rows import Row
from firstlight.query.elastic.search import SourceFilter
from firstlight.query.elastic.sort import SortKey
from firstlight.query.elastic.times import shown
from firstlight.wire.elastic.book import id_of
from firstlight.wire.elastic.source import Record, document
from firstlight.wire.elastic.times import read_text


@lru_cache(4096)
def _layout(text: str) -> Layout | None:
    return Layout.load(text)


def source_of(row: Row) -> dict[str, Any]:
    """Return the document of a record."""
    was_sent = INDEX_ATTRIBUTE in row.resource
    return document(
        Record(
            row.time_ns,
            row.body,
            row.level,
            row.trace_id,
            row.span_id,
            row.attributes,
            row.types,
            row.resource,
            _layout(row.layout) if was_sent else None,
            None if was_sent else row.fields,
            row.severity,
        )
    )


def own_id(row: Row) -> str:
    """Return the id of a record."""
    given = next((text for name, text in row.attributes if name == ID_ATTRIBUTE), None)
    if given is not None:
        return given
    return id_of(row.observed_ns) if INDEX_ATTRIBUTE in row.resource else row.hash


def hit(row: Row, keys: Sequence[SortKey], source: SourceFilter) -> dict[str, Any]:
    """Return a record as a hit."""
    scored = not keys or any(key.name == "_score" for key in keys)
    found: dict[str, Any] = {
        "_index": row.resource.get(INDEX_ATTRIBUTE, OTHERS),
        "_id": own_id(row),
        "_score": 1.0 if scored else None,
    }
    if source.shown:
        found["_source"] = cut(source_of(row), source)
    if keys:
        found["sort"] = [key.shown(value) for key, value in zip(keys, row.sort, strict=False)]
    return found


def cut(whole: Mapping[str, Any], source: SourceFilter, prefix: str = "") -> dict[str, Any]:
    """Return what of a document a filter leaves."""
    if not source.includes and not source.excludes:
        return dict(whole)
    found: dict[str, Any] = {}
    for name, value in whole.items():
        full = f"{prefix}{name}"
        if any(matches(pattern, full) for pattern in source.excludes):
            continue
        included = not source.includes or any(_leads(pattern, full) for pattern in source.includes)
        if isinstance(value, Mapping):
            rest = SourceFilter(includes=() if included else source.includes, excludes=source.excludes)
            inner = cut(value, rest, f"{full}.")
            if inner or (included and not value):
                found[name] = inner
        elif included:
            found[name] = _cut_list(value, source, full) if isinstance(value, list) else value
        elif isinstance(value, list) and any(pattern.startswith(f"{full}.") for pattern in source.includes):
            found[name] = _cut_list(value, source, full)
    return found


def _leads(pattern: str, full: str) -> bool:
    """Say whether what a pattern includes has `full` in it: itself, or what it is in."""
    parts = full.split(".")
    return any(matches(pattern, ".".join(parts[:count])) for count in range(1, len(parts) + 1))


def _cut_list(values: list[Any], source: SourceFilter, full: str) -> list[Any]:
    return [cut(one, source, f"{full}.") if isinstance(one, Mapping) else one for one in values]


def flat_values(whole: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a document with their dotted names, those of arrays one by one."""
    if isinstance(whole, Mapping):
        for name, value in whole.items():
            yield from flat_values(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(whole, list):
        for one in whole:
            yield from flat_values(one, prefix)
    elif whole is not None:
        yield prefix, whole


def fields_of(row: Row, wanted: Sequence[tuple[str, str]], dated: frozenset[str]) -> dict[str, list[Any]]:
    """Return the values of fields that are wanted beside the document, dates in the format that is asked for."""
    found: dict[str, list[Any]] = {}
    for name, value in flat_values(source_of(row)):
        for pattern, form in wanted:
            spelled = pattern if pattern.removesuffix(".keyword") == name else name
            if matches(pattern, name) or spelled != name:
                shown_value = _as_date(value, form) if name in dated or name == "@timestamp" else value
                values = found.setdefault(spelled, [])
                if shown_value not in values or not form:
                    values.append(shown_value)
                break
    return found


def _as_date(value: Any, form: str) -> Any:
    if isinstance(value, str):
        time_ns = read_text(value)
        return value if time_ns < 0 else shown(time_ns // 1_000_000, form, UTC)
    return shown(int(value), form, UTC) if isinstance(value, int | float) else value
