"""What is asked for in a URL or a form, read as Loki reads it, with its complaints."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from firstlight.api.prometheus.asked import INTEGER, read_duration
from firstlight.http.errors import RequestError
from firstlight.query.logql.result import Direction
from firstlight.query.promql.gotext import quote

SECOND: Final = 10**9
HOUR: Final = 3600 * SECOND
DEFAULT_LIMIT: Final = 100
DEFAULT_STEPS: Final = 250
"""How many steps a range has of which none is said."""

MAX_TIME: Final = 2**63 - 1
SECONDS_LONG: Final = 10
"""How many characters a time in seconds has at most; what is longer is in nanoseconds."""

MAX_STEPS: Final = 11_000
MAX_QUERY: Final = 128 * 1024
"""How many characters a query may have."""

_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request, those of the URL and those of a form in its body."""

    pairs: Sequence[tuple[str, str]]
    now_ns: int

    def text(self, name: str) -> str:
        """Return what is given for `name`, or nothing."""
        return next((value for key, value in self.pairs if key == name), "")

    def texts(self, *names: str) -> list[str]:
        """Return everything that is given for any of `names`."""
        return [value for key, value in self.pairs if key in names]

    def words(self, name: str) -> list[str]:
        """Return a list that is given with commas between."""
        return [word for word in self.text(name).split(",") if word]

    def query(self) -> str:
        """Return the query. Raise RequestError if it is too long."""
        found = self.text("query")
        if len(found) > MAX_QUERY:
            raise RequestError(f"query too long: {len(found)} characters; want at most {MAX_QUERY}")
        return found

    def time(self) -> int:
        """Return the time of an instant query in nanoseconds."""
        return _time(self.text("time"), self.now_ns)

    def bounds(self, since_ns: int = HOUR) -> tuple[int, int]:
        """Return start and end in nanoseconds; without a start, `since` before the end, or before now."""
        given = self.text("since")
        if given:
            duration = read_duration(given)
            if duration is None:
                raise RequestError(f"could not parse 'since' parameter: not a valid duration string: {quote(given)}")
            since_ns = duration * 10**6
        end = self._bound("end", self.now_ns)
        return self._bound("start", min(end, self.now_ns) - since_ns), end

    def span(self, since_ns: int = HOUR) -> tuple[int, int]:
        """Return start and end, in this order. Raise RequestError."""
        start, end = self.bounds(since_ns)
        if end < start:
            raise RequestError("end timestamp must not be before or equal to start time")
        return start, end

    def step(self, start_ns: int, end_ns: int) -> int:
        """Return the step in nanoseconds, by default one that makes 250 of the range. Raise RequestError."""
        given = self.text("step")
        default = max((end_ns - start_ns) // SECOND // DEFAULT_STEPS, 1) * SECOND
        step = _duration(given) if given else default
        if step <= 0:
            raise RequestError("zero or negative query resolution step widths are not accepted. Try a positive integer")
        if (end_ns - start_ns) // step > MAX_STEPS:
            raise RequestError(
                "exceeded maximum resolution of 11,000 points per time series."
                " Try increasing the value of the step parameter"
            )
        return step

    def interval(self) -> int:
        """Return how far apart lines are to be, in nanoseconds; 0 for any distance. Raise RequestError."""
        given = self.text("interval")
        interval = _duration(given) if given else 0
        if interval < 0:
            raise RequestError("interval must be >= 0")
        return interval

    def limit(self, default: int = DEFAULT_LIMIT, name: str = "limit") -> int:
        """Return how many are wanted. Raise RequestError if that is none."""
        limit = self.integer(name, default)
        if limit <= 0:
            raise RequestError("limit must be a positive value")
        return limit

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number. Raise RequestError with the words of Go's reader of numbers."""
        found = self.text(name)
        if not found:
            return default
        if not INTEGER.fullmatch(found):
            raise RequestError(f"strconv.Atoi: parsing {quote(found)}: invalid syntax")
        if abs(value := int(found[:30])) > MAX_TIME:
            raise RequestError(f"strconv.Atoi: parsing {quote(found)}: value out of range")
        return value

    def direction(self) -> Direction:
        """Return in which order lines are wanted. Raise RequestError."""
        found = self.text("direction")
        try:
            return Direction(found.lower()) if found else Direction.BACKWARD
        except ValueError:
            raise RequestError(f"invalid direction '{found}'") from None

    def _bound(self, name: str, default: int) -> int:
        try:
            return _time(self.text(name), default)
        except RequestError as error:
            raise RequestError(f"could not parse '{name}' parameter: {error}") from None


def _time(text: str, default: int) -> int:
    """Return a time: seconds with a point, seconds of up to ten digits, nanoseconds, or RFC 3339."""
    if not text:
        return default
    if "." in text and _FLOAT.fullmatch(text) and math.isfinite(value := float(text)):
        part, whole = math.modf(value)
        return _bounded(int(whole) * SECOND + int(round(part, 3) * SECOND))
    if INTEGER.fullmatch(text):
        if abs(number := int(text[:30])) > MAX_TIME:
            raise RequestError(f"strconv.ParseInt: parsing {quote(text)}: value out of range")
        return _bounded(number * SECOND if len(text) <= SECONDS_LONG else number)
    found = rfc_3339(text)
    if found is None:
        raise RequestError(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    return _bounded(found)


def _bounded(time_ns: int) -> int:
    return max(-MAX_TIME, min(time_ns, MAX_TIME))


def rfc_3339(text: str) -> int | None:
    """Return the nanoseconds of a time as RFC 3339 writes it, None if it is none.

    >>> rfc_3339("2026-11-20T20:29:00.123456789Z")
    1795206540123456789
    """
    head, point, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(f"{head}{rest[len(digits) :]}" if point else text)
    except ValueError:
        return None
    if moment.tzinfo is None or "T" not in text.upper():
        return None
    return round(moment.timestamp()) * SECOND + int(digits[:9].ljust(9, "0"))


def _duration(text: str) -> int:
    """Return nanoseconds, given as a number of seconds or as a duration with units."""
    if _FLOAT.fullmatch(text):
        found = float(text) * SECOND
        if not abs(found) <= MAX_TIME:
            raise RequestError(f"cannot parse {quote(text)} to a valid duration. It overflows int64")
        return int(found)
    duration = read_duration(text)
    if duration is None:
        raise RequestError(f"cannot parse {quote(text)} to a valid duration")
    return duration * 10**6
