"""What a search is about: the indices it names, and where in the tables a field of theirs is found.

A value is a text in a map of attributes, but for what has a column. Everything that a client gave is bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from firstlight.model.elastic.fields import KEYWORDS, Field, Kind
from firstlight.model.elastic.index import ALWAYS, SUB_FIELD, Index
from firstlight.model.elastic.names import INDEX_ATTRIBUTE, OTHERS, Column
from firstlight.model.elastic.patterns import matches

INDEX_FIELD: Final = "_index"
UNKNOWN_SERVICE: Final = "unknown_service"
LEVELS: Final = "['trace', 'debug', 'info', 'warn', 'error', 'fatal']"


class Binder:
    """Collects the values that a statement is bound to."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, value: Any, kind: str = "String") -> str:
        """Return the place of a value in the statement."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


@dataclass(frozen=True, slots=True)
class Scope:
    """The indices of a search, and the moment it is asked at."""

    tenant: str
    indices: Sequence[Index]
    now_ms: int
    binder: Binder = field(default_factory=Binder)

    @property
    def has_others(self) -> bool:
        """Whether records are looked at that did not come as documents."""
        return any(index.name == OTHERS for index in self.indices)

    def field(self, name: str) -> Field:
        """Return the field of that name, as all indices together have it."""
        if name == INDEX_FIELD:
            return Field(name, Kind.KEYWORD)
        found = [one for one in (index.field(name) for index in self.indices) if one is not None]
        if not found:
            base = name.removesuffix(SUB_FIELD)
            kind = Kind.KEYWORD if base != name or base in KEYWORDS else Kind.TEXT
            column = ALWAYS.get(base)
            return Field(base, kind, column=column, attribute=column is None, known=False)
        kinds = {one.kind for one in found}
        first = found[0]
        if len(found) == 1:
            return first
        kind = first.kind
        if len(kinds) > 1:
            numeric = all(one.numeric for one in kinds)
            kind = Kind.DOUBLE if numeric else next((one for one in kinds if one is Kind.TEXT), kind)
        return replace(
            first,
            kind=kind,
            many=any(one.many for one in found),
            nulls=any(one.nulls for one in found),
            column=next((one.column for one in found if one.column), None),
            attribute=any(one.attribute for one in found),
        )

    def names(self, pattern: str) -> list[str]:
        """Return the names of the fields that a pattern means; itself if it has no wildcard."""
        if "*" not in pattern:
            return [pattern]
        names: Iterable[str] = (name for index in self.indices for name in index.names())
        return [name for name in dict.fromkeys(names) if matches(pattern, name)]

    def has_children(self, name: str) -> bool:
        """Say whether there are fields below a name."""
        return any(index.children(name) for index in self.indices)

    def condition(self) -> str:
        """Return the condition that records are of these indices."""
        bind = self.binder
        own = [index.name for index in self.indices if index.name != OTHERS]
        parts = []
        if own:
            parts.append(f"resource[{bind(INDEX_ATTRIBUTE)}] IN {bind(own, 'Array(String)')}")
        if self.has_others:
            parts.append(f"NOT mapContains(resource, {bind(INDEX_ATTRIBUTE)})")
        if not parts:
            return "0"
        tenant = bind(self.tenant)
        return f"tenant = {tenant} AND origin_id IN ({self.origins(' OR '.join(parts))})"

    def origins(self, condition: str) -> str:
        """Return the query of the origins for which a condition holds."""
        return f"SELECT origin_id FROM origins WHERE tenant = {self.binder(self.tenant)} AND ({condition})"

    def text(self, found: Field) -> str:
        """Return the text of a field; empty where a record has none."""
        if found.name == INDEX_FIELD:
            name = self.resource(INDEX_ATTRIBUTE)
            return f"if({name} = '', '{OTHERS}', {name})"
        attribute = self._attribute(found)
        if found.column is None:
            return attribute
        column = self._column(found.column)
        return f"if({column} != '', {column}, {attribute})" if found.attribute else column

    def _attribute(self, found: Field) -> str:
        name = self.binder(found.name)
        if found.known and not self.has_others:
            return f"attributes[{name}]"
        if not self.has_others:
            return f"if(mapContains(attributes, {name}), attributes[{name}], fields[{name}])"
        resource = self.resource(found.name)
        return (
            f"multiIf(mapContains(attributes, {name}), attributes[{name}],"
            f" mapContains(fields, {name}), fields[{name}], {resource})"
        )

    def resource(self, name: str) -> str:
        """Return an attribute of a record's resource."""
        value = f"resource[{self.binder(name)}]"
        listed = f"FROM origins WHERE tenant = {self.binder(self.tenant)} AND {value} != ''"
        found = f"(SELECT [(toUInt64(0), '')] || groupUniqArray((origin_id, {value})) {listed})"
        return f"transform(origin_id, tupleElement({found}, 1), tupleElement({found}, 2), '')"

    def _column(self, column: Column) -> str:
        match column:
            case Column.TIME:
                return "toString(ts)"
            case Column.BODY:
                return "body"
            case Column.LEVEL:
                derived = f"arrayElement({LEVELS}, intDiv(severity - 1, 4) + 1)"
                known = "severity_text != '' OR severity = 0 OR severity > 24"
                return f"if({known}, severity_text, {derived})" if self.has_others else "severity_text"
            case Column.SERVICE:
                return f"if(service = '{UNKNOWN_SERVICE}', '', service)"
            case Column.HOST:
                return self.resource("host.name")
            case Column.TRACE:
                return "if(trace_id = toFixedString('', 16), '', lower(hex(trace_id)))"
            case Column.SPAN:
                return "if(span_id = toFixedString('', 8), '', lower(hex(span_id)))"


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}
