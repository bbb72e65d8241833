"""Structured data of RFC 5424: ``[id name="value" …][id …]``."""

from __future__ import annotations

import re
from typing import Final

MAX_PARAMETERS: Final = 500
"""How many parameters one message may have."""

_ID: Final = re.compile(r'\[([^\s=\]"\[]{1,256})')
_PARAMETER: Final = re.compile(r' +([^\s=\]"]{1,256})="((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')


def read_structured(text: str, place: int) -> tuple[dict[str, str], int] | None:
    """Return parameters by ``id.name``, an element without any by its id, and where it ends; None if it is malformed.

    >>> read_structured('[a x="1" y="]"][b] rest', 0)
    ({'a.x': '1', 'a.y': ']', 'b': ''}, 18)
    """
    found: dict[str, str] = {}
    while place < len(text) and text[place] == "[":
        element = _ID.match(text, place)
        if element is None:
            return None
        place, count = element.end(), len(found)
        while parameter := _PARAMETER.match(text, place):
            name, place = f"{element[1]}.{parameter[1]}", parameter.end()
            value = _ESCAPED.sub(r"\1", parameter[2]) if "\\" in parameter[2] else parameter[2]
            # A name may be told again; then both values stand.
            found[name] = f"{found[name]},{value}" if name in found else value
            if len(found) > MAX_PARAMETERS:
                return None
        if not text.startswith("]", place):
            return None
        if len(found) == count:
            found.setdefault(element[1], "")
        place += 1
    if not found or (place < len(text) and text[place] != " "):
        return None
    return found, place
