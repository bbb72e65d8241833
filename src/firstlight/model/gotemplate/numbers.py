"""Numbers and texts as Go's source has them: what a literal in a template means."""

from __future__ import annotations

import re
from typing import Final

_INTEGER: Final = re.compile(
    r"([+-]?)(0[xX]_?[0-9a-fA-F](?:_?[0-9a-fA-F])*|0[oO]?(?:_?[0-7])*|0[bB]_?[01](?:_?[01])*|[1-9](?:_?[0-9])*)\Z"
)
_FLOAT: Final = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9]+)?\Z"
)
_HEX_FLOAT: Final = re.compile(r"[+-]?0[xX]_?[0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9]+\Z")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_SHORT: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


class BadLiteral(ValueError):
    """A literal that means nothing, in Go's words."""


def integer_of(text: str) -> int | None:
    """Return the integer that `text` is, in base 10 or as its prefix says; None if it is none of 64 bits."""
    found = _INTEGER.match(text)
    if not found:
        return None
    digits = found[2].replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        digits = f"0o{digits[1:]}"
    value = int(digits, 0)
    value = -value if found[1] == "-" else value
    return value if -(1 << 63) <= value < 1 << 64 else None


def float_of(text: str) -> float | None:
    """Return the floating number that `text` is; None if it is none."""
    if _FLOAT.match(text) and "_" not in text:
        return float(text)
    if _HEX_FLOAT.match(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except (ValueError, OverflowError):
            return None
    return None


def unquoted(literal: str) -> str:
    """Return the text that a literal in quotation marks or backquotes means; raise BadLiteral if it is none."""
    mark, inner = literal[0], literal[1:-1]
    if mark == "`":
        return inner.replace("\r", "")
    if "\\" not in inner:
        return inner
    return _unescaped(inner, mark)


def _unescaped(inner: str, mark: str) -> str:
    parts: list[bytes] = []
    place = 0
    while (start := inner.find("\\", place)) >= 0:
        parts.append(inner[place:start].encode("utf-8", "surrogateescape"))
        found = _ESCAPE.match(inner, start)
        if found is None:
            raise BadLiteral("invalid syntax")
        place = found.end()
        byte, short, long, octal, letter = found.groups()
        if byte or octal:
            code = int(byte, 16) if byte else int(octal, 8)
            if code > 0xFF:
                raise BadLiteral("invalid syntax")
            parts.append(bytes([code]))
        elif short or long:
            code = int(short or long, 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise BadLiteral("invalid syntax")
            parts.append(chr(code).encode())
        elif letter in _SHORT or letter == mark:
            parts.append(_SHORT.get(letter, letter).encode())
        else:
            raise BadLiteral("invalid syntax")
    parts.append(inner[place:].encode("utf-8", "surrogateescape"))
    return b"".join(parts).decode("utf-8", "surrogateescape")


def character_of(literal: str) -> int:
    """Return the code of a character in quotation marks; raise BadLiteral if it is not one character."""
    inner = literal[1:-1]
    text = _unescaped(inner, "'") if "\\" in inner else inner
    if len(text) != 1:
        raise BadLiteral(f"malformed character constant: {literal}")
    code = ord(text)
    return code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
