"""The order of hits: keys of a search as SQL, and what stands after a hit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from firstlight.model.elastic.fields import Field, Kind
from firstlight.model.elastic.names import Column
from firstlight.query.elastic.faults import illegal, malformed, unsupported
from firstlight.query.elastic.scope import Scope, as_mapping
from firstlight.query.elastic.times import shown, when, zone
from firstlight.query.elastic.values import elements, number, time_ms, truth

DOCUMENT: Final = "toUnixTimestamp64Nano(observed_ts)"
"""The order in which documents came, as an integer of 64 bits."""

MAX_KEYS: Final = 16


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order."""

    name: str
    sql: str
    kind: str
    """The type of the engine that values are compared as: String, Int64 or Float64."""
    descending: bool
    nulls_first: bool
    found: Field | None = None
    format: str = ""
    boolean: bool = False

    @property
    def order(self) -> str:
        """The key as it stands in ORDER BY."""
        return f"{self.sql} {'DESC' if self.descending else 'ASC'} NULLS {'FIRST' if self.nulls_first else 'LAST'}"

    def shown(self, value: Any) -> Any:
        """Return a value of the key as a hit tells it."""
        if value is not None and self.format and self.found is not None and self.found.kind.dated:
            return shown(int(value), self.format, zone(""))
        return bool(value) if self.boolean and value is not None else value


def read_sort(scope: Scope, found: Any) -> list[SortKey]:
    """Return the keys that a search names. Raise SearchFault."""
    listed = found if isinstance(found, list) else [found]
    if len(listed) > MAX_KEYS:
        raise illegal(f"cannot sort by more than {MAX_KEYS} keys")
    keys = []
    for one in listed:
        if isinstance(one, str):
            name, _, direction = one.partition(":")
            keys.append(_key(scope, name, {"order": direction} if direction else {}))
        elif isinstance(one, Mapping):
            for name, said in one.items():
                keys.append(_key(scope, str(name), {"order": said} if isinstance(said, str) else as_mapping(said)))
        else:
            raise malformed("[sort] malformed sort format, within the sort array, an object or a string is wanted")
    return keys


def _key(scope: Scope, name: str, said: Mapping[str, Any]) -> SortKey:
    if name in ("_script", "_geo_distance"):
        raise unsupported("way to sort", name, "the name of a field, _doc or _score")
    if "nested" in said or "nested_path" in said:
        raise unsupported("way to sort by nested documents", "nested", "the name of a field")
    order = str(said.get("order") or ("desc" if name == "_score" else "asc")).lower()
    if order not in ("asc", "desc"):
        raise illegal(f"Unknown SortOrder [{order[:50]}]")
    descending = order == "desc"
    if name in ("_doc", "_shard_doc"):
        return SortKey(name, DOCUMENT, "Int64", descending, nulls_first=False)
    if name == "_score":
        return SortKey(name, "toFloat64(1)", "Float64", descending, nulls_first=False)
    found = scope.field(name)
    sql, kind = _value(scope, found, descending=descending)
    missing = said.get("missing", "_last")
    if missing not in ("_last", "_first"):
        sql = f"ifNull({sql}, {scope.binder(_given(scope, missing, found, kind), kind)})"
    form = str(said.get("format") or "")
    return SortKey(name, sql, kind, descending, missing == "_first", found, form, found.kind is Kind.BOOLEAN)


def _value(scope: Scope, found: Field, *, descending: bool) -> tuple[str, str]:
    if found.column is Column.TIME:
        return "toUnixTimestamp64Milli(ts)", "Int64"
    text = scope.text(found)
    make, kind = comparable(found)
    if not found.many:
        return make(text), kind
    best = "arrayMax" if descending else "arrayMin"
    listed = f"arrayFilter(y -> y IS NOT NULL, arrayMap(x -> {make('x')}, {elements(text)}))"
    return f"if(empty({listed}), NULL, {best}({listed}))", kind


def comparable(found: Field) -> tuple[Any, str]:
    """Return what makes a comparable value of a text of a field, NULL if it is none, and its type in the engine."""
    if found.kind.dated:
        return (lambda text: time_ms(text, found)), "Int64"
    if found.kind is Kind.LONG:
        return (lambda text: number(text, Kind.LONG)), "Int64"
    if found.kind is Kind.DOUBLE:
        return (lambda text: number(text, Kind.DOUBLE)), "Float64"
    if found.kind is Kind.BOOLEAN:
        return truth, "Int64"
    if found.lowercase:
        return (lambda text: f"nullIf(lowerUTF8({text}), '')"), "String"
    return (lambda text: f"nullIf({text}, '')"), "String"


def _given(scope: Scope, value: Any, found: Field | None, kind: str) -> Any:
    """Return a value of a client as one of a key."""
    if kind == "String":
        return str(value)
    if isinstance(value, int):
        return int(value)
    if found is not None and found.kind.dated and isinstance(value, str):
        return when(value, scope.now_ms)
    try:
        return int(value) if kind == "Int64" and float(value) == int(value) else float(value)
    except (TypeError, ValueError):
        raise illegal(f"Failed to parse search_after value [{str(value)[:50]}] for a field of numbers") from None


def after(scope: Scope, keys: Sequence[SortKey], values: Any) -> str:
    """Return the condition that a record stands behind the one with `values`."""
    if not isinstance(values, list) or len(values) != len(keys):
        count = len(values) if isinstance(values, list) else 1
        raise illegal(f"search_after has {count} value(s) but sort has {len(keys)}.")
    whole: list[str] = []
    same: list[str] = []
    for key, value in zip(keys, values, strict=True):
        if value is None:
            beyond = f"{key.sql} IS NOT NULL" if key.nulls_first else "0"
            equal = f"{key.sql} IS NULL"
        else:
            given = _given(scope, value, key.found, key.kind)
            exact = key.kind != "Int64" or (isinstance(given, int) and -(2**63) <= given < 2**63)
            bound = scope.binder(given if exact else float(given), key.kind if exact else "Float64")
            sql = key.sql if exact else f"toFloat64({key.sql})"
            beyond = f"ifNull({sql} {'<' if key.descending else '>'} {bound}, {int(not key.nulls_first)})"
            equal = f"ifNull({sql} = {bound}, 0)"
        whole.append(" AND ".join([*same, beyond]))
        same.append(equal)
    return " OR ".join(f"({one})" for one in whole) or "1"
