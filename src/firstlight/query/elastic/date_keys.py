"""Keys of date histograms: the start of the step that a time is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from firstlight.model.elastic.fields import Field
from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.calendar import Calendar
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.keys import Keys
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.sort import comparable
from firstlight.query.elastic.times import shown, when, zone
from firstlight.query.elastic.values import elements


def date_keys(scope: Scope, aggregation: Aggregation, steps: Calendar) -> Keys:
    """Return the buckets of a date histogram."""
    found = scope.field(aggregation.field)
    if not found.kind.dated and found.known and not found.kind.numeric:
        raise illegal(
            f"Field [{aggregation.field}] of type [{found.kind}] is not supported for aggregation [date_histogram]"
        )
    bound_offset = scope.binder(steps.offset_ms, "Int64")
    name = str(aggregation.said.get("time_zone") or "UTC")
    numeric_zone = scope.binder(_engine_zone(name))

    def bucket(time: str) -> str:
        moved = f"({time} - {bound_offset})"
        if not steps.unit:
            width = scope.binder(steps.length_ms, "Int64")
            local = moved
            if name not in ("UTC", "Z"):
                local = f"({moved} + 1000 * timeZoneOffset(fromUnixTimestamp64Milli({moved}, {numeric_zone})))"
            return f"{time} - positiveModulo({local}, {width})"
        start = _SQL_STARTS[steps.unit].format(f"fromUnixTimestamp64Milli({moved}, {numeric_zone})", zone=numeric_zone)
        return f"toInt64(toUnixTimestamp({start})) * 1000 + {bound_offset}"

    sql, many = _over_times(scope, found, bucket, aggregation.said.get("missing"))

    def show(key: Any) -> dict[str, Any]:
        return {"key_as_string": shown(key, steps.format, steps.zone), "key": key}

    return Keys(sql, "Int64", show, many=many)


_SQL_STARTS: Final = {
    "second": "toDateTime(toStartOfSecond({}), {zone})",
    "minute": "toStartOfMinute({})",
    "hour": "toStartOfHour({})",
    "day": "toStartOfDay({})",
    "week": "toDateTime(toStartOfWeek({}, 1), {zone})",
    "month": "toDateTime(toStartOfMonth({}), {zone})",
    "quarter": "toDateTime(toStartOfQuarter({}), {zone})",
    "year": "toDateTime(toStartOfYear({}), {zone})",
}


def _engine_zone(name: str) -> str:
    offset = zone(name).utcoffset(None)
    if offset is None or name in ("UTC", "Z"):
        return "UTC" if name == "Z" else name
    minutes = int(offset.total_seconds()) // 60
    return f"Fixed/UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}:00"


def _over_times(scope: Scope, found: Field, bucket: Callable[[str], str], missing: Any) -> tuple[str, bool]:
    make, kind = comparable(found)
    if kind != "Int64":
        make = lambda text: f"toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull({text}, 3, 'UTC'))"  # noqa: E731
    text = scope.text(found)
    if found.many:
        values = f"arrayFilter(y -> y IS NOT NULL, arrayMap(x -> {make('x')}, {elements(text)}))"
        values = f"arrayMap(y -> assumeNotNull(y), {values})"
        return f"arrayDistinct(arrayMap(y -> {bucket('y')}, {values}))", True
    value = make(text)
    if missing is not None:
        value = f"ifNull({value}, {scope.binder(when(missing, scope.now_ms), 'Int64')})"
    return bucket(value), False
