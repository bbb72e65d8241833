"""How severe a line is, from the word or number that a program has for it, to OpenTelemetry's severity numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

_WORDS: Final = {
    1: "trace trc finest finer verbose all t silly spam",
    5: "debug dbg fine config d debug1 debug2 debug3 debug4 debug5 d1 d2 d3 d4 d5 7",
    9: "info inf information informational i log statement detail success normal default audit",
    10: "notice note n hint",
    13: "warn warning wrn w alert? deprecated",
    17: "error err eror e fail failed failure severe exception",
    19: "critical crit c dpanic",
    21: "fatal ftl f alert emerg emergency panic p emergent fatality",
}

SEVERITIES: Final[Mapping[str, int]] = MappingProxyType(
    {word: number for number, words in _WORDS.items() for word in words.split() if word.isalnum() and word != "7"}
)
"""OpenTelemetry's number of each word, in lower case."""

NAMES: Final = ("", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""What a level is called where the sender gave a number only: trace is 1-4, debug 5-8 and so on."""

SYSLOG: Final = (24, 22, 19, 17, 13, 10, 9, 5)
"""Of syslog's severities, from 0, emergency, to 7, debug."""

_PINO: Final = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
_PYTHON: Final = {5: 1, 10: 5, 20: 9, 25: 10, 30: 13, 40: 17, 50: 21}
_HUNDREDS: Final = {0: 0, 100: 5, 200: 9, 250: 10, 300: 13, 400: 17, 500: 19, 550: 21, 600: 21, 700: 21, 800: 24}

PYTHON_NUMBERS: Final = frozenset({"levelno", "level_no", "level_number", "record.level.no", "level.no"})
"""Fields whose numbers are those of Python's logging."""

OTEL_NUMBERS: Final = frozenset({"severity_number", "severitynumber"})
"""Fields whose numbers are OpenTelemetry's."""

MAX_SEVERITY: Final = 24
MAX_WORD: Final = 24


@lru_cache(maxsize=8192)
def severity(value: str, name: str = "") -> tuple[int, str]:
    """Return the severity number that `value` means in the field `name`, 0 if none, and the text to keep for it.

    >>> severity("Warning"), severity("30", "level"), severity("30", "levelno"), severity("3", "priority")
    ((13, 'Warning'), (9, 'INFO'), (13, 'WARN'), (17, 'ERROR'))
    """
    if len(value) > MAX_WORD:
        return 0, ""
    word = value.strip().strip("[]<>()").strip().rstrip(":").lower()
    number = SEVERITIES.get(word, 0)
    if number:
        return number, value.strip()
    if word.isascii() and word.removesuffix(".0").isdecimal():
        number = _of_number(int(word.removesuffix(".0")), name)
        return number, named(number)
    # Such as Microsoft.Extensions.Logging.LogLevel.Warning, or log.Level=info.
    last = word.rpartition(".")[2]
    return (SEVERITIES.get(last, 0), value.strip()) if last != word and len(last) > 1 else (0, "")


def _of_number(number: int, name: str) -> int:
    if name in PYTHON_NUMBERS:
        return _PYTHON.get(number, 0)
    if name in OTEL_NUMBERS:
        return number if number <= MAX_SEVERITY else 0
    if number < len(SYSLOG):
        return SYSLOG[number]
    return _PINO.get(number) or _HUNDREDS.get(number, 0)


def named(number: int) -> str:
    """Return what a severity number is called.

    >>> named(10), named(24), named(0)
    ('INFO', 'FATAL', '')
    """
    return NAMES[(number + 3) // 4]
