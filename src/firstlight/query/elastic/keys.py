"""Keys of buckets: which bucket, or buckets, a record falls into, and how each is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from firstlight.model.elastic.fields import Field, Kind
from firstlight.query.elastic.aggs_read import Aggregation
from firstlight.query.elastic.ast import Range
from firstlight.query.elastic.faults import illegal, unsupported
from firstlight.query.elastic.lower import condition
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.sort import comparable
from firstlight.query.elastic.times import CALENDAR, EPOCH, fixed, millis, shown, when, zone
from firstlight.query.elastic.values import all_words, elements

MAX_BUCKETS: Final = 65_535

Shown = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of a record's bucket as SQL: one that may be NULL, or an array of keys."""

    sql: str
    kind: str
    """The type of the engine that keys have."""
    show: Shown
    """Returns what a bucket of a key tells of it."""
    many: bool = False
    numbered: Sequence[dict[str, Any]] | None = None
    """What is told of each bucket, if their keys are numbers from 0 and all of them are shown."""

    def column(self, allowed: str = "") -> str:
        """Return the key as a column to group by; `allowed` is an array of those that matter."""
        if self.many:
            return (
                f"arrayJoin(arrayFilter(y -> has({allowed}, y), {self.sql}))" if allowed else f"arrayJoin({self.sql})"
            )
        return f"if(has({allowed}, {self.sql}), {self.sql}, NULL)" if allowed else self.sql


def terms_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the values of a field as keys."""
    found = scope.field(aggregation.field)
    text = scope.text(found)
    make, kind = comparable(found)
    missing = aggregation.said.get("missing")
    show = _shown_term(found, str(aggregation.said.get("format") or ""))
    if found.kind is Kind.TEXT and found.fielddata:
        return Keys(f"arrayDistinct({all_words(scope, found)})", kind, show, many=True)
    if not found.many:
        sql = make(text)
        if missing is not None:
            sql = f"ifNull({sql}, {scope.binder(_typed(missing, kind, found, scope), kind)})"
        return Keys(sql, kind, show)
    sql = f"arrayFilter(y -> y IS NOT NULL, arrayDistinct(arrayMap(x -> {make('x')}, {elements(text)})))"
    if missing is not None:
        sql = f"if(empty({sql}), [{scope.binder(_typed(missing, kind, found, scope), kind)}], {sql})"
    return Keys(sql, kind, show, many=True)


def _typed(value: Any, kind: str, found: Field, scope: Scope) -> Any:
    if kind == "String":
        return str(value)
    return when(value, scope.now_ms) if found.kind.dated else int(value) if kind == "Int64" else float(value)


def _shown_term(found: Field, form: str) -> Shown:
    if found.kind.dated:
        return lambda key: {"key": key, "key_as_string": shown(key, form, zone(""))}
    if found.kind is Kind.BOOLEAN:
        return lambda key: {"key": key, "key_as_string": "true" if key else "false"}
    return lambda key: {"key": key}


def number_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the buckets of a histogram of numbers."""
    said = aggregation.said
    interval, offset = _number(said.get("interval"), "interval"), float(said.get("offset") or 0)
    if interval <= 0:
        raise illegal("[interval] must be >0 for histogram aggregation")
    found = scope.field(aggregation.field)
    width, shift = scope.binder(interval, "Float64"), scope.binder(offset, "Float64")

    def bucket(value: str) -> str:
        return f"floor((toFloat64({value}) - {shift}) / {width}) * {width} + {shift}"

    sql, many = _over_numbers(scope, found, bucket, said.get("missing"))
    return Keys(sql, "Float64", lambda key: {"key": key}, many=many)


