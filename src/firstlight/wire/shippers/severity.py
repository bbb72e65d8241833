"""Severities, as OpenTelemetry numbers them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SYSLOG_SEVERITIES: Final = (21, 19, 18, 17, 13, 10, 9, 5)
"""OpenTelemetry's number for each of syslog's, from emergency to debug."""

SYSLOG_WORDS: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

SEVERITY_OF_WORD: Final[Mapping[str, int]] = MappingProxyType({
    "trace": 1, "finest": 1, "finer": 2, "verbose": 1, "silly": 1, "all": 1,
    "debug": 5, "dbug": 5, "fine": 5, "config": 5, "d": 5,
    "info": 9, "information": 9, "informational": 9, "inform": 9, "success": 9, "i": 9,
    "notice": 10, "note": 10,
    "warn": 13, "warning": 13, "wrn": 13, "w": 13,
    "error": 17, "err": 17, "severe": 17, "failure": 17, "e": 17,
    "critical": 18, "crit": 18, "alert": 19,
    "fatal": 21, "emerg": 21, "emergency": 21, "panic": 21, "f": 21,
})  # fmt: skip
"""The number of the words that programs name levels with, in lower case."""


def severity_of_syslog(level: int) -> int:
    """Return the number of a severity of syslog, from 0 to 7; of any other number, none."""
    return SYSLOG_SEVERITIES[level] if 0 <= level < len(SYSLOG_SEVERITIES) else 0


def severity_of_word(word: str) -> int:
    """Return the number of the word for a level, 0 if it is not known."""
    return SEVERITY_OF_WORD.get(word.strip().lower(), 0)
