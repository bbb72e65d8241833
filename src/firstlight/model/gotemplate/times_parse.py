"""Texts to times, by an example of how they are written (`time.ParseInLocation`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from firstlight.model.gotemplate.times import DAYS, MONTHS, SECOND, TOKEN, GoTime, fixed_zone

_ONE: Final = r"\d{1,2}"
_TWO: Final = r"\d{2}"
_FRACTION: Final = r"(?:[.,](?P<loose>\d{1,}))?"
_PATTERNS: Final = {
    "January": ("month", "|".join(MONTHS)),
    "Jan": ("month", "|".join(name[:3] for name in MONTHS)),
    "01": ("month_number", _TWO),
    "1": ("month_number", _ONE),
    "Monday": ("weekday", "|".join(DAYS)),
    "Mon": ("weekday", "|".join(name[:3] for name in DAYS)),
    "02": ("day", _TWO),
    "2": ("day", _ONE),
    "_2": ("day", r" ?\d{1,2}"),
    "002": ("yearday", r"\d{3}"),
    "__2": ("yearday", r" {0,2}\d{1,3}"),
    "15": ("hour", _TWO),
    "03": ("hour12", _TWO),
    "3": ("hour12", _ONE),
    "04": ("minute", _TWO),
    "4": ("minute", _ONE),
    "05": ("second", _TWO),
    "5": ("second", _ONE),
    "2006": ("year", r"\d{4}"),
    "_2006": ("year", r"_\d{4}"),
    "06": ("year2", _TWO),
    "PM": ("half", "AM|PM"),
    "pm": ("half", "am|pm"),
    "MST": ("zone", r"UTC|[A-Z]{3,5}(?:[+-]\d{1,2})?|[+-]\d{2,4}"),
}
_OFFSETS: Final = {
    "0000": r"[+-]\d{6}",
    ":00:00": r"[+-]\d{2}:\d{2}:\d{2}",
    "00": r"[+-]\d{4}",
    ":00": r"[+-]\d{2}:\d{2}",
    "": r"[+-]\d{2}",
}


def parse_time(layout: str, text: str, zone: tzinfo = UTC) -> GoTime | None:
    """Return the time that `text` is, written as `layout` is; None if it is written otherwise.

    >>> parse_time("2006-01-02 15:04", "2023-11-14 22:13")
    GoTime(nanoseconds=1699999980000000000, zone=datetime.timezone.utc)
    """
    found = _expression(layout).match(text)
    if found is None:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    try:
        return _time(parts, zone)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _expression(layout: str) -> re.Pattern[str]:
    """Return what a text that is written as `layout` is matches; of a part that comes twice the first counts."""
    pattern, place, used = "", 0, set[str]()
    for found in TOKEN.finditer(layout):
        pattern += _literal(layout[place : found.start()])
        place = found.end()
        token = found.group()
        if token[0] in ".,":
            name, inner = "fraction", r"\d*" if token[1] == "9" else rf"\d{{{len(token) - 1}}}"
            inner = rf"(?:[.,](?P<fraction>{inner})){'?' if token[1] == '9' else ''}"
            pattern += inner if name not in used else ""
            used.add(name)
            continue
        if token[0] in "-Z":
            name, inner = "offset", _OFFSETS[token[3:]]
            inner = f"Z|{inner}" if token[0] == "Z" else inner
        else:
            name, inner = _PATTERNS[token]
        pattern += f"(?:{inner})" if name in used else f"(?P<{name}>{inner})"
        if name == "second" and layout[place : place + 1] not in (".", ",") and name not in used:
            pattern += _FRACTION
        used.add(name)
    return re.compile(pattern + _literal(layout[place:]) + r"\Z", re.IGNORECASE)


def _literal(text: str) -> str:
    return re.sub(r"(?:\\ )+", " *", re.escape(text))


def _time(parts: dict[str, str], zone: tzinfo) -> GoTime:
    """Return the time that the parts make; raise ValueError if they make none."""
    year = int(parts.get("year", "0").lstrip("_"))
    if "year2" in parts:
        year = int(parts["year2"])
        year += 1900 if year >= 69 else 2000
    if "month" in parts:
        month = next(number for number, name in enumerate(MONTHS, 1) if name[:3].lower() == parts["month"][:3].lower())
    else:
        month = int(parts.get("month_number", "1"))
    hour = int(parts.get("hour", "0"))
    if "hour12" in parts:
        hour = int(parts["hour12"])
        if hour > 12:
            raise ValueError("hour out of range")
    half = parts.get("half", "").lower()
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    shown = _zone(parts, zone)
    moment = datetime(
        # Go's year 0, which a layout without a year gives, is none of Python's; year 4 is a leap year as it is.
        year or 4,
        month,
        int(parts.get("day", "1")),
        hour,
        int(parts.get("minute", "0")),
        int(parts.get("second", "0")),
        tzinfo=shown,
    )
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    if not year:
        seconds -= 4 * 365 * 86400 + 86400
    if "yearday" in parts:
        seconds += (int(parts["yearday"]) - 1) * 86400
    fraction = (parts.get("fraction") or parts.get("loose") or "")[:9].ljust(9, "0")
    return GoTime(seconds * SECOND + int(fraction), shown)


def _zone(parts: dict[str, str], zone: tzinfo) -> tzinfo:
    if "offset" in parts:
        text = parts["offset"]
        if text in ("Z", "z"):
            return UTC
        digits = text[1:].replace(":", "").ljust(6, "0")
        seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:6])
        offset = -seconds if text[0] == "-" else seconds
        return UTC if not offset and zone is UTC else fixed_zone("", offset)
    name = parts.get("zone", "")
    if not name:
        return zone
    return UTC if name.upper() == "UTC" else fixed_zone(name, 0)
