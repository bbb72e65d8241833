"""Times in searches: dates in their forms, date math, formats of Java, intervals."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from firstlight.query.elastic.faults import SearchFault, illegal

DAY_MS: Final = 86_400_000
UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS}
CALENDAR: Final = {
    **dict.fromkeys(("second", "1s"), "second"),
    **dict.fromkeys(("minute", "1m"), "minute"),
    **dict.fromkeys(("hour", "1h"), "hour"),
    **dict.fromkeys(("day", "1d"), "day"),
    **dict.fromkeys(("week", "1w"), "week"),
    **dict.fromkeys(("month", "1M"), "month"),
    **dict.fromkeys(("quarter", "1q"), "quarter"),
    **dict.fromkeys(("year", "1y"), "year"),
}

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MATH: Final = re.compile(r"([+-])(\d*)([yMwdhHms])|/([yMwdhHms])")
_ISO: Final = re.compile(
    r"([+-]?\d{4,9})(?:-(\d\d?)(?:-(\d\d?)(?:[Tt ](?:(\d\d?)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?)?)?)?)?)?"
    r"\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)?"
)
_FIXED: Final = re.compile(r"([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_JAVA: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.DOTALL)


def zone(name: str) -> tzinfo:
    """Return a time zone by its name or its distance from UTC."""
    if not name or name in ("UTC", "Z", "utc"):
        return UTC
    if found := re.fullmatch(r"([+-])(\d\d?):?(\d\d)?", name):
        sign = 1 if found[1] == "+" else -1
        return timezone(sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0)))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise illegal(f"The timezone [{name[:50]}] is not recognized") from None


def millis(when: datetime) -> int:
    """Return a time in milliseconds since 1970."""
    since = when - EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000


def when(value: Any, now_ms: int, *, up: bool = False, form: str = "", tz: str = "") -> int:
    """Return what a value of a search means in milliseconds; `up` rounds to the end of what it names."""
    if isinstance(value, bool) or value is None:
        raise _unreadable(value, form)
    if isinstance(value, int | float):
        return int(value * 1000) if form.split("||", maxsplit=1)[0] == "epoch_second" else int(value)
    text = str(value).strip()
    if text.startswith("now"):
        return _math(EPOCH + timedelta(milliseconds=now_ms), text[3:], up=up, tz=zone(tz), value=text)
    head, separator, math = text.partition("||")
    moment = _read(head, form, up=up and not separator, tz=zone(tz))
    return _math(moment, math, up=up, tz=zone(tz), value=text) if math else millis(moment)


def _read(text: str, form: str, *, up: bool, tz: tzinfo) -> datetime:
    for one in (form or "strict_date_optional_time||epoch_millis").split("||"):
        if one in ("epoch_millis", "epoch_second"):
            if re.fullmatch(r"-?\d+(?:\.\d+)?", text) and (form or len(text) > 4):
                scale = 1 if one == "epoch_millis" else 1000
                return EPOCH + timedelta(milliseconds=int(float(text) * scale))
            continue
        found = _read_iso(text, up=up, tz=tz) if "date" in one or one.startswith("iso") else _read_java(text, one, tz)
        if found is not None:
            return found
    raise _unreadable(text, form)


def _read_iso(text: str, *, up: bool, tz: tzinfo) -> datetime | None:
    found = _ISO.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        start = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")[:6]),
            zone("" if offset in ("Z", "z") else offset) if offset else tz,
        )
    except (ValueError, OverflowError):
        return None
    if not up or fraction:
        return start
    unit = "s" if second else "m" if minute else "h" if hour else "d" if day else "M" if month else "y"
    return _end(start, unit)


def _read_java(text: str, form: str, tz: tzinfo) -> datetime | None:
    pattern, names = "", []
    for literal, letter, other in _JAVA.findall(form.removeprefix("8")):
        if letter and letter in _DIGITS:
            pattern += _DIGITS[letter]
            names.append(letter)
        elif letter:
            raise illegal(f"Invalid format: [{form[:100]}]: firstlight has no letter [{letter}]")
        else:
            pattern += re.escape(literal or other)
    found = re.fullmatch(pattern, text)
    if not found:
        return None
    given = dict(zip(names, found.groups(), strict=True))
    offset = given.get("X") or given.get("Z") or given.get("x")
    try:
        return datetime(
            int(given.get("y") or given.get("u") or 1970),
            int(given.get("M") or 1),
            int(given.get("d") or 1),
            int(given.get("H") or 0),
            int(given.get("m") or 0),
            int(given.get("s") or 0),
            int((given.get("S") or "").ljust(6, "0")[:6]),
            zone("" if offset == "Z" else offset) if offset else tz,
        )
    except ValueError:
        return None


_DIGITS: Final = {
    "y": r"(\d{4})", "u": r"(\d{4})", "M": r"(\d\d?)", "d": r"(\d\d?)", "H": r"(\d\d?)", "m": r"(\d\d?)",
    "s": r"(\d\d?)", "S": r"(\d{1,9})", "X": r"(Z|[+-]\d\d(?::?\d\d)?)", "Z": r"(Z|[+-]\d\d:?\d\d)",
    "x": r"([+-]\d\d(?::?\d\d)?)",
}  # fmt: skip


def _math(moment: datetime, text: str, *, up: bool, tz: tzinfo, value: str) -> int:
    place = 0
    while place < len(text):
        found = _MATH.match(text, place)
        if not found:
            raise _unreadable(value, "")
        sign, count, unit, rounding = found.groups()
        if rounding:
            local = moment.astimezone(tz)
            floor = _floor(local, rounding)
            moment = _end(floor, rounding) if up else floor
        else:
            moment = _moved(moment, (1 if sign == "+" else -1) * int(count or 1), unit)
        place = found.end()
    return millis(moment)


def _floor(moment: datetime, unit: str) -> datetime:
    parts = {"y": (1, 1, 0, 0, 0), "M": (None, 1, 0, 0, 0)}
    if unit in parts:
        return moment.replace(month=parts[unit][0] or moment.month, day=1, hour=0, minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "w":
        return day - timedelta(days=day.weekday())
    if unit == "d":
        return day
    if unit in "hH":
        return moment.replace(minute=0, second=0, microsecond=0)
    return moment.replace(second=0, microsecond=0) if unit == "m" else moment.replace(microsecond=0)


def _moved(moment: datetime, count: int, unit: str) -> datetime:
    try:
        if unit in "yM":
            months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
            year, month = divmod(months, 12)
            last = (datetime(year + month // 11, (month + 1) % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
            return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
        scale = {"w": 604_800, "d": 86_400, "h": 3600, "H": 3600, "m": 60, "s": 1}[unit]
        return moment + timedelta(seconds=count * scale)
    except (OverflowError, ValueError):
        raise illegal(f"the time moved by {count}{unit} is out of range") from None


def _end(start: datetime, unit: str) -> datetime:
    return _moved(start, 1, unit) - timedelta(milliseconds=1)


def fixed(text: Any, name: str) -> int:
    """Return how many milliseconds an interval such as ``30s`` or ``-4d`` is."""
    found = _FIXED.fullmatch(str(text).strip())
    if not found and isinstance(text, int):
        return text
    if not found:
        raise illegal(f"failed to parse [{text}] as a time value for [{name}]; want one like 30s, 5m, 1h or 1d")
    return int(float(found[2]) * UNITS_MS[found[3]]) * (-1 if found[1] == "-" else 1)


def _unreadable(value: Any, form: str) -> SearchFault:
    form = form or "strict_date_optional_time||epoch_millis"
    return SearchFault("parse_exception", f"failed to parse date field [{str(value)[:100]}] with format [{form}]")


def iso(time_ms: int) -> str:
    """Return a time as Elasticsearch writes it.

    >>> iso(0)
    '1970-01-01T00:00:00.000Z'
    """
    return shown(time_ms, "strict_date_optional_time", UTC)


def shown(time_ms: int, form: str, tz: tzinfo) -> str:
    """Return a time in a format of Java, or one that Elasticsearch has a name for."""
    first = form.split("||", maxsplit=1)[0]
    if first in ("epoch_millis", "epoch_second"):
        return str(time_ms if first == "epoch_millis" else time_ms // 1000)
    local = (EPOCH + timedelta(milliseconds=time_ms)).astimezone(tz)
    offset = local.strftime("%z")
    suffix = "Z" if offset in ("+0000", "") else f"{offset[:3]}:{offset[3:5]}"
    if not first or "date" in first or first.startswith("iso"):
        base = local.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
        return {"date": base[:10], "strict_date": base[:10]}.get(
            first, f"{base}.{local.microsecond // 1000:03}{suffix}"
        )
    found = ""
    for match in _JAVA.finditer(first.removeprefix("8")):
        literal, letter, other = match.groups()
        found += _shown(local, letter, len(match[0]), suffix) if letter else literal or other or "'"
    return found


def _shown(local: datetime, letter: str, width: int, suffix: str) -> str:
    numbers = {"y": local.year, "u": local.year, "M": local.month, "d": local.day, "H": local.hour}
    numbers |= {"m": local.minute, "s": local.second}
    if letter == "S":
        return f"{local.microsecond:06}000"[:width]
    if letter in ("M", "E") and width >= 3:
        return local.strftime(
            {("M", 3): "%b", ("M", 4): "%B", ("E", 3): "%a", ("E", 4): "%A"}.get((letter, width), "%b")
        )
    if letter in numbers:
        return str(numbers[letter] % 100 if letter in "yu" and width == 2 else numbers[letter]).zfill(width)
    if letter in ("X", "Z", "x"):
        return suffix
    raise illegal(f"Invalid format: firstlight has no letter [{letter}]")
