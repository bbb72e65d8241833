"""What is asked for in a URL: words, times, levels, limits, each read with a complaint of its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import QueryParams

from firstlight.config.units import duration
from firstlight.errors import brief, unknown_word
from firstlight.http.errors import RequestError

NANOSECONDS: Final = 10**9
MAX_NS: Final = 2**63 - 1

LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal")
"""Levels by name, the least first; each is four of OpenTelemetry's severity numbers."""

UNKNOWN_LEVEL: Final = "unknown"
TIMES_WANTED: Final = "want how long ago, such as 15m, a time such as 2026-01-02T03:04:05Z, or seconds since 1970"
SINCE_1970: Final = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,9})?")
FRACTION: Final = re.compile(r"[.,]([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one URL. What is empty was not given."""

    values: Mapping[str, str]
    now_ns: int

    @classmethod
    def of(cls, parameters: QueryParams, known: Collection[str], now_ns: int) -> Asked:
        """Return the parameters; raise RequestError for one that is not known or stands there twice."""
        for name in parameters:
            if name not in known:
                raise RequestError(unknown_word("parameter", name, known))
            if len(parameters.getlist(name)) > 1:
                raise RequestError(f'cannot use the parameter "{name}" more than once')
        return cls({name: value for name, value in parameters.items() if value}, now_ns)

    def text(self, name: str) -> str | None:
        """Return the words given for `name`, if there are any."""
        return self.values.get(name)

    def flag(self, name: str) -> bool:
        """Return whether `name` is asked for."""
        found = self.values.get(name, "false").lower()
        if found not in ("true", "false", "1", "0"):
            raise RequestError(f'cannot read "{name}": {brief(found)}; want true or false')
        return found in ("true", "1")

    def one_of(self, name: str, words: Collection[str], default: str) -> str:
        """Return which of `words` is given for `name`."""
        found = self.values.get(name, default)
        if found not in words:
            raise RequestError(f'cannot read "{name}": {unknown_word("word", found, words)}')
        return found

    def count(self, name: str, default: int, most: int) -> int:
        """Return the number given for `name`, from 1 up to `most`."""
        found = self.values.get(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", found) or not 1 <= int(found) <= most:
            raise RequestError(f'cannot read "{name}": {brief(found)}; want a number from 1 to {most}')
        return int(found)

    def seconds(self, name: str) -> float | None:
        """Return the duration given for `name`, if there is one."""
        if name not in self.values:
            return None
        try:
            return duration(self.values[name])
        except ValueError as error:
            raise RequestError(f'cannot read "{name}": {error}') from None

    def time_ns(self, name: str) -> int | None:
        """Return the time given for `name`, if there is one."""
        if name not in self.values:
            return None
        time_ns = _time_ns(self.values[name], self.now_ns)
        if time_ns is None or not 0 <= time_ns <= MAX_NS:
            raise RequestError(f'cannot read "{name}": {brief(self.values[name])}; {TIMES_WANTED}')
        return time_ns

    def severity(self, name: str) -> int | None:
        """Return the least severity number of the level given for `name`, if there is one."""
        if name not in self.values:
            return None
        level = self.values[name].lower()
        if level not in LEVELS:
            raise RequestError(f'cannot read "{name}": {unknown_word("level", level, LEVELS)}')
        return 1 + 4 * LEVELS.index(level)

    def id(self, name: str, digits: int) -> str | None:
        """Return the id given for `name`, in small hexadecimal digits, if there is one."""
        return hexadecimal(self.values[name], digits) if name in self.values else None


def hexadecimal(text: str, digits: int) -> str:
    """Return an id in small digits; raise RequestError if it is none."""
    if not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", text):
        raise RequestError(f"cannot read the id {brief(text)}; want {digits} hexadecimal digits")
    return text.lower()


def level_of(severity: int) -> str:
    """Return the level that a severity number is of.

    >>> level_of(0), level_of(9), level_of(24), level_of(25)
    ('unknown', 'info', 'fatal', '')
    """
    if severity == 0:
        return UNKNOWN_LEVEL
    return LEVELS[(severity - 1) // 4] if severity <= 4 * len(LEVELS) else ""


def _time_ns(text: str, now_ns: int) -> int | None:
    if SINCE_1970.fullmatch(text):
        return _since_1970(text)
    try:
        return now_ns - int(duration(text) * NANOSECONDS)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    fraction = FRACTION.search(text)
    seconds = int(time.replace(tzinfo=time.tzinfo or UTC, microsecond=0).timestamp())
    return seconds * NANOSECONDS + int(fraction[1].ljust(9, "0") if fraction else 0)


def _since_1970(text: str) -> int:
    """Return nanoseconds; which unit a whole number has is told by its size, for all times from 2001 to 5138."""
    whole, _, fraction = text.partition(".")
    nanoseconds = int(fraction.ljust(9, "0") or 0)
    for digits, power in ((11, 9), (14, 6), (17, 3)):
        if len(whole) <= digits:
            return int(whole) * int(10**power) + nanoseconds // int(10 ** (9 - power))
    return int(whole)
