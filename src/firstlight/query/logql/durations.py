"""Durations and sizes in the text of a query, and as Loki writes them back. All in nanoseconds, or in bytes."""

from __future__ import annotations

import math
import re
from typing import Final

from firstlight.query.logql.units import Unreadable, bytes_of, nanoseconds_of
from firstlight.query.promql.gotext import quote

_PART: Final = re.compile(r"([0-9]+)([^0-9]+)")
_MILLISECONDS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_ORDER: Final = tuple(_MILLISECONDS)
_LONGEST: Final = 2**63 - 1
_NANOSECONDS: Final = 1_000_000
_SIZES: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def range_duration(text: str) -> int:
    """Return what stands in brackets in nanoseconds; raise ValueError, in Prometheus' words, if it is no duration."""
    if text == "0":
        return 0
    if not text:
        raise ValueError("empty duration string")
    total, place, last = 0, 0, -1
    while place < len(text):
        part = _PART.match(text, place)
        if part is None:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        count, unit = int(part[1]), part[2]
        if unit not in _MILLISECONDS:
            raise ValueError(f"unknown unit {quote(unit)} in duration {quote(text)}")
        if _ORDER.index(unit) <= last:
            raise ValueError(f"not a valid duration string: {quote(text)}")
        last = _ORDER.index(unit)
        total += count * _MILLISECONDS[unit] * _NANOSECONDS
        if total > _LONGEST:
            raise ValueError("duration out of range")
        place = part.end()
    return total


def duration_literal(text: str) -> int | None:
    """Return the nanoseconds of a duration in Prometheus' units or in Go's, or None if `text` is no duration."""
    try:
        return range_duration(text)
    except ValueError:
        pass
    try:
        return nanoseconds_of(text)
    except Unreadable:
        return None


def size_literal(text: str) -> int | None:
    """Return the bytes of a size such as `1.5MB`, or None if `text` is none."""
    try:
        return bytes_of(text)
    except Unreadable:
        return None


def prometheus_duration(nanoseconds: int) -> str:
    """Return a duration as Prometheus writes it; weeks and years only where nothing remains.

    >>> prometheus_duration(5_400_000_000_000), prometheus_duration(604_800_000_000_000)
    ('1h30m', '1w')
    """
    left = nanoseconds // _NANOSECONDS
    if left == 0:
        return "0s"
    parts = []
    for unit, length in _MILLISECONDS.items():
        if left >= length and not (unit in "yw" and left % length):
            parts.append(f"{left // length}{unit}")
            left %= length
    return "".join(parts)


def go_duration(nanoseconds: int) -> str:
    """Return a duration as Go writes it.

    >>> go_duration(5_400_000_000_000), go_duration(1_500_000), go_duration(0)
    ('1h30m0s', '1.5ms', '0s')
    """
    if nanoseconds == 0:
        return "0s"
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, length in (("ns", 1), ("µs", 1000), ("ms", 1_000_000)):
        if left < length * 1000:
            return f"{sign}{_decimal(left, length)}{unit}"
    minutes, rest = divmod(left, 60_000_000_000)
    seconds = f"{_decimal(rest, 1_000_000_000)}s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}"
    return f"{sign}{minutes}m{seconds}" if minutes else f"{sign}{seconds}"


def _decimal(count: int, unit: int) -> str:
    whole, rest = divmod(count, unit)
    places = len(str(unit)) - 1
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".") if rest else str(whole)


def size_text(size: int) -> str:
    """Return a size as Loki writes it: one decimal below ten, none above.

    >>> size_text(5_000_000), size_text(82), size_text(20_000)
    ('5.0MB', '82B', '20kB')
    """
    if size < 10:
        return f"{size}B"
    # The logarithm, with its errors, is Loki's: 1 GB is "1000MB".
    power = math.floor(math.log(size) / math.log(1000))
    value = math.floor(size / 1000**power * 10 + 0.5) / 10
    shown = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return shown + _SIZES[power]
