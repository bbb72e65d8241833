"""Times as Go has them: a moment and a zone, formatted by an example of how (`time.Time.Format`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from firstlight.model.gotemplate.values import Function, Int64, Struct

SECOND: Final = 1_000_000_000

TOKEN: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|2|_2006|__2|_2|3|4|5|PM|pm"
    r"|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?![0-9])"
)
"""What of a layout stands for a part of a time."""

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

STRING_LAYOUT: Final = "2006-01-02 15:04:05.999999999 -0700 MST"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = -62135596800
_LAST: Final = 253402300799
_FOUR_CENTURIES: Final = 146_097 * 86_400


def zone_of(name: str) -> tzinfo:
    """Return the zone `name` (`time.LoadLocation`); UTC if there is none, or if it is empty or the local one."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


@dataclass(frozen=True, slots=True)
class GoTime(Struct):
    """A moment in nanoseconds since 1970, and the zone in which it is shown."""

    nanoseconds: int
    zone: tzinfo = UTC

    go_type: ClassVar[str] = "time.Time"

    def __str__(self) -> str:
        return self.format(STRING_LAYOUT)

    def moment(self) -> tuple[datetime, int]:
        """Return the moment in its zone, without what is less than a second, and its year.

        What is before the year 1 or after 9999, which Python's times cannot be, is that of another century.
        """
        seconds = self.nanoseconds // SECOND
        centuries = 0 if _FIRST <= seconds <= _LAST else (seconds - _FIRST) // _FOUR_CENTURIES
        moment = _EPOCH + timedelta(seconds=seconds - centuries * _FOUR_CENTURIES)
        with suppress(OverflowError):
            moment = moment.astimezone(self.zone)
        return moment, moment.year + 400 * centuries

    def within(self, zone: tzinfo) -> GoTime:
        """Return the same moment in another zone."""
        return GoTime(self.nanoseconds, zone)

    def format(self, layout: str) -> str:
        """Return the time as `layout` shows it.

        >>> GoTime(1_700_000_000_120_000_000).format("2006-01-02T15:04:05.999Z07:00")
        '2023-11-14T22:13:20.12Z'
        """
        moment, year = self.moment()
        return TOKEN.sub(lambda found: _part(found.group(), moment, year, self.nanoseconds % SECOND), layout)

    def methods(self) -> Mapping[str, Function]:
        """Return what templates may ask a time."""
        moment, year = self.moment()
        simple: dict[str, Callable[[], Any]] = {
            "String": lambda: str(self),
            "UTC": lambda: self.within(UTC),
            "Local": lambda: self.within(UTC),
            "Unix": lambda: Int64(self.nanoseconds // SECOND),
            "UnixMilli": lambda: Int64(self.nanoseconds // 1_000_000),
            "UnixMicro": lambda: Int64(self.nanoseconds // 1_000),
            "UnixNano": lambda: Int64(self.nanoseconds),
            "Year": lambda: year,
            "Month": lambda: MONTHS[moment.month - 1],
            "Day": lambda: moment.day,
            "Hour": lambda: moment.hour,
            "Minute": lambda: moment.minute,
            "Second": lambda: moment.second,
            "Nanosecond": lambda: self.nanoseconds % SECOND,
            "YearDay": lambda: moment.timetuple().tm_yday,
            "Weekday": lambda: DAYS[moment.weekday()],
            "IsZero": lambda: self == ZERO_TIME,
        }
        methods = {name: Function(call) for name, call in simple.items()}
        methods["Format"] = Function(self.format, ("string",))
        return methods


ZERO_TIME: Final = GoTime(_FIRST * SECOND)
"""The first moment of the year 1: what a time is that was not given."""


def fixed_zone(name: str, offset: int) -> tzinfo:
    """Return a zone of its own."""
    return timezone(timedelta(seconds=offset), name)


def _part(part: str, moment: datetime, year: int, nanoseconds: int) -> str:
    if part[0] in ".,":
        return _fraction(part, nanoseconds)
    if part[0] in "-Z":
        return _offset(part, moment)
    hour12 = moment.hour % 12 or 12
    match part:
        case "January":
            return MONTHS[moment.month - 1]
        case "Jan":
            return MONTHS[moment.month - 1][:3]
        case "Monday":
            return DAYS[moment.weekday()]
        case "Mon":
            return DAYS[moment.weekday()][:3]
        case "MST":
            return _abbreviation(moment)
        case "PM":
            return "PM" if moment.hour >= 12 else "AM"
        case "pm":
            return "pm" if moment.hour >= 12 else "am"
        case "002" | "__2":
            return f"{moment.timetuple().tm_yday:{'03' if part == '002' else '3'}}"
        case "2006" | "_2006":
            return f"{'_' if part[0] == '_' else ''}{year:04}"
        case "06":
            return f"{year % 100:02}"
        case "15":
            return f"{moment.hour:02}"
        case "_2":
            return f"{moment.day:2}"
    value = {"1": moment.month, "2": moment.day, "3": hour12, "4": moment.minute, "5": moment.second}[part[-1]]
    return f"{value:02}" if part[0] == "0" else str(value)


def _fraction(token: str, nanoseconds: int) -> str:
    digits = f"{nanoseconds:09}".ljust(len(token) - 1, "0")[: len(token) - 1]
    if token[1] == "9":
        digits = digits.rstrip("0")
        return token[0] + digits if digits else ""
    return token[0] + digits


def _offset(token: str, moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    seconds = int(offset.total_seconds())
    if token[0] == "Z" and not seconds:
        return "Z"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    colon = ":" if ":" in token else ""
    parts = [f"{seconds // 3600:02}"]
    if len(token) > 3:
        parts.append(f"{seconds // 60 % 60:02}")
    if token.replace(":", "").endswith("0000"):
        parts.append(f"{seconds % 60:02}")
    return sign + colon.join(parts)


def _abbreviation(moment: datetime) -> str:
    return moment.tzname() or _offset("-0700", moment)
