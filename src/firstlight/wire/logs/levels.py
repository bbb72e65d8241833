"""Names of levels as OpenTelemetry's severity numbers."""

from __future__ import annotations

from typing import Final

_NUMBERS: Final = {
    1: ("trace", "trc", "finest", "verbose"),
    5: ("debug", "dbg", "fine", "finer"),
    9: ("info", "inf", "information", "informational", "config"),
    10: ("notice", "success"),
    13: ("warn", "wrn", "warning"),
    17: ("error", "err", "severe", "eror"),
    19: ("critical", "crit"),
    21: ("fatal", "alert", "panic"),
    24: ("emerg", "emergency"),
}

SEVERITIES: Final = {name: number for number, names in _NUMBERS.items() for name in names}

MAX_SEVERITY: Final = 24


def severity_of(level: str) -> int:
    """Return the severity that a level's name stands for, 0 if it is not known.

    >>> severity_of("WARNING"), severity_of("loud")
    (13, 0)
    """
    return SEVERITIES.get(level.strip().lower(), 0)
