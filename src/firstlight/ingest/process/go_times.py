"""Layouts of times as Go writes them, by its reference time ``Mon Jan 2 15:04:05 MST 2006``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from firstlight.errors import brief
from firstlight.ingest.process.time_layouts import MONTHS, ZONES

NAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ANSIC": "Mon Jan _2 15:04:05 2006",
        "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822": "02 Jan 06 15:04 MST",
        "RFC822Z": "02 Jan 06 15:04 -0700",
        "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339": "2006-01-02T15:04:05Z07:00",
        "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
    }
)

EPOCHS: Final[Mapping[str, int]] = MappingProxyType({"Unix": 10**9, "UnixMs": 10**6, "UnixUs": 10**3, "UnixNs": 1})
"""Nanoseconds in what each counts."""

_PIECES: Final = re.compile(
    r"2006|January|Jan|Monday|Mon|MST|Z07:00|Z0700|Z07|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|_2|0[1-6]|15|PM|pm|[1-5]"
)
_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "2006": r"(?P<year>\d{4})", "06": r"(?P<short_year>\d\d)", "01": r"(?P<month>\d\d)", "1": r"(?P<month>\d{1,2})",
        "January": r"(?P<name>[A-Z][a-z]{2,8})", "Jan": r"(?P<name>[A-Z][a-z]{2})", "Monday": r"[A-Z][a-z]{5,8}",
        "Mon": r"[A-Z][a-z]{2}", "02": r"(?P<day>\d\d)", "_2": r" ?(?P<day>\d{1,2})", "2": r"(?P<day>\d{1,2})",
        "15": r"(?P<hour>\d\d)", "03": r"(?P<hour>\d\d)", "3": r"(?P<hour>\d{1,2})", "04": r"(?P<minute>\d\d)",
        "4": r"(?P<minute>\d{1,2})", "05": r"(?P<second>\d\d)", "5": r"(?P<second>\d{1,2})",
        "PM": r"(?P<half>AM|PM)", "pm": r"(?P<half>am|pm)", "MST": r"(?P<letters>[A-Z]{1,5})",
        "Z07:00": r"(?P<zone>Z|[+-]\d\d:\d\d)", "Z0700": r"(?P<zone>Z|[+-]\d{4})", "Z07": r"(?P<zone>Z|[+-]\d\d)",
        "-07:00": r"(?P<zone>[+-]\d\d:\d\d)", "-0700": r"(?P<zone>[+-]\d{4})", "-07": r"(?P<zone>[+-]\d\d)",
    }
)  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=256)
def go_time(layout: str, location: tzinfo = UTC) -> Callable[[str, int], int | None]:
    """Return what reads times of a layout: nanoseconds of a text, None if it has another; near which is the second.

    A layout may have a name. Raise ValueError if there is no time in it.

    >>> go_time("02/01/2006 15:04")("07/05/2024 10:58", 0)
    1715079480000000000
    """
    if layout in EPOCHS:
        factor = EPOCHS[layout]
        return lambda text, near: _epoch(text, factor)
    pattern, place = "", 0
    written = NAMED.get(layout, layout)
    seen: set[str] = set()
    for piece in _PIECES.finditer(written):
        form = _FORMS.get(piece[0]) or rf"(?P<fraction>[.,]\d{{{len(piece[0]) - 1}}})?"
        name = form.partition("<")[2].partition(">")[0]
        if piece[0][0] in ".,":
            form = (
                r"(?:[.,](?P<fraction>\d{1,9}))?"
                if "9" in piece[0]
                else rf"[.,](?P<fraction>\d{{{len(piece[0]) - 1}}})"
            )
            name = "fraction"
        pattern += re.escape(written[place : piece.start()])
        pattern += re.escape(piece[0]) if name in seen else form
        seen |= {name} - {""}
        place = piece.end()
    if not {"day", "hour"} & seen and "year" not in seen:
        raise ValueError(
            f"cannot read the layout {brief(layout)}: there is no part of Go's reference time in it; "
            f"want one such as 2006-01-02 15:04:05, or one of {', '.join([*NAMED, *EPOCHS])}"
        )
    # As Go does, a fraction after the seconds is taken though the layout has none.
    if "fraction" not in seen:
        pattern = pattern.replace(_FORMS["05"], _FORMS["05"] + r"(?:[.,](?P<fraction>\d{1,9}))?", 1)
    read = re.compile(pattern + re.escape(written[place:])).fullmatch
    return lambda text, near: _time(read(text), near, location)


def _epoch(text: str, factor: int) -> int | None:
    try:
        whole, _, rest = text.partition(".")
        return int(whole) * factor + (int(float(f"0.{rest}") * factor) if rest else 0)
    except ValueError:
        return None


def _time(found: re.Match[str] | None, near: int, location: tzinfo) -> int | None:
    if found is None:
        return None
    parts = {name: text for name, text in found.groupdict().items() if text}
    this = (_EPOCH + timedelta(seconds=near // 10**9)).year
    year = int(parts["year"]) if "year" in parts else 2000 + int(parts["short_year"]) if "short_year" in parts else this
    month = int(parts.get("month", "1"))
    if "name" in parts:
        short = parts["name"][:3].lower()
        if short not in MONTHS:
            return None
        month = MONTHS.index(short) + 1
    hour = int(parts.get("hour", "0"))
    if "half" in parts:
        hour = hour % 12 + 12 * (parts["half"].upper() == "PM")
    zone = _zone(parts, location)
    if zone is None:
        return None
    try:
        at = datetime(
            year, month, int(parts.get("day", "1")), hour, int(parts.get("minute", "0")), int(parts.get("second", "0")),
            tzinfo=zone,
        )  # fmt: skip
    except ValueError:
        return None
    if "year" not in parts and "short_year" not in parts and (at - _EPOCH).total_seconds() > near / 1e9 + 183 * 86_400:
        at = at.replace(year=year - 1)
    delta = at - _EPOCH
    fraction = int(parts["fraction"].ljust(9, "0")[:9]) if "fraction" in parts else 0
    return (delta.days * 86_400 + delta.seconds) * 10**9 + fraction


def _zone(parts: Mapping[str, str], location: tzinfo) -> tzinfo | None:
    if "zone" in parts:
        digits = parts["zone"].replace(":", "")
        if digits == "Z":
            return UTC
        minutes = int(digits[1:3]) * 60 + int(digits[3:5] or "0")
        return timezone(timedelta(minutes=minutes if digits[0] == "+" else -minutes)) if minutes < 1440 else None
    if "letters" in parts:
        ahead = ZONES.get(parts["letters"])
        return None if ahead is None else timezone(timedelta(minutes=ahead))
    return location
