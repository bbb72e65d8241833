"""Functions of time: of the query's steps, and of what day a number of seconds since 1970 falls on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.query.promql.arguments import vector_at
from firstlight.query.promql.context import Context
from firstlight.query.promql.labels import drop_name
from firstlight.query.promql.math import Function, changed
from firstlight.query.promql.values import Floats, Scalar, Steps, Times, Value, Vector
from firstlight.query.promql.vectors import empty

_LEAST: Final = -(2**63)
_DAY: Final = 86_400
# Go counts seconds without a sign from this long before 1970 on, and what is before that lies far in the future.
_GO_EPOCH: Final = 9_223_372_028_715_321_600


@dataclass(frozen=True, slots=True)
class _Dates:
    """The date (UTC, Gregorian at all times) of each of many times."""

    days: Times
    seconds: Times
    """Since midnight."""
    year: Times
    month: Times
    day: Times

    @classmethod
    def of(cls, seconds: Times) -> _Dates:
        """Return the dates of seconds since 1970. Algorithm: Hinnant's `civil_from_days`."""
        absolute = seconds.view(np.uint64) + np.uint64(_GO_EPOCH)
        days = (absolute // np.uint64(_DAY)).astype(np.int64) - _GO_EPOCH // _DAY
        shifted = days + 719_468
        era, of_era = np.divmod(shifted, 146_097)
        year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        from_march = (5 * of_year + 2) // 153
        month = np.where(from_march < 10, from_march + 3, from_march - 9)
        year = year_of_era + era * 400 + (month <= 2)
        day = of_year - (153 * from_march + 2) // 5 + 1
        return cls(days, (absolute % np.uint64(_DAY)).astype(np.int64), year, month, day)

    @property
    def is_leap(self) -> Times:
        leap: Times = ((self.year % 4 == 0) & ((self.year % 100 != 0) | (self.year % 400 == 0))).astype(np.int64)
        return leap


def _whole(values: Floats) -> Times:
    """Return floats as integers like Go on x86: what does not fit is the least there is."""
    fits = (values >= _LEAST) & (values < -_LEAST)
    return np.where(fits, np.trunc(np.where(fits, values, 0.0)).astype(np.int64), _LEAST)


def _of_date(part: Callable[[_Dates], Times]) -> Function:
    def apply(args: Sequence[Value], context: Context) -> Value:
        if args:
            vector = vector_at(args, 0)
            return changed(vector, part(_Dates.of(_whole(vector.floats))).astype(np.float64), context)
        times = context.steps.times
        seconds = np.sign(times) * (np.abs(times) // 1000)
        return _unlabelled(part(_Dates.of(seconds)).astype(np.float64))

    return apply


def _unlabelled(values: Floats) -> Vector:
    return Vector([()], values[np.newaxis, :], np.ones((1, len(values)), dtype=bool))


def _days_in_month(dates: _Dates) -> Times:
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    days: Times = lengths[dates.month - 1] + np.where(dates.month == 2, dates.is_leap, 0)
    return days


def _day_of_year(dates: _Dates) -> Times:
    before = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
    day: Times = before[dates.month - 1] + np.where(dates.month > 2, dates.is_leap, 0) + dates.day
    return day


def _timestamp(args: Sequence[Value], context: Context) -> Value:
    """Return the time of the step; that of the sample itself is known only to the evaluation of a selector."""
    vector = vector_at(args, 0)
    times = np.broadcast_to(context.steps.times / 1000, vector.floats.shape)
    return drop_name(Vector(vector.labels, times, vector.present, nameless=vector.nameless), context)


def _start_timestamp(args: Sequence[Value], context: Context) -> Value:
    """Return nothing: when a counter began is known only to the evaluation of a selector."""
    return empty(context.steps.count)


def _time(args: Sequence[Value], context: Context) -> Value:
    return Scalar(context.steps.times / 1000)


def _of_query(milliseconds: Callable[[Steps], int]) -> Function:
    def apply(args: Sequence[Value], context: Context) -> Value:
        return Scalar(np.full(context.steps.count, milliseconds(context.steps) / 1000))

    return apply


def _vector(args: Sequence[Value], context: Context) -> Value:
    (scalar,) = args
    assert isinstance(scalar, Scalar)
    return _unlabelled(scalar.values)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "day_of_month": _of_date(lambda dates: dates.day),
        "day_of_week": _of_date(lambda dates: (dates.days + 4) % 7),
        "day_of_year": _of_date(_day_of_year),
        "days_in_month": _of_date(_days_in_month),
        "hour": _of_date(lambda dates: dates.seconds // 3600),
        "minute": _of_date(lambda dates: dates.seconds % 3600 // 60),
        "month": _of_date(lambda dates: dates.month),
        "year": _of_date(lambda dates: dates.year),
        "time": _time,
        "timestamp": _timestamp,
        "start_timestamp": _start_timestamp,
        "vector": _vector,
        "start": _of_query(lambda steps: steps.start),
        "end": _of_query(lambda steps: steps.end),
        "range": _of_query(lambda steps: steps.end - steps.start),
        "step": _of_query(lambda steps: steps.step),
    }
)
"""By name."""
