"""Floating numbers as Go formats them (`strconv.FormatFloat`)."""

from __future__ import annotations

import math
from typing import Final

SHORTEST_PLAIN: Final = 6
"""From which exponent on the shortest form has one."""


def digits_of(value: float) -> tuple[str, int]:
    """Return the fewest digits that say `value`, without its sign, and the exponent of the first of them.

    >>> digits_of(1234.5), digits_of(0.00012)
    (('12345', 3), ('12', -4))
    """
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    if not digits:
        return "0", 0
    first = len(whole) - 1 if whole.strip("0") else -1 - (len(part) - len(part.lstrip("0")))
    return digits.rstrip("0"), first + int(exponent or 0)


def float_text(value: float, verb: str = "g", precision: int = -1) -> str:
    """Return `value` by one of the verbs `e E f F g G b x X`; with a negative precision as short as says it exactly.

    >>> float_text(1234567.0), float_text(0.5, "f", 2), float_text(1e21, "f")
    ('1.234567e+06', '0.50', '1000000000000000000000')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb in "xX":
        return _hexadecimal(value, verb, precision)
    if verb == "b":
        fraction, exponent = math.frexp(value)
        return f"{int(fraction * (1 << 53))}p{exponent - 53:+d}"
    if precision >= 0:
        return f"%.{precision}{verb}" % value
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    digits, exponent = digits_of(value)
    lower = verb.lower()
    if lower == "f" or (lower == "g" and -4 <= exponent < SHORTEST_PLAIN):
        return sign + _plain(digits, exponent)
    mantissa = f"{digits[0]}.{digits[1:]}".removesuffix(".")
    mark = "E" if verb.isupper() else "e"
    return f"{sign}{mantissa}{mark}{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{whole}.{digits[exponent + 1 :]}".removesuffix(".")


def _hexadecimal(value: float, verb: str, precision: int) -> str:
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, exponent = abs(value).hex()[2:].partition("p")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent)
    fraction = fraction.rstrip("0") if precision < 0 else fraction.ljust(precision, "0")[:precision]
    text = f"{sign}0x{whole}{'.' if fraction else ''}{fraction}p{'-' if power < 0 else '+'}{abs(power):02}"
    return text.upper() if verb == "X" else text
