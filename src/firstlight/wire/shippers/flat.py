"""Nested documents as flat fields with dotted names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

MAX_DEPTH: Final = 16
"""How deep names are joined; what is deeper stays JSON."""

TOO_DEEP: Final = "(nested too deep)"


def flatten(document: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a document by their dotted names; lists stay lists.

    >>> flatten({"log": {"level": "info"}, "tags": ["a"]})
    {'log.level': 'info', 'tags': ['a']}
    """
    found: dict[str, object] = {}
    _join(document, "", MAX_DEPTH, found)
    return found


def _join(document: Mapping[str, object], prefix: str, depth: int, found: dict[str, object]) -> None:
    for name, value in document.items():
        kind = type(value)
        if kind is not dict and kind is not list:
            found[prefix + name] = value
        elif kind is dict and value and depth:
            _join(value, f"{prefix}{name}.", depth - 1, found)  # type: ignore[arg-type]  # the line above is the check
        else:
            found[prefix + name] = _writable(value)


def _writable(value: object) -> object:
    """Return a list or an object if it can be written as JSON again."""
    try:
        orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return TOO_DEEP
    return value
