"""LogQL's functions of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from firstlight.model.gotemplate import ANY, Fault, Function
from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.gotemplate.times import SECOND, ZERO_TIME, GoTime, zone_of
from firstlight.model.gotemplate.times_parse import parse_time

_UNITS = {5: 86_400 * SECOND, 10: SECOND, 13: 1_000_000, 16: 1_000, 19: 1}


def unix_to_time(epoch: str) -> GoTime:
    """Return the time that days, seconds, milliseconds, … since 1970 are: how many digits there are tells which."""
    digits = epoch[1:] if epoch[:1] in ("+", "-") else epoch
    if not (digits.isascii() and digits.isdigit()):
        raise Fault(f"unable to parse time '{epoch}': strconv.ParseInt: parsing {quoted(epoch)}: invalid syntax")
    if not -(1 << 63) <= int(epoch) < 1 << 63:
        raise Fault(f"unable to parse time '{epoch}': strconv.ParseInt: parsing {quoted(epoch)}: value out of range")
    unit = _UNITS.get(len(epoch))
    if unit is None:
        raise Fault(f"unable to parse time '{epoch}': %!w(<nil>)")
    return GoTime(int(epoch) * unit)


def to_date(layout: str, text: str) -> GoTime:
    """Return the time that `text` is by `layout`; the first of all times if it is none."""
    return parse_time(layout, text) or ZERO_TIME


def to_date_in_zone(layout: str, zone: str, text: str) -> GoTime:
    """Return the time that `text` is by `layout`, in a zone if the text names none."""
    return parse_time(layout, text, zone_of(zone)) or ZERO_TIME


def functions(now_ns: Callable[[], int]) -> Mapping[str, Function]:
    """Return the functions of times; `now_ns` is what `now` gives."""

    def now() -> GoTime:
        return GoTime(now_ns())

    def date(layout: str, value: Any) -> str:
        if isinstance(value, GoTime):
            moment = value
        elif isinstance(value, int) and not isinstance(value, bool):
            moment = GoTime(int(value) * SECOND)
        else:
            moment = now()
        return moment.within(zone_of("Local")).format(layout)

    return {
        "date": Function(date, ("string", ANY)),
        "toDate": Function(to_date, ("string", "string")),
        "toDateInZone": Function(to_date_in_zone, ("string", "string", "string")),
        "now": Function(now),
        "unixEpoch": Function(lambda time: str(time.nanoseconds // SECOND), ("time.Time",)),
        "unixEpochMillis": Function(lambda time: str(time.nanoseconds // 1_000_000), ("time.Time",)),
        "unixEpochNanos": Function(lambda time: str(time.nanoseconds), ("time.Time",)),
        "unixToTime": Function(unix_to_time, ("string",)),
    }
