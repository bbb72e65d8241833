"""The times that devices write into messages of syslog."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

from firstlight.wire.shippers.times import SECOND, clock_ns, day_seconds, epoch_ns, fraction_ns

_MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
)

_ZONES: Final[Mapping[str, int]] = MappingProxyType({
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "EST": -5, "EDT": -4, "CDT": -5, "MDT": -6, "MST": -7,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
})  # fmt: skip
"""Hours east of UTC. CST and IST are not here: each is several zones."""

_CLOCK: Final = r"(?P<h>\d\d?):(?P<m>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,12}))?"
_ZONE: Final = (
    rf"(?: ?(?P<sign>[+-])(?P<zh>\d\d):?(?P<zm>\d\d)| ?(?P<z>{'|'.join([*_ZONES, 'CST', 'IST'])})(?=[:\s]|$))?"
)
_MONTH: Final = r"(?P<mon>[A-Z][a-z]{2})"
_DAY: Final = r"(?P<d>\d\d?)"
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?"

_FORMS: Final = (
    # Oct 11 22:14:15, also with weekday, fraction, zone, and the year before or after the clock
    re.compile(
        rf"[*.]?{_WEEKDAY}{_MONTH} +{_DAY},? +(?:(?P<y>\d{{4}}),? +)?{_CLOCK}{_ZONE}(?: (?P<y2>\d{{4}})(?=[:\s]|$))?"
    ),
    # 2026-10-11T22:14:15.003+02:00, also with a blank and with slashes
    re.compile(rf"(?P<y>\d{{4}})[-/](?P<n>\d\d)[-/]{_DAY}[T ]{_CLOCK}{_ZONE}"),
    # 2026 Oct 11 22:14:15 CEST
    re.compile(rf"(?P<y>\d{{4}}) +{_MONTH} +{_DAY} +{_CLOCK}{_ZONE}"),
    # 11/Oct/2026 22:14:15 and 11 Oct 2026 22:14:15
    re.compile(rf"{_DAY}[ /]{_MONTH}[ /](?P<y>\d{{4}})[ :]+{_CLOCK}{_ZONE}"),
)  # fmt: skip

_EPOCH: Final = re.compile(r"(?:1 )?(\d{10})(?:\.(\d{1,9}))?(?=[:\s]|$)")
HALF_A_YEAR: Final = 182 * 86_400 * SECOND

_AFTER: Final = re.compile(r":? *")


def read_stamp(text: str, place: int, now_ns: int, zone: tzinfo) -> tuple[int, int] | None:
    """Return the time that stands at `place`, and where what follows it begins; None if there is none.

    A time without a year is of the year that brings it nearest to `now_ns`.
    """
    for form in _FORMS:
        found = form.match(text, place)
        if found is not None:
            ts_ns = _time(found.groupdict(), now_ns, zone)
            return None if ts_ns is None else (ts_ns, _end(text, found.end()))
    found = _EPOCH.match(text, place)
    if found is None:
        return None
    whole = epoch_ns(int(found[1]))
    return None if whole is None else (whole + fraction_ns(found[2] or ""), _end(text, found.end()))


def _end(text: str, place: int) -> int:
    found = _AFTER.match(text, place)
    return found.end() if found else place


def _time(parts: Mapping[str, str | None], now_ns: int, zone: tzinfo) -> int | None:
    month = int(parts["n"] or 0) if "n" in parts else _MONTHS.get((parts["mon"] or "").lower(), 0)
    seconds = day_seconds(parts["h"] or "", parts["m"] or "", parts["s"] or "")
    if seconds is None or not month:
        return None
    year = parts.get("y") or parts.get("y2")
    day, fraction = int(parts["d"] or 0), parts["f"] or ""
    offset = _offset(parts)
    if year:
        return _placed(clock_ns(int(year), month, day, seconds, fraction), offset, zone)
    now = datetime.fromtimestamp(now_ns // SECOND, UTC).year
    this = _placed(clock_ns(now, month, day, seconds, fraction), offset, zone)
    if this is not None and abs(this - now_ns) < HALF_A_YEAR:
        return this
    others = [_placed(clock_ns(one, month, day, seconds, fraction), offset, zone) for one in (now - 1, now + 1)]
    times = [one for one in (this, *others) if one is not None]
    return min(times, key=lambda one: abs(one - now_ns), default=None)


def _offset(parts: Mapping[str, str | None]) -> int | None:
    """Return the seconds east of UTC that the time names, or None if it names none that is known."""
    if parts["sign"]:
        size = int(parts["zh"] or 0) * 3600 + int(parts["zm"] or 0) * 60
        return -size if parts["sign"] == "-" else size
    hours = _ZONES.get(parts["z"] or "")
    return None if hours is None else hours * 3600


def _placed(utc_ns: int | None, offset: int | None, zone: tzinfo) -> int | None:
    """Return the time that a clock in a zone shows, given as if that clock were one of UTC."""
    if utc_ns is None:
        return None
    if offset is None and zone is UTC:
        return utc_ns
    if offset is None:
        try:
            shown = datetime(1970, 1, 1) + timedelta(seconds=utc_ns // SECOND)  # noqa: DTZ001 - a clock on a wall
            offset = int((zone.utcoffset(shown) or timedelta(0)).total_seconds())
        except OverflowError:
            return None
    return utc_ns - offset * SECOND
