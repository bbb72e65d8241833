"""Conditions that a value lies between two: times, numbers, texts."""

from __future__ import annotations

import re
from typing import Any, Final

from firstlight.model.elastic.fields import Field, Kind
from firstlight.model.elastic.names import Column
from firstlight.query.elastic.ast import Range
from firstlight.query.elastic.faults import illegal
from firstlight.query.elastic.scope import Scope
from firstlight.query.elastic.times import when
from firstlight.query.elastic.values import any_value, number, time_ms
from firstlight.query.elastic.words import SQL_WORD

MAX_MS: Final = 2**63 // 10**6 - 1

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


def range_condition(scope: Scope, query: Range) -> str:
    """Return the condition that a value of a field lies between two."""
    found = scope.field(query.field)
    if query.low is None and query.high is None:
        return "1"
    if found.kind.dated or (not found.known and _are_times(query)):
        return _between_times(scope, found, query)
    given = [value for value in (query.low, query.high) if value is not None]
    are_numbers = all(_is_number(value) or (not found.known and _NUMBER.fullmatch(str(value))) for value in given)
    if found.kind.numeric or are_numbers:
        return _between_numbers(scope, found, query)
    low = None if query.low is None else str(query.low)
    high = None if query.high is None else str(query.high)
    if found.lowercase:
        low, high = low and low.lower(), high and high.lower()
    parts = []
    if low is not None:
        parts.append(f"{{}} {'>' if query.low_open else '>='} {scope.binder(low)}")
    if high is not None:
        parts.append(f"{{}} {'<' if query.high_open else '<='} {scope.binder(high)}")
    both = " AND ".join(["{} != ''", *parts])
    if found.lowercase:
        return any_value(scope, found, lambda text: both.replace("{}", f"lowerUTF8({text})"))
    if found.kind is Kind.TEXT:
        word = scope.binder(SQL_WORD)
        inner = both.replace("{}", "w")
        return any_value(scope, found, lambda text: f"arrayExists(w -> {inner}, extractAll(lowerUTF8({text}), {word}))")
    return any_value(scope, found, lambda text: both.replace("{}", text))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_times(query: Range) -> bool:
    given = [value for value in (query.low, query.high) if value is not None]
    return bool(query.format) or all(
        isinstance(value, str) and re.match(r"now|\d{4}-\d\d-\d\d", value) is not None for value in given
    )


def _between_times(scope: Scope, found: Field, query: Range) -> str:
    low = _bound(scope, query, query.low, up=query.low_open)
    high = _bound(scope, query, query.high, up=not query.high_open)
    if low is not None and query.low_open:
        low += 1
    if high is not None and query.high_open:
        high -= 1
    if found.column is Column.TIME:
        # Times are kept in nanoseconds and compared in milliseconds: up to the next one.
        parts = []
        if low is not None:
            parts.append(f"ts >= fromUnixTimestamp64Milli({scope.binder(_clamped(low), 'Int64')}, 'UTC')")
        if high is not None:
            parts.append(f"ts < fromUnixTimestamp64Milli({scope.binder(_clamped(high + 1), 'Int64')}, 'UTC')")
        return " AND ".join(parts)

    def holds(text: str) -> str:
        time = time_ms(text, found)
        parts = [] if low is None else [f"{time} >= {scope.binder(low, 'Int64')}"]
        parts += [] if high is None else [f"{time} <= {scope.binder(high, 'Int64')}"]
        return f"ifNull({' AND '.join(parts)}, 0)"

    return any_value(scope, found, holds)


def _clamped(time_ms_: int) -> int:
    return min(max(time_ms_, 0), MAX_MS)


def _bound(scope: Scope, query: Range, value: Any, *, up: bool) -> int | None:
    if value is None:
        return None
    return when(value, scope.now_ms, up=up, form=query.format, tz=query.time_zone)


def term_time(scope: Scope, found: Field, value: Any) -> str:
    """Return the condition that a field is a time, or falls into what a time names."""
    return _between_times(scope, found, Range(found.name, value, value))


def _between_numbers(scope: Scope, found: Field, query: Range) -> str:
    bounds = [(query.low, ">" if query.low_open else ">="), (query.high, "<" if query.high_open else "<=")]
    given = [(_number(value), sign) for value, sign in bounds if value is not None]
    exact = found.kind is Kind.LONG and all(isinstance(value, int) and abs(value) < 2**63 for value, _ in given)
    kind = Kind.LONG if exact else Kind.DOUBLE
    listed = [(sign, scope.binder(value, "Int64" if exact else "Float64")) for value, sign in given]

    def holds(text: str) -> str:
        return f"ifNull({' AND '.join(f'{number(text, kind)} {sign} {bound}' for sign, bound in listed)}, 0)"

    return any_value(scope, found, holds)


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise illegal(f"failed to create query: [{value}] is no number")
    if isinstance(value, int | float):
        return value
    try:
        return int(value) if re.fullmatch(r"-?\d+", str(value)) else float(value)
    except ValueError:
        raise illegal(f'failed to create query: For input string: "{str(value)[:100]}"') from None
