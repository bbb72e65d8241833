"""Texts as Go writes them, which clients of Prometheus compare: quoted strings, numbers, durations."""

from __future__ import annotations

from decimal import Decimal
from math import isinf, isnan
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

# Longest first; a unit that is not `exactly` is only used where nothing remains.
_UNITS: Final = (
    ("y", 365 * 24 * 3_600_000, True),
    ("w", 7 * 24 * 3_600_000, True),
    ("d", 24 * 3_600_000, False),
    ("h", 3_600_000, False),
    ("m", 60_000, False),
    ("s", 1000, False),
    ("ms", 1, False),
)


def quote(text: str, mark: str = '"') -> str:
    r"""Return `text` in quotation marks, as Go's `%q` does. A surrogate is a byte that is no UTF-8.

    >>> print(quote('a "b" \n'))
    "a \"b\" \n"
    """
    return f"{mark}{''.join(_escaped(character, mark) for character in text)}{mark}"


def _escaped(character: str, mark: str) -> str:
    if character == mark:
        return f"\\{mark}"
    if named := _NAMED.get(character):
        return named
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def number(value: float) -> str:
    """Return `value` in as few digits as say it exactly, never with an exponent.

    >>> number(1e21), number(0.5), number(float("inf"))
    ('1000000000000000000000', '0.5', '+Inf')
    """
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").removesuffix(".") if "." in text else text


def duration(milliseconds: int) -> str:
    """Return a duration as Prometheus writes it; years and weeks only where nothing remains.

    >>> duration(5_400_000), duration(604_800_000), duration(0)
    ('1h30m', '1w', '0s')
    """
    if milliseconds == 0:
        return "0s"
    left, parts = abs(milliseconds), []
    for unit, length, exactly in _UNITS:
        if left >= length and not (exactly and left % length):
            parts.append(f"{left // length}{unit}")
            left %= length
    return ("-" if milliseconds < 0 else "") + "".join(parts)
