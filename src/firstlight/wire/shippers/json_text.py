"""JSON as programs really write it: with NaN, with bytes that are no UTF-8, with half a surrogate pair."""

from __future__ import annotations

import json
import re
from typing import Final

import orjson

from firstlight.wire.shippers.flat import TOO_DEEP
from firstlight.wire.shippers.gathering import Gathering

_HALF: Final = re.compile(
    r"(\\\\)|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def object_of(raw: bytes, gathering: Gathering) -> dict[str, object] | None:
    """Return the object that `raw` is in JSON, or None if it is none."""
    found = value_of(raw, gathering)
    return found if isinstance(found, dict) else None


def value_of(raw: bytes, gathering: Gathering) -> object:
    """Return the value that `raw` is in JSON, or None if it is none."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    text = _HALF.sub(lambda found: r"\ufffd" if found[2] else found[0], gathering.text(raw))
    try:
        return json.loads(text, parse_int=_int, strict=False)
    except (ValueError, RecursionError):
        return None


def text_of(value: object) -> str:
    """Return a value as JSON; what is nested too deep for that is told to be."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return TOO_DEEP


def _int(digits: str) -> int | float:
    # What is longer may be no number that an engine or JSON counts to.
    return int(digits) if len(digits) < 19 else float(digits)
