"""Lines of JSON to fields: objects flattened with dots, arrays as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from firstlight.ingest.process.found import Found, Indices, Names, nothing
from firstlight.ingest.process.texts import buffers

MAX_DEPTH: Final = 8
"""How deep objects are flattened; what lies deeper is one field, as JSON text."""

MAX_FIELDS: Final = 256
"""How many fields a line may have; others are left out and counted."""

_BRACE: Final = ord("{")

Object = dict[str, Any]


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


TEXT_OF: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        str: str,
        int: str,
        float: repr,
        bool: lambda value: "true" if value else "false",
        type(None): lambda value: "",
        list: _json_text,
        dict: _json_text,
    }
)


def read_json(column: pa.StringArray, rows: Indices, names: Names) -> tuple[Found, Indices, Indices]:
    """Return the fields of lines that may be JSON objects, the places of those that are, and what each leaves out.

    `rows` are the rows of the batch that the lines are in. An object with the same name twice has its last value.
    """
    items, places = _objects(column.to_pylist())
    if not items:
        return nothing(), np.zeros(0, np.int64), np.zeros(0, np.int64)
    dropped = np.zeros(len(items), np.int64)
    starts, data = buffers(column)
    if np.count_nonzero(data[starts[0] : starts[-1]] == _BRACE) > len(items):
        items = [flat(item) if dict in map(type, item.values()) else item for item in items]
    shape = list(items[0])
    # Nearly always the lines of a batch have the same names in the same order.
    if len(shape) <= MAX_FIELDS and list(chain.from_iterable(items)) == shape * len(items):
        codes = np.array([names.code(name) for name in shape], np.int64)
        counts, codes = np.full(len(items), len(shape)), np.tile(codes, len(items))
        column = _same_texts(items, len(shape))
    else:
        dropped = np.maximum(np.array(list(map(len, items)), np.int64) - MAX_FIELDS, 0)
        if dropped.any():
            items = [dict(islice(item.items(), MAX_FIELDS)) if len(item) > MAX_FIELDS else item for item in items]
        counts, codes = _shapes(items, names)
        column = _texts(list(chain.from_iterable(map(dict.values, items))))
    found = Found(rows[places], counts, codes, column)
    return found, places, dropped


def _texts(values: list[Any]) -> pa.StringArray:
    texts_of = TEXT_OF
    return pa.array([v if v.__class__ is str else texts_of[v.__class__](v) for v in values], pa.string())


def _same_texts(items: list[Object], width: int) -> pa.StringArray:
    """Return the values of objects with the same names. That of a name is nearly always of one type."""
    values = list(chain.from_iterable(map(dict.values, items)))
    for place, value in enumerate(items[0].values()):
        if value.__class__ is not str:
            write = TEXT_OF[value.__class__]
            values[place::width] = [
                write(one) if one.__class__ is value.__class__ else one for one in values[place::width]
            ]
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return _texts(values)


def _shapes(items: list[Object], names: Names) -> tuple[Indices, Indices]:
    """Return how many fields each object has, and the number of the name of each."""
    shapes: dict[tuple[str, ...], int] = {}
    shape_of = np.array([shapes.setdefault(shape, len(shapes)) for shape in map(tuple, items)], np.int64)
    sizes = np.array([len(shape) for shape in shapes], np.int64)
    codes = np.array([names.code(name) for shape in shapes for name in shape], np.int64)
    starts = np.cumsum(sizes) - sizes
    counts = sizes[shape_of]
    ends = np.cumsum(counts)
    within = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    return counts, codes[np.repeat(starts[shape_of], counts) + within]


def _objects(texts: Sequence[str]) -> tuple[list[Object], Indices]:
    """Return the objects, and the places of the texts that are such."""
    try:
        items = list(map(orjson.loads, texts))
    except orjson.JSONDecodeError:
        items = [_object(text) for text in texts]
    # A text that begins with a brace is an object or nothing.
    if None in items:
        places = [place for place, item in enumerate(items) if item is not None]
        return [items[place] for place in places], np.array(places, np.int64)
    return items, np.arange(len(items))


def _object(text: str) -> Object | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        # Python's own writer says NaN and Infinity, which JSON does not know.
        if "NaN" not in text and "Infinity" not in text:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def flat(item: Object) -> Object:
    """Return an object of plain values and lists, what was nested in it by names with dots.

    >>> flat({"a": {"b": 1, "c": {}}, "d": [2]})
    {'a.b': 1, 'd': [2]}
    """
    found: Object = {}
    _into(found, item, "", MAX_DEPTH)
    return found


def _into(found: Object, item: Object, prefix: str, depth: int) -> None:
    for name, value in item.items():
        if value.__class__ is dict and depth > 1:
            _into(found, value, f"{prefix}{name}.", depth - 1)
        else:
            found[prefix + name] = value
