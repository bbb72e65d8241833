"""The slow and exact way to see how far a number, a duration or an escape in a text of PromQL goes.

Prometheus decides this character by character, and tells users how far it came; only odd texts need this.
"""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile(r"[smhdwy]s?(?:[0-9]+[smhdw]s?)*")
_UNFINISHED: Final = "escape sequence not terminated"
_ESCAPES: Final = {"x": (2, 16, 255), "u": (4, 16, 0x10FFFF), "U": (8, 16, 0x10FFFF)}


def number_or_duration(text: str, start: int) -> tuple[bool | None, int]:
    """Return whether a number (True) or a duration (False) stands at `start`, None if neither, and where it ends."""
    fits, place = _number(text, start)
    if fits:
        return True, place
    found = _DURATION.match(text, place)
    if not found:
        return None, place
    end = found.end()
    if _is_word(text, end):
        # Prometheus has looked at one more character when it gives up.
        return None, end + 1
    return False, end


def _number(text: str, start: int) -> tuple[bool, int]:
    """Return whether what stands at `start` looks like a number, and how far that could be told."""
    place, digits = start, "0123456789"
    if text[place] == "0":
        place += 1
        if text[place : place + 1] in ("x", "X"):
            place += 1
            place += text.startswith("_", place)
            digits = "0123456789abcdefABCDEF"
    place += text.startswith(".", place)
    place += _at(text, place) in digits and place < len(text)
    dot = exponent = False
    while (at := _at(text, place)) and at in digits + "._eE":
        if at in digits:
            while _at(text, place) and _at(text, place) in digits:
                place += 1
            continue
        if (at == "." and dot) or (at in "eE" and exponent):
            return False, place + 1
        fits, place = _mark(text, place, at)
        if not fits or (at == "." and len(digits) > 10):
            return False, place
        dot, exponent = dot or at == ".", exponent or at in "eE"
    return not _is_word(text, place), place


def _mark(text: str, place: int, at: str) -> tuple[bool, int]:
    """Return whether what follows a dot, an exponent or an underscore at `place` fits, and the place behind it."""
    place += 1
    if at in "eE" and _at(text, place) in ("+", "-"):
        place += 1
    following = _at(text, place)
    if following and following in ("_." if at == "." else "._eE"):
        return False, place + 1
    return bool(following) or at == ".", place


def escape_fault(text: str, start: int) -> str:
    """Return what is wrong with the escapes of the string that begins at `start`; nothing if all are well."""
    mark, place = text[start], start + 1
    while place < len(text) and text[place] not in (mark, "\n"):
        if text[place] != "\\":
            if text[place] == "\ufffd" or "\ud800" <= text[place] <= "\udfff":
                return "invalid UTF-8 rune"
            place += 1
            continue
        fault, place = _escape(text, place + 1, mark)
        if fault:
            return fault
    return ""


def _escape(text: str, place: int, mark: str) -> tuple[str, int]:
    at = _at(text, place)
    if not at:
        return _UNFINISHED, place
    if at in "abfnrtv\\" or at == mark:
        return "", place + 1
    if at in "01234567":
        length, base, most = 3, 8, 255
    elif at in _ESCAPES:
        place += 1
        length, base, most = _ESCAPES[at]
    else:
        return f"unknown escape sequence {_code(at)}", place
    value = 0
    for _ in range(length):
        digit = "0123456789abcdef".find(_at(text, place).lower() or "?")
        if not 0 <= digit < base:
            found = _at(text, place)
            return f"illegal character {_code(found)} in escape sequence" if found else _UNFINISHED, place
        value = value * base + digit
        place += 1
    if value > most or 0xD800 <= value < 0xE000:
        return "escape sequence is an invalid Unicode code point", place
    return "", place


def _code(character: str) -> str:
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown}"


def _at(text: str, place: int) -> str:
    return text[place : place + 1]


def _is_word(text: str, place: int) -> bool:
    at = _at(text, place)
    return at.isascii() and (at.isalnum() or at == "_")