def _over_numbers(scope: Scope, found: Field, bucket: Callable[[str], str], missing: Any) -> tuple[str, bool]:
    make, kind = comparable(found)
    if kind == "String":
        make = lambda text: f"toFloat64OrNull({text})"  # noqa: E731 - a field whose kind is not known to be a number
    text = scope.text(found)
    if found.many:
        values = f"arrayFilter(y -> y IS NOT NULL, arrayMap(x -> {make('x')}, {elements(text)}))"
        return f"arrayDistinct(arrayMap(y -> {bucket('y')}, {values}))", True
    value = make(text)
    if missing is not None:
        value = f"ifNull({value}, {scope.binder(float(missing), 'Float64')})"
    return bucket(value), False


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


def range_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the buckets of ranges of numbers or times."""
    said, dated = aggregation.said, aggregation.kind == "date_range"
    listed = said.get("ranges")
    if not isinstance(listed, list) or not listed:
        raise illegal(f"No [ranges] specified for the [{aggregation.name}] aggregation")
    form, tz = str(said.get("format") or ""), str(said.get("time_zone") or "")
    conditions, told = [], []
    for one in sorted(listed, key=lambda one: _order(scope, one, form, tz, dated=dated)):
        low, high = one.get("from"), one.get("to")
        query = Range(aggregation.field, low, high, high_open=True, format=form, time_zone=tz)
        conditions.append(condition(scope, query) if low is not None or high is not None else "1")
        told.append(_told_range(scope, one, form, tz, dated=dated))
    return numbered(conditions, told)


def _order(scope: Scope, one: Mapping[str, Any], form: str, tz: str, *, dated: bool) -> tuple[float, float]:
    def value(name: str, default: float) -> float:
        found = one.get(name)
        if found is None:
            return default
        return when(found, scope.now_ms, form=form, tz=tz) if dated else _number(found, name)

    return value("from", -math.inf), value("to", math.inf)


def _told_range(scope: Scope, one: Mapping[str, Any], form: str, tz: str, *, dated: bool) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    texts = {"from": "*", "to": "*"}
    for name in ("from", "to"):
        if one.get(name) is None:
            continue
        value = float(when(one[name], scope.now_ms, form=form, tz=tz) if dated else _number(one[name], name))
        bounds[name] = value
        texts[name] = str(value)
        if dated:
            texts[name] = bounds[f"{name}_as_string"] = shown(int(value), form, zone(tz))
    return {"key": str(one.get("key") or f"{texts['from']}-{texts['to']}"), **bounds}


def filter_keys(scope: Scope, aggregation: Aggregation) -> Keys:
    """Return the buckets of named filters, and the one of everything else if it is wanted."""
    said = aggregation.said
    conditions = [condition(scope, query) for query in aggregation.queries.values()]
    names = list(aggregation.queries)
    if said.get("other_bucket") or said.get("other_bucket_key"):
        names.append(str(said.get("other_bucket_key") or "_other_"))
        conditions.append(" AND ".join(f"NOT ({one})" for one in conditions) or "1")
    return numbered(conditions, [{"key": name} for name in names])


def numbered(conditions: Sequence[str], told: Sequence[dict[str, Any]]) -> Keys:
    """Return buckets that are each of a condition."""
    listed = ", ".join(f"if({one}, toInt16({number}), toInt16(-1))" for number, one in enumerate(conditions))
    sql = f"arrayFilter(y -> y >= 0, [{listed}])" if conditions else "emptyArrayInt16()"
    return Keys(sql, "Int16", lambda key: dict(told[key]), many=True, numbered=told)


def order_of(said: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Return what buckets are ordered by, each with whether it descends."""
    given = said.get("order")
    listed = given if isinstance(given, list) else [given] if given else []
    found = []
    for one in listed:
        if not isinstance(one, Mapping) or len(one) != 1:
            raise illegal("Must specify at least one field for [order]")
        ((path, direction),) = one.items()
        if ">" in str(path):
            raise unsupported("order through other buckets", str(path), "_count, _key, or a metric")
        found.append((str(path), str(direction).lower() == "desc"))
    return found


def _number(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise illegal(f"[{name}] must be a number, but was [{str(value)[:50]}]") from None
