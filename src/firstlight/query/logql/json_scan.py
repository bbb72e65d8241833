"""JSON as Loki reads it: from the front, each value by where it seems to end, up to the first thing that cannot be.

What comes before a fault has been found, and what comes after the object is not looked at. This is slow and exact; what
is proper JSON goes another way (`json_stage`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

NOT_OBJECT: Final = "Value looks like object, but can't find closing '}' symbol"
MALFORMED: Final = "Malformed JSON error"
MALFORMED_ARRAY: Final = "Value is array, but can't find closing ']' symbol"
MALFORMED_STRING: Final = "Value is string, but can't find closing '\"' symbol"
MALFORMED_ESCAPE: Final = "Encountered an invalid escape sequence in a string"
UNKNOWN_VALUE: Final = "Unknown value type"
NOT_FOUND: Final = "Key path not found"

_TOKEN: Final = re.compile(rb"[^ \n\r\t]")
_STRING: Final = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_WORD: Final = re.compile(rb"[^ \n\r\t,}\]]*")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.?))", re.DOTALL)
_SHORT: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BLOCK: Final = {
    b"{": re.compile(rb'["{}]'),
    b"[": re.compile(rb'["\[\]]'),
}


class Kind(StrEnum):
    """What a value is."""

    STRING = "string"
    NUMBER = "number"
    OBJECT = "object"
    ARRAY = "array"
    BOOLEAN = "boolean"
    NULL = "null"


class BadJson(ValueError):
    """What makes a line no JSON, in the words that Loki has for it."""


class Found(Exception):
    """All that was wanted has been found."""


Visit = Callable[[bytes, bytes, Kind], None]
"""Called with a member's name, its raw value without quotation marks, and what that is."""


def next_token(data: bytes, place: int) -> int:
    """Return the place of the first byte from `place` on that is no white space; -1 if there is none."""
    found = _TOKEN.search(data, place)
    return found.start() if found else -1


def string_end(data: bytes, place: int) -> int:
    """Return the place behind the quotation mark that ends the string that begins at `place`; -1 if none does."""
    found = _STRING.match(data, place)
    return found.end() if found else -1


def block_end(data: bytes, place: int) -> int:
    """Return the place behind the end of the object or array at `place`; -1 if it has none."""
    opening = data[place : place + 1]
    marks = _BLOCK[opening]
    level = 0
    while found := marks.search(data, place):
        mark = found.group()
        place = found.end()
        if mark == b'"':
            place = string_end(data, place)
            if place < 0:
                return -1
        elif mark == opening:
            level += 1
        else:
            level -= 1
            if level == 0:
                return place
    return -1


def value_at(data: bytes, place: int) -> tuple[bytes, Kind, int]:
    """Return the raw value that begins at or after `place`, its kind, and the place behind it; raise BadJson."""
    start = next_token(data, place)
    if start < 0:
        raise BadJson(MALFORMED)
    first = data[start : start + 1]
    if first == b'"':
        end = string_end(data, start + 1)
        if end < 0:
            raise BadJson(MALFORMED_STRING)
        return data[start + 1 : end - 1], Kind.STRING, end
    if first in (b"{", b"["):
        end = block_end(data, start)
        if end < 0:
            raise BadJson(NOT_OBJECT if first == b"{" else MALFORMED_ARRAY)
        return data[start:end], Kind.OBJECT if first == b"{" else Kind.ARRAY, end
    found = _WORD.match(data, start)
    assert found is not None  # it matches the empty text
    word = found.group()
    if word in (b"true", b"false"):
        return word, Kind.BOOLEAN, found.end()
    if word == b"null":
        return word, Kind.NULL, found.end()
    if first in b"0123456789-" and first:
        return word, Kind.NUMBER, found.end()
    raise BadJson(UNKNOWN_VALUE)


def each_member(data: bytes, visit: Visit) -> None:
    """Call `visit` for each member of the object `data`; raise BadJson at the first fault."""
    place = next_token(data, 0)
    if place < 0 or data[place : place + 1] != b"{":
        raise BadJson(NOT_OBJECT)
    place = next_token(data, place + 1)
    if place < 0:
        raise BadJson(MALFORMED)
    while data[place : place + 1] != b"}":
        if data[place : place + 1] != b'"':
            raise BadJson(NOT_OBJECT)
        end = string_end(data, place + 1)
        if end < 0:
            raise BadJson(MALFORMED)
        name = data[place + 1 : end - 1]
        if b"\\" in name:
            name = unescaped(name).encode("utf-8", "surrogateescape")
        place = next_token(data, end)
        if place < 0 or data[place : place + 1] != b":":
            raise BadJson(MALFORMED)
        value, kind, end = value_at(data, place + 1)
        visit(name, value, kind)
        place = next_token(data, end)
        if place < 0:
            raise BadJson(MALFORMED_ARRAY)
        mark = data[place : place + 1]
        if mark == b"}":
            return
        if mark != b",":
            raise BadJson(NOT_OBJECT)
        place = next_token(data, place + 1)
        if place < 0:
            raise BadJson(MALFORMED_ARRAY)


def each_element(data: bytes) -> Iterator[tuple[bytes, Kind]]:
    """Yield the raw elements of the array at the beginning of `data`, up to the first fault."""
    place = next_token(data, next_token(data, 0) + 1)
    while place >= 0 and data[place : place + 1] != b"]":
        try:
            value, kind, end = value_at(data, place)
        except BadJson:
            return
        yield value, kind
        place = next_token(data, end)
        if place < 0 or data[place : place + 1] != b",":
            return
        place += 1


def unescaped(raw: bytes) -> str:
    """Return what the raw text of a string says; raise BadJson if an escape is none."""
    text = raw.decode("utf-8", "surrogateescape")
    if "\\" not in text:
        return text
    parts: list[str] = []
    place = 0
    while (start := text.find("\\", place)) >= 0:
        parts.append(text[place:start])
        found = _ESCAPE.match(text, start)
        assert found is not None  # it matches every backslash
        if found[1] is None:
            if found[2] not in _SHORT:
                raise BadJson(MALFORMED_ESCAPE)
            parts.append(_SHORT[found[2]])
            place = found.end()
            continue
        code, place = int(found[1], 16), found.end()
        if 0xD800 <= code <= 0xDFFF:
            low = _ESCAPE.match(text, place)
            if low is None or low[1] is None or int(low[1], 16) < 0xDC00:
                raise BadJson(MALFORMED_ESCAPE)
            code = 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
            place = low.end()
        parts.append(chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd")
    return "".join(parts) + text[place:]


def label_text(raw: bytes) -> str:
    """Return the value of a label from the raw text of a string: empty if an escape is none, U+FFFD as a space."""
    try:
        return unescaped(raw).replace("\ufffd", " ")
    except BadJson:
        return ""
