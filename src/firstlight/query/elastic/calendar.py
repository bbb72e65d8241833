"""The steps of date histograms, by length or by calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.times import CALENDAR, EPOCH, fixed, millis, zone


@dataclass(frozen=True, slots=True)
class Calendar:
    """The steps of a date histogram: of a fixed length, or of a calendar."""

    length_ms: int
    unit: str
    offset_ms: int
    zone: tzinfo
    format: str

    def next(self, key_ms: int) -> int:
        """Return the key after `key_ms`."""
        if not self.unit:
            return key_ms + self.length_ms
        start = EPOCH + timedelta(milliseconds=key_ms - self.offset_ms)
        local = start.astimezone(self.zone)
        return millis(_later(local, self.unit).astimezone(EPOCH.tzinfo)) + self.offset_ms

    def floor(self, time_ms: int) -> int:
        """Return the key of the bucket that a time is in."""
        shifted = EPOCH + timedelta(milliseconds=time_ms - self.offset_ms)
        local = shifted.astimezone(self.zone)
        if not self.unit:
            distance = local.utcoffset() or timedelta()
            moved = time_ms - self.offset_ms + millis(EPOCH + distance)
            return time_ms - moved % self.length_ms
        return millis(_start(local, self.unit).astimezone(EPOCH.tzinfo)) + self.offset_ms


def calendar_of(aggregation: Aggregation) -> Calendar:
    """Return the steps that a date histogram names."""
    said = aggregation.said
    tz = zone(str(said.get("time_zone") or ""))
    offset = fixed(said["offset"], "offset") if said.get("offset") else 0
    form = str(said.get("format") or "")
    named = said.get("calendar_interval", said.get("interval") if said.get("interval") in CALENDAR else None)
    if named is not None:
        if named not in CALENDAR:
            raise illegal(f"The supplied interval [{str(named)[:50]}] could not be parsed as a calendar interval.")
        return Calendar(0, CALENDAR[named], offset, tz, form)
    given = said.get("fixed_interval", said.get("interval"))
    if given is None:
        raise illegal("Invalid interval specified, must be non-null and non-empty")
    length = fixed(given, "fixed_interval")
    if length <= 0:
        raise illegal("Zero or negative time interval not supported")
    return Calendar(length, "", offset, tz, form)


def _start(local: datetime, unit: str) -> datetime:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return day.replace(day=1)
        case "week":
            return day - timedelta(days=day.weekday())
        case "day":
            return day
        case "hour":
            return local.replace(minute=0, second=0, microsecond=0)
        case "minute":
            return local.replace(second=0, microsecond=0)
    return local.replace(microsecond=0)


def _later(local: datetime, unit: str) -> datetime:
    months = {"year": 12, "quarter": 3, "month": 1}.get(unit)
    if months:
        year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
        return local.replace(year=year, month=month + 1)
    if unit in ("week", "day"):
        return local + timedelta(days=7 if unit == "week" else 1)
    seconds = {"hour": 3600, "minute": 60}.get(unit, 1)
    return (local.astimezone(EPOCH.tzinfo) + timedelta(seconds=seconds)).astimezone(local.tzinfo)
