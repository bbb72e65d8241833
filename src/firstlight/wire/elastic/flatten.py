"""Fields of documents as attributes: nested names joined by dots, values as texts with the letters of their types.

An array that has objects in it is kept as it is, and what its objects have is told beside it, by name, as if the
objects were one: so that it can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import orjson

from firstlight.model.tables import AttributeType
from firstlight.wire.elastic.shapes import MAX_DEPTH
from firstlight.wire.logs.sheet import MAX_EXACT, typed

LETTERS: Final[Mapping[type, str]] = {
    str: AttributeType.STRING.value,
    bool: AttributeType.BOOL.value,
    int: AttributeType.INT.value,
    float: AttributeType.DOUBLE.value,
    type(None): AttributeType.NONE.value,
    dict: AttributeType.KVLIST.value,
    list: AttributeType.ARRAY.value,
}
_BOOLS: Final = {True: "true", False: "false"}


def texts(column: Sequence[Any], kinds: set[type]) -> Sequence[str]:
    """Return the values of a field as texts of attributes."""
    if len(kinds) > 1:
        return [value if type(value) is str else _text(value) for value in column]
    (kind,) = kinds
    if kind is str:
        return column
    if kind is int or kind is float:
        # orjson writes numbers far faster than Python, and floats as Python does unless with an exponent.
        found = orjson.dumps(column).decode()
        return [_text(value) for value in column] if "e" in found else found[1:-1].split(",")
    if kind is bool:
        return list(map(_BOOLS.__getitem__, column))
    return list(map(_text, column))


def _text(value: Any) -> str:
    kind = type(value)
    if kind is float:
        return repr(value)  # JSON has no other than finite ones
    if kind is list or kind is dict:
        return orjson.dumps(value).decode()
    return typed(value)[0]


def letters(column: Sequence[Any], kinds: set[type]) -> str | list[str]:
    """Return the letter of the type of each value of a field, only one if all have the same.

    Integers that no engine counts so far have that of floats.
    """
    if int in kinds:
        whole = [value for value in column if type(value) is int]
        if max(whole) >= MAX_EXACT or min(whole) < -MAX_EXACT:
            return [letter(value) for value in column]
    if len(kinds) == 1:
        return LETTERS[next(iter(kinds))]
    return list(map(LETTERS.__getitem__, map(type, column)))


def letter(value: Any) -> str:
    """Return the letter of the type of a value."""
    if type(value) is int and not -MAX_EXACT <= value < MAX_EXACT:
        return AttributeType.DOUBLE.value
    return LETTERS[type(value)]


def has_objects(column: Sequence[Any], kinds: set[type]) -> bool:
    """Say whether there are objects in arrays of a field."""
    if list not in kinds:
        return False
    arrays = column if len(kinds) == 1 else (value for value in column if type(value) is list)
    return dict in set(map(type, chain.from_iterable(arrays)))


def derived(name: str, array: Any) -> dict[str, list[Any]]:
    """Return what the objects in an array have, by the names that are joined with that of the array."""
    found: dict[str, list[Any]] = {}
    if type(array) is list:
        _gather(array, f"{name}.", found, 1)
    return found


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
