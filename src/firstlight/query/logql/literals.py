"""What the literals of LogQL mean, and what Go's scanner says of those that mean nothing."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from firstlight.query.logql.units import Unreadable, float_of
from firstlight.query.promql import gotext
from firstlight.query.promql.literals import string as unquoted

_ESCAPE: Final = re.compile(
    r"""\\(?:[abfnrtv\\]|(?P<mark>["'])|[0-7]{3}|x[0-9a-fA-F]{2}|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<bad>))""",
    re.DOTALL,
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]+\Z")
_INT64: Final = 2**63


def string(token: str) -> str:
    """Return what a string token, with its quotation marks, says."""
    return unquoted(token)


def escape_fault(written: str) -> str:
    """Return what is wrong with the escapes of a string that begins with its quotation mark, or nothing."""
    mark = written[0]
    if mark == "`" or "\\" not in written:
        return ""
    for escape in _ESCAPE.finditer(written):
        if escape["bad"] is not None or (escape["mark"] and escape["mark"] != mark):
            return "invalid char escape"
        if (code := escape["short"] or escape["long"]) and not _is_rune(int(code, 16)):
            return "invalid syntax"
        if escape.group()[1] in "01234567" and int(escape.group()[1:], 8) > 255:
            return "invalid syntax"
    return ""


def _is_rune(code: int) -> bool:
    return code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF


def number_fault(written: str) -> str:
    """Return what Go's scanner finds wrong with a number, or nothing."""
    lower = written.lower()
    if lower.startswith("0x"):
        kind, digits = "hexadecimal", lower[2:].partition("p")[0].replace(".", "")
        if "." in lower and "p" not in lower:
            return "hexadecimal mantissa requires a 'p' exponent"
    elif lower.startswith("0o"):
        kind, digits = "octal", lower[2:]
    else:
        kind, digits = "decimal", re.split("[ep]", lower)[0].replace(".", "")
        if "p" in lower:
            return "'p' exponent requires hexadecimal mantissa"
    if not digits.strip("_"):
        return f"{kind} literal has no digits"
    if lower[-1] in "ep+-" and not (kind == "hexadecimal" and lower[-1] == "e"):
        return "exponent has no digits"
    octal = kind == "octal" or (len(digits) > 1 and digits[0] == "0" and lower.isdigit())
    wrong = re.search("[89]", digits) if octal else None
    if wrong:
        return f"invalid digit '{wrong.group()}' in octal literal"
    if re.search(r"_(?![0-9a-f])|(?<![0-9a-fxo])_", lower):
        return "'_' must separate successive digits"
    return ""


def number(text: str) -> float:
    """Return the number that `text` says; raise ValueError, in Go's words, if it is none for a float."""
    try:
        return float_of(text)
    except Unreadable as error:
        raise ValueError(str(error)) from None


def whole(text: str) -> int:
    """Return the whole number that `text` says; raise ValueError if it is none."""
    if _WHOLE.match(text) is None or abs(value := int(text)) >= _INT64:
        raise ValueError(f"not a whole number: {text}")
    return value


def shortest(value: float) -> str:
    """Return `value` as Go's `fmt.Sprint` writes it: an exponent where there are more than 21 digits.

    >>> shortest(2.0), shortest(1e21), shortest(0.00001)
    ('2', '1e+21', '1e-05')
    """
    if math.isnan(value) or math.isinf(value):
        return gotext.number(value)
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)  # it is finite
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + exponent - 1
    if -4 <= power < 21:
        return gotext.number(value)
    rest = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{rest}e{'-' if power < 0 else '+'}{abs(power):02d}"
