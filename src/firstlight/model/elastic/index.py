"""One index: what was said of it when it was made, and what its documents have taught of their fields since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from firstlight.model.elastic.fields import KEYWORDS, TYPES, Field, Kind, listed, seen_kind
from firstlight.model.elastic.names import SPELLINGS, Column
from firstlight.model.tables import AttributeType

MAX_FIELDS: Final = 10_000
"""Of how many fields an index remembers the kind."""

SUB_FIELD: Final = ".keyword"

ALWAYS: Final = {spellings[0]: column for column, spellings in SPELLINGS.items()}
"""ECS' names of the columns, by which they are found whatever a document called them."""


@dataclass(slots=True)
class Index:
    """An index, or a data stream, which is one here. Changed only under the lock of whoever keeps it."""

    name: str
    uuid: str
    created_ms: int
    mappings: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, Any] = field(default_factory=dict)
    data_stream: bool = False
    seen: dict[str, str] = field(default_factory=dict)
    """The letters of the types that a field's values had; `A` beside those of elements, `t` for dates."""
    columns: dict[str, str] = field(default_factory=dict)
    """The column that a field of this name went into."""
    _explicit: dict[str, Mapping[str, Any]] | None = None

    @property
    def explicit(self) -> Mapping[str, Mapping[str, Any]]:
        """The fields that the mapping names."""
        if self._explicit is None:
            self._explicit = dict(listed(self.mappings.get("properties") or {}))
        return self._explicit

    def map(self, mappings: Mapping[str, Any]) -> None:
        """Add to the mapping."""
        self.mappings = merged(self.mappings, mappings)
        self._explicit = None

    def learn(self, name: str, letters: str) -> bool:
        """Take note of a field's types; return whether that is news."""
        known = self.seen.get(name, "")
        new = "".join(letter for letter in letters if letter not in known)
        if (not new and name in self.seen) or len(self.seen) >= MAX_FIELDS:
            return False
        self.seen[name] = known + new
        return True

    def field(self, name: str) -> Field | None:
        """Return the field of that name, or None if no document and no mapping has it."""
        meaning = self.explicit.get(name)
        if meaning is not None and meaning.get("type") == "alias" and isinstance(meaning.get("path"), str):
            return self.field(meaning["path"]) if meaning["path"] != name else None
        if meaning is not None:
            return self._mapped(name, meaning)
        letters = self.seen.get(name)
        column = self.columns.get(name) or ALWAYS.get(name)
        if letters is not None or column is not None:
            return self._found(name, name, seen_kind(letters or "s"), column)
        if name.endswith(SUB_FIELD):
            base = self.field(name.removesuffix(SUB_FIELD))
            if base is not None and base.kind in (Kind.TEXT, Kind.KEYWORD):
                return self._found(name.removesuffix(SUB_FIELD), "", Kind.KEYWORD, base.column)
        return None

    def names(self) -> Iterator[str]:
        """Yield the names of all fields, sub-fields apart."""
        yield from dict.fromkeys((*self.explicit, *self.columns, *self.seen))

    def children(self, prefix: str) -> bool:
        """Say whether there are fields below a name."""
        start = f"{prefix}."
        return any(name.startswith(start) for name in self.names())

    def _mapped(self, name: str, meaning: Mapping[str, Any]) -> Field:
        parent = name.rpartition(".")[0]
        is_sub = parent in self.explicit and "type" in self.explicit[parent] and name not in self.seen
        base = parent if is_sub else name
        kind = TYPES.get(str(meaning.get("type", "object")), Kind.KEYWORD)
        return self._found(base, name, kind, self.columns.get(base) or ALWAYS.get(base), meaning)

    def _found(
        self, base: str, name: str, kind: Kind, column: str | None, meaning: Mapping[str, Any] | None = None
    ) -> Field:
        letters = self.seen.get(base, "")
        meaning = meaning or {}
        if column == Column.TIME and kind is not Kind.DATE_NANOS:
            kind = Kind.DATE
        elif name in KEYWORDS and not meaning:
            kind = Kind.KEYWORD
        return Field(
            base,
            kind,
            many=AttributeType.ARRAY in letters,
            nulls=AttributeType.NONE in letters,
            column=Column(column) if column else None,
            attribute=bool(letters),
            fielddata=bool(meaning.get("fielddata")),
            lowercase="lowercase" in str(meaning.get("normalizer", "")),
        )


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return two trees as one; where both have a leaf, that of `over`."""
    found = dict(under)
    for key, value in over.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return found
