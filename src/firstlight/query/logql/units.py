"""Numbers, durations and sizes as Loki reads them in labels: as Go does, with Go's words for what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from firstlight.model.gotemplate.quoting import quoted

_DIGITS: Final = r"[0-9](?:_?[0-9])*"
_DECIMAL: Final = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?\Z")
_NAMED: Final = re.compile(r"(?:[+-]?inf(?:inity)?|nan)\Z", re.IGNORECASE)
_HEX: Final = re.compile(r"[+-]?0[xX](?:_?[0-9a-fA-F])*(?:\.[0-9a-fA-F]*(?:_[0-9a-fA-F]+)*)?[pP][+-]?[0-9]+\Z")
_DURATION_PART: Final = re.compile(r"([0-9]*)(\.[0-9]*)?([^.0-9]*)")
_WHOLE_DURATION: Final = re.compile(r"([0-9]{1,9})(ms|s|m|h|us|ns|µs)\Z")
_SIZE: Final = re.compile(r"((?:[.,]|\d)*)(.*)\Z", re.DOTALL)
_MAX_DURATION: Final = 1 << 63
_MAX_SIZE: Final = 1 << 64

NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}

_BYTES: Final = {
    "": 1,
    "b": 1,
    **{
        prefix + unit: factor**power
        for power, letter in enumerate("kmgtpe", start=1)
        for prefix, factor in ((letter, 1000), (f"{letter}i", 1024))
        for unit in ("", "b")
    },
}


class Unreadable(ValueError):
    """A text that is no number, duration or size; `str` is what Go says of it."""


def float_of(text: str) -> float:
    """Return the number `text` (`strconv.ParseFloat`); raise Unreadable if it is none.

    >>> float_of("1e3"), float_of("0x1p-2")
    (1000.0, 0.25)
    """
    if _DECIMAL.match(text):
        value = float(text)
        if math.isinf(value):
            raise Unreadable(f"strconv.ParseFloat: parsing {quoted(text)}: value out of range")
        return value
    if _NAMED.match(text):
        return float(text)
    if _HEX.match(text) and re.search(r"[0-9a-fA-F][.pP_]|\.[0-9a-fA-F]", text[2:]):
        try:
            return float.fromhex(text.replace("_", ""))
        except OverflowError:
            raise Unreadable(f"strconv.ParseFloat: parsing {quoted(text)}: value out of range") from None
    raise Unreadable(f"strconv.ParseFloat: parsing {quoted(text)}: invalid syntax")


def nanoseconds_of(text: str) -> int:
    """Return the duration `text` (`time.ParseDuration`) in nanoseconds; raise Unreadable if it is none.

    >>> nanoseconds_of("1h15m30.5s"), nanoseconds_of("-1.5ms")
    (4530500000000, -1500000)
    """
    if simple := _WHOLE_DURATION.match(text):
        return int(simple[1]) * NANOSECONDS[simple[2]]
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise Unreadable(f"time: invalid duration {_time_quoted(text)}")
    total = 0
    while rest:
        found = _DURATION_PART.match(rest)
        assert found is not None  # it matches the empty text
        whole, fraction, unit = found.groups()
        if not whole and not (fraction and len(fraction) > 1):
            raise Unreadable(f"time: invalid duration {_time_quoted(text)}")
        if not unit:
            raise Unreadable(f"time: missing unit in duration {_time_quoted(text)}")
        if unit not in NANOSECONDS:
            raise Unreadable(f"time: unknown unit {_time_quoted(unit)} in duration {_time_quoted(text)}")
        size = NANOSECONDS[unit]
        total += int(whole or "0") * size
        if fraction and len(fraction) > 1:
            total += int(fraction[1:]) * size // 10 ** (len(fraction) - 1)
        if total > _MAX_DURATION:
            raise Unreadable(f"time: invalid duration {_time_quoted(text)}")
        rest = rest[found.end() :]
    if text[0] == "-":
        return -total
    if total >= _MAX_DURATION:
        raise Unreadable(f"time: invalid duration {_time_quoted(text)}")
    return total


def seconds_of(text: str) -> float:
    """Return the duration `text` in seconds; raise Unreadable if it is none."""
    nanoseconds = nanoseconds_of(text)
    sign = -1 if nanoseconds < 0 else 1
    whole, rest = divmod(abs(nanoseconds), 1_000_000_000)
    return sign * (whole + rest / 1e9)


def bytes_of(text: str) -> int:
    """Return the size `text`, such as `1.5MB` or `3 KiB`, in bytes; raise Unreadable if it is none.

    >>> bytes_of("1,024"), bytes_of("2 KiB"), bytes_of("1.5kb")
    (1024, 2048, 1500)
    """
    found = _SIZE.match(text)
    assert found is not None  # it matches every text
    number, unit = found.groups()
    value = float_of(number.replace(",", ""))
    unit = unit.strip().lower()
    factor = _BYTES.get(unit)
    if factor is None:
        raise Unreadable(f"unhandled size name: {unit}")
    size = value * float(factor)
    if size >= _MAX_SIZE:
        raise Unreadable(f"too large: {text}")
    return int(size)


def float_bytes_of(text: str) -> float:
    """Return the size `text` in bytes; raise Unreadable if it is none."""
    return float(bytes_of(text))


CONVERSIONS: Final[dict[str, Callable[[str], float]]] = {
    "": float_of,
    "bytes": float_bytes_of,
    "duration": seconds_of,
    "duration_seconds": seconds_of,
}
"""What `unwrap` makes of a label, by the conversion's name."""


def _time_quoted(text: str) -> str:
    """Return `text` quoted as Go's package `time` does it: bytes that are not ASCII are escaped."""
    parts = []
    for byte in text.encode("utf-8", "surrogateescape"):
        character = chr(byte)
        if byte >= 0x80 or byte < 0x20:
            parts.append(f"\\x{byte:02x}")
        else:
            parts.append(f"\\{character}" if character in '"\\' else character)
    return f'"{"".join(parts)}"'
