"""Numbers as Prometheus prints them, which clients compare as text: in answers, in annotations and in labels."""

from __future__ import annotations

import math


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _digits(value: float) -> tuple[str, str, int]:
    """Return sign, shortest decimal digits, and the exponent of the first of them."""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    first = len(whole) - 1 if whole.strip("0") else -1 - (len(part) - len(part.lstrip("0")))
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    return sign, digits.rstrip("0") or "0", first + int(exponent or 0) if digits else 0


def _plain(sign: str, digits: str, exponent: int) -> str:
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{sign}{whole}.{digits[exponent + 1 :]}".removesuffix(".")


def _scientific(sign: str, digits: str, exponent: int) -> str:
    mantissa = f"{digits[0]}.{digits[1:]}".removesuffix(".")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def answer_text(value: float) -> str:
    """Return a sample's value as the HTTP API writes it: plain between 1e-6 and 1e21."""
    if not math.isfinite(value):
        return _not_finite(value)
    sign, digits, exponent = _digits(value)
    return (_plain if value == 0 or -6 <= exponent < 21 else _scientific)(sign, digits, exponent)


def brief_text(value: float) -> str:
    """Return a number as annotations and the notation of histograms have it: Go's %g, shortest."""
    if not math.isfinite(value):
        return _not_finite(value)
    sign, digits, exponent = _digits(value)
    return (_plain if value == 0 or -4 <= exponent < 6 else _scientific)(sign, digits, exponent)


def label_text(value: float) -> str:
    """Return a number as the value of a label such as `quantile`: OpenMetrics, with a point if it is whole."""
    text = brief_text(value)
    return text if not math.isfinite(value) or any(mark in text for mark in ".e") else f"{text}.0"


def rough_text(value: float) -> str:
    """Return a number in two digits: Go's %.2g."""
    return f"{value:.2g}" if math.isfinite(value) else _not_finite(value)
