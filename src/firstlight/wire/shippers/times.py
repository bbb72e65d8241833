"""Times as shippers write them, in nanoseconds since 1970, exactly."""

from __future__ import annotations

import math
import re
from datetime import date
from functools import lru_cache
from typing import Final

SECOND: Final = 10**9
_EPOCH: Final = date(1970, 1, 1).toordinal()

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)[Tt ]\s*(\d\d?):(\d\d):(\d\d)(?:[.,](\d{1,30}))?"
    r"\s*(?:([Zz]|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?"
)


def clock_ns(year: int, month: int, day: int, seconds: int, fraction: str = "") -> int | None:
    """Return the time `seconds` after midnight of a day in UTC, or None if there is no such day.

    `fraction` is the digits after the decimal point.
    """
    days = _days(year, month, day)
    return None if days is None else (days * 86_400 + seconds) * SECOND + fraction_ns(fraction)


@lru_cache(maxsize=1024)
def _days(year: int, month: int, day: int) -> int | None:
    """Return the day since 1970, or None if there is none."""
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def fraction_ns(digits: str) -> int:
    """Return the digits after a decimal point of seconds as nanoseconds."""
    return int(digits[:9].ljust(9, "0")) if digits else 0


def day_seconds(hour: str, minute: str, second: str) -> int | None:
    """Return the seconds since midnight, or None if no clock shows that; a leap second is the next one."""
    found = int(hour), int(minute), int(second)
    if found[0] > 23 or found[1] > 59 or found[2] > 60:
        return None
    return found[0] * 3600 + found[1] * 60 + found[2]


def iso_ns(text: str) -> int | None:
    """Return the time of ISO 8601 or RFC 3339, of UTC if it names no zone; None if it is none.

    >>> iso_ns("1970-01-02T00:00:00.5+01:00")
    82800500000000
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    seconds = day_seconds(found[4], found[5], found[6])
    if seconds is None:
        return None
    if found[9]:
        offset = int(found[10]) * 3600 + int(found[11] or 0) * 60
        seconds += offset if found[9] == "-" else -offset
    return clock_ns(int(found[1]), int(found[2]), int(found[3]), seconds, found[7] or "")


def epoch_ns(value: float) -> int | None:
    """Return the time of a number that counts since 1970: seconds, milli-, micro- or nanoseconds, as its size says."""
    if not math.isfinite(value):
        return None
    size = abs(value)
    for limit, factor in ((1e11, SECOND), (1e14, 10**6), (1e17, 10**3)):
        if size < limit:
            # What a float holds of a time of today is sure to a microsecond.
            return value * factor if isinstance(value, int) else round(value * factor / 1000) * 1000
    return int(value)


def time_ns_of(value: object) -> int | None:
    """Return the time that a value of JSON stands for, as text or as a number; None if it stands for none."""
    if isinstance(value, str):
        return iso_ns(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return epoch_ns(value)
    return None
