"""The fields of an index: what kind they are, told by a mapping or seen in documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from firstlight.model.elastic.names import Column
from firstlight.model.tables import AttributeType


class Kind(StrEnum):
    """What a field is; the value is its type in mappings."""

    TEXT = "text"
    KEYWORD = "keyword"
    LONG = "long"
    DOUBLE = "double"
    DATE = "date"
    DATE_NANOS = "date_nanos"
    BOOLEAN = "boolean"
    IP = "ip"
    OBJECT = "object"

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self in (Kind.LONG, Kind.DOUBLE)

    @property
    def dated(self) -> bool:
        """Whether values are times."""
        return self in (Kind.DATE, Kind.DATE_NANOS)


TYPES: Final[Mapping[str, Kind]] = {
    **{kind.value: kind for kind in Kind},
    **dict.fromkeys(("match_only_text", "search_as_you_type", "semantic_text"), Kind.TEXT),
    **dict.fromkeys(("constant_keyword", "wildcard", "version", "counted_keyword", "binary"), Kind.KEYWORD),
    **dict.fromkeys(("integer", "short", "byte", "unsigned_long", "token_count"), Kind.LONG),
    **dict.fromkeys(("float", "half_float", "scaled_float", "rank_feature"), Kind.DOUBLE),
    **dict.fromkeys(("nested", "flattened", "passthrough", "geo_point"), Kind.OBJECT),
}
"""The kind of each type that a mapping may name."""

DATE: Final = "t"
"""The letter of a string that is a date, beside those of `AttributeType`."""

DATE_TEXT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{4}/\d\d/\d\d(?: \d\d:\d\d:\d\d)?"
)
"""Texts that Elasticsearch takes for dates when it sees a field for the first time."""

KEYWORDS: Final = frozenset(
    {"log.level", "service.name", "host.name", "trace.id", "span.id", "level", "service", "host", "hostname"}
    | {"trace_id", "span_id", "traceId", "spanId", "severity", "_index", "_id"}
)
"""Fields whose values are whole, in whatever index."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as queries see it."""

    name: str
    """What it is called among the attributes, without the ``.keyword`` of a sub-field."""
    kind: Kind
    many: bool = False
    """Whether some documents have several values."""
    nulls: bool = False
    """Whether some documents have it without a value."""
    column: Column | None = None
    """The column that holds it, at least for some documents."""
    attribute: bool = True
    """Whether it is an attribute, at least of some documents."""
    fielddata: bool = False
    """Whether a text is aggregated by its words."""
    lowercase: bool = False
    """Whether a keyword is compared in lower case."""
    known: bool = True
    """Whether documents had it, or a mapping has it."""


def seen_kind(letters: str) -> Kind:
    """Return the kind of a field whose values had types of these letters."""
    found = {letter for letter in letters if letter not in "nA" and letter != AttributeType.ARRAY}
    if not found:
        return Kind.OBJECT if "n" in letters or not letters else Kind.TEXT
    if found == {DATE}:
        return Kind.DATE
    if found <= {AttributeType.INT, AttributeType.DOUBLE}:
        return Kind.LONG if found == {AttributeType.INT} else Kind.DOUBLE
    if found == {AttributeType.BOOL}:
        return Kind.BOOLEAN
    return Kind.OBJECT if found == {AttributeType.KVLIST} else Kind.TEXT


def listed(properties: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the fields of a mapping's `properties` with their dotted names, sub-fields too."""
    for name, meaning in properties.items():
        if not isinstance(meaning, Mapping):
            continue
        full = f"{prefix}{name}"
        if "type" in meaning or "properties" not in meaning:
            yield full, meaning
        yield from listed(meaning.get("properties") or {}, f"{full}.")
        yield from listed(meaning.get("fields") or {}, f"{full}.")
