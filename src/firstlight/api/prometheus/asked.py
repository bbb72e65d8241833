"""What is asked for in a URL or a form, read as Prometheus reads it, with its complaints."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from firstlight.http.errors import RequestError
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.run import over_range
from firstlight.query.promql.values import Steps

MIN_TIME: Final = "-292273086-05-16T16:47:06Z"
MAX_TIME: Final = "292277025-08-18T07:12:54.999999999Z"
"""What clients send for "from the beginning" and "to the end"."""

MAX_SECONDS: Final = 2**63 / 1000
MAX_POINTS: Final = 11_000
UNIT_MS: Final = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
DURATION: Final = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in ("y", "w", "d", "h", "m(?!s)", "s", "ms")))
NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
INTEGER: Final = re.compile(r"[+-]?[0-9]+")
BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
RFC_3339: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


class BadParameter(RequestError):
    """A parameter that cannot be read."""

    def __init__(self, name: str, words: object) -> None:
        super().__init__(f'invalid parameter "{name}": {words}')


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request, those of the URL and those of a form in its body."""

    pairs: Sequence[tuple[str, str]]
    now_ms: int

    def text(self, name: str) -> str:
        """Return what is given for `name`, or nothing."""
        return next((value for key, value in self.pairs if key == name), "")

    def texts(self, name: str) -> list[str]:
        """Return everything that is given for `name`."""
        return [value for key, value in self.pairs if key == name]

    def time(self, name: str, default: int | None = None) -> int:
        """Return a time in milliseconds; `default` if none is given, which is wrong without a default."""
        found = self.text(name)
        if not found and default is not None:
            return default
        time = read_time(found)
        if time is None:
            place = "" if default is None else f"Invalid time value for '{name}': "
            raise BadParameter(name, f'{place}cannot parse "{found}" to a valid timestamp')
        return time

    def duration(self, name: str, default: int | None = None) -> int:
        """Return a duration in milliseconds, as `time` returns a time."""
        found = self.text(name)
        if not found and default is not None:
            return default
        duration = read_duration(found)
        if duration is None:
            raise BadParameter(name, f'cannot parse "{found}" to a valid duration')
        return duration

    def timeout(self) -> float | None:
        """Return in how many seconds an answer is wanted, if that is said."""
        return self.duration("timeout") / 1000 if self.text("timeout") else None

    def lookback(self) -> int | None:
        """Return how old in milliseconds a sample may be, if that is said."""
        found = self.text("lookback_delta")
        if not found:
            return None
        duration = read_duration(found)
        if duration is None:
            raise RequestError(f'error parsing lookback delta duration: cannot parse "{found}" to a valid duration')
        return duration or None

    def limit(self) -> int:
        """Return how many results are wanted at most; 0 if all are."""
        found = self.text("limit")
        if not found:
            return 0
        limit = read_integer(found)
        if limit is None:
            reason = "value out of range" if INTEGER.fullmatch(found) else "invalid syntax"
            raise BadParameter("limit", f"strconv.Atoi: parsing {quote(found)}: {reason}")
        if limit < 0:
            raise BadParameter("limit", "limit must be non-negative")
        return limit

    def integer(self, name: str, default: int) -> int:
        """Return a number of which no more is told, if it is none, than that it must be one."""
        found = self.text(name)
        number = read_integer(found) if found else default
        if number is None:
            raise RequestError(f"{name} must be a number")
        return number

    def boolean(self, name: str) -> bool | None:
        """Return whether something is so, None if that is not said. Raise ValueError for other words."""
        found = self.text(name)
        if not found:
            return None
        if found not in BOOLEANS:
            raise ValueError(f"strconv.ParseBool: parsing {quote(found)}: invalid syntax")
        return BOOLEANS[found]

    def span(self, *, earliest: int, latest: int) -> tuple[int, int]:
        """Return `start` and `end` in milliseconds, from `earliest` to `latest` where they are not given."""
        return self.time("start", earliest), self.time("end", latest)

    def steps(self) -> Steps:
        """Return the steps of a range query."""
        start, end = self.time("start"), self.time("end")
        if end < start:
            raise BadParameter("end", "end timestamp must not be before start time")
        step = self.duration("step")
        if step <= 0:
            words = "zero or negative query resolution step widths are not accepted. Try a positive integer"
            raise BadParameter("step", words)
        if (end - start) // step > MAX_POINTS:
            raise RequestError(
                f"exceeded maximum resolution of {MAX_POINTS:,} points per timeseries. Try decreasing the query"
                " resolution (?step=XX)"
            )
        return over_range(start, end, step)


def read_time(text: str) -> int | None:
    """Return what seconds since 1970 or a time of RFC 3339 is in milliseconds; None if it is neither."""
    if NUMBER.fullmatch(text):
        seconds = float(text)
        return _rounded(seconds * 1000) if abs(seconds) < MAX_SECONDS else None
    if text == MIN_TIME:
        return -(2**63) // 1000
    if text == MAX_TIME:
        return (2**63 - 1) // 1000
    match = RFC_3339.fullmatch(text)
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
    except ValueError:
        return None
    milliseconds = int((fraction or "0").ljust(3, "0")[:3])
    return round((whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000 + milliseconds


def read_integer(text: str) -> int | None:
    """Return a number of 64 bits; None if it is none."""
    number = int(text) if INTEGER.fullmatch(text) and len(text) < 30 else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def read_duration(text: str) -> int | None:
    """Return what seconds, or a duration such as `1h30m`, is in milliseconds; None if it is neither."""
    if NUMBER.fullmatch(text):
        seconds = float(text)
        return int(seconds * 1000) if abs(seconds) < MAX_SECONDS else None
    if text == "0":
        return 0
    match = DURATION.fullmatch(text) if text else None
    if not match:
        return None
    units = ("y", "w", "d", "h", "m", "s", "ms")
    total = sum(int(count) * UNIT_MS[unit] for count, unit in zip(match.groups(), units, strict=True) if count)
    return total if total < 2**63 // 1_000_000 else None


def _rounded(value: float) -> int:
    return math.floor(value + 0.5) if value >= 0 else math.ceil(value - 0.5)
