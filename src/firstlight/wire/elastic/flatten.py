"""Documents to flat attributes: nested names joined by dots, values with the letters of their types.

An array that has objects in it is kept as it is, and what its objects have is told beside it, by name, as if the
objects were one: so that it can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from firstlight.model.tables import AttributeType
from firstlight.wire.logs.sheet import typed

MAX_DEPTH: Final = 20
"""How deep objects are taken apart; what is deeper is kept as JSON."""

MAX_NAMES: Final = 100_000
"""How many names are remembered joined."""

LETTERS: Final[Mapping[type, str]] = {
    str: AttributeType.STRING.value,
    bool: AttributeType.BOOL.value,
    int: AttributeType.INT.value,
    float: AttributeType.DOUBLE.value,
    type(None): AttributeType.NONE.value,
    dict: AttributeType.KVLIST.value,
    list: AttributeType.ARRAY.value,
}


class Joined(dict[str, str]):
    """Names below a prefix, joined with it once and remembered."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix
        self.below: dict[str, Joined] = {}
        self.literal: set[str] = set()
        """Names that have dots in them, or nothing."""

    def __missing__(self, name: str) -> str:
        if len(self) >= MAX_NAMES:
            self.clear()
            self.below.clear()
            self.literal.clear()
        if "." in name or not name:
            self.literal.add(name)
        found = self[name] = f"{self.prefix}{name}"
        return found

    def inner(self, name: str) -> Joined:
        """Return the names below `name`."""
        found = self.below.get(name)
        if found is None:
            if len(self.below) >= MAX_NAMES:
                self.below.clear()
            found = self.below[name] = Joined(f"{self.prefix}{name}.")
        return found


class Flattened:
    """The attributes of documents, one after the other."""

    def __init__(self, joined: Joined) -> None:
        self.names: list[str] = []
        self.values: list[Any] = []
        self.dotted: list[tuple[str, int]] = []
        """Names of the last document whose last part has dots in it, and where that part begins."""
        self.is_odd = False
        """Whether the last document cannot be told from its attributes."""
        self._arrays: list[tuple[str, list[Any]]] = []
        self._joined = joined

    def add(self, document: Mapping[str, Any]) -> None:
        """Add a document."""
        self.is_odd = False
        if self.dotted:
            self.dotted = []
        self._add(document, self._joined, 1)
        if self._arrays:
            arrays, self._arrays = self._arrays, []
            for name, array in arrays:
                self._derive(name, array)

    def _add(self, document: Mapping[str, Any], joined: Joined, depth: int) -> None:
        names, values, literal = self.names, self.values, joined.literal
        for name, value in document.items():
            kind = type(value)
            full = joined[name]
            if literal and name in literal:
                self._literal(document, name, full)
            if kind is dict and value and depth < MAX_DEPTH:
                self._add(value, joined.below.get(name) or joined.inner(name), depth + 1)
                continue
            names.append(full)
            values.append(value)
            if kind is list and any(type(one) is dict for one in value):
                self._arrays.append((full, value))

    def _literal(self, document: Mapping[str, Any], name: str, full: str) -> None:
        parts = name.split(".")
        shorter = (".".join(parts[:count]) for count in range(1, len(parts)))
        if "" in parts or any(type(document.get(one)) in (dict, list) for one in shorter):
            self.is_odd = True
        if type(document[name]) is dict and any(other != name and other.startswith(f"{name}.") for other in document):
            self.is_odd = True
        self.dotted.append((full, len(full) - len(name)))

    def _derive(self, name: str, array: list[Any]) -> None:
        found: dict[str, list[Any]] = {}
        _gather(array, f"{name}.", found, 1)
        if any(full.startswith(f"{name}.") for full, _ in self.dotted):
            self.is_odd = True
        for inner, values in found.items():
            self.names.append(inner)
            self.values.append(values)


def texts(values: Iterable[Any]) -> list[str]:
    """Return values as texts of attributes."""
    return [value if type(value) is str else _text(value) for value in values]


def _text(value: Any) -> str:
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return repr(value)  # JSON has no other than finite ones
    if kind is list or kind is dict:
        return orjson.dumps(value).decode()
    return typed(value)[0]


def letters(values: Iterable[Any]) -> str:
    """Return the letters of the types of values, those of integers that no engine counts so far excepted."""
    return "".join(map(LETTERS.__getitem__, map(type, values)))


def _gather(array: Iterable[Any], prefix: str, found: dict[str, list[Any]], depth: int) -> None:
    for one in array:
        if type(one) is dict:
            for name, value in one.items():
                if type(value) is dict and value and depth < MAX_DEPTH:
                    _gather([value], f"{prefix}{name}.", found, depth + 1)
                elif type(value) is list:
                    rest = [item for item in value if type(item) is not dict]
                    found.setdefault(f"{prefix}{name}", []).extend(rest)
                    if depth < MAX_DEPTH:
                        _gather(value, f"{prefix}{name}.", found, depth + 1)
                else:
                    found.setdefault(f"{prefix}{name}", []).append(value)
