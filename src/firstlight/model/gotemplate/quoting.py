"""Texts in quotation marks as Go writes them (`strconv.Quote` and its like)."""

from __future__ import annotations

import re
from typing import Final

_NAMED: Final = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
}
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*\Z")


def quoted(text: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    r"""Return `text` as a literal of Go. A lone surrogate is a byte that is no UTF-8.

    >>> print(quoted('a "b" \n'))
    "a \"b\" \n"
    """
    if mark == '"' and _PLAIN.match(text):
        return f'"{text}"'
    return f"{mark}{''.join([_escaped(character, mark, ascii_only) for character in text])}{mark}"


def _escaped(character: str, mark: str, ascii_only: bool) -> str:
    if character == mark:
        return f"\\{mark}"
    if named := _NAMED.get(character):
        return named
    if character.isprintable() and not (ascii_only and ord(character) > 0x7E):
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def raw_quoted(text: str) -> str:
    """Return `text` between backquotes if Go can read it back so, or else quoted (`%#q`)."""
    if all(character == "\t" or (character not in "`\ufeff\x7f" and character >= " ") for character in text):
        return f"`{text}`"
    return quoted(text)
