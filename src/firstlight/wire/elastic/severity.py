"""The names of levels, as numbers of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SEVERITIES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("trace", "finest", "verbose"), 1),
    **dict.fromkeys(("debug", "dbug", "dbg", "fine", "finer"), 5),
    **dict.fromkeys(("info", "information", "informational", "inf"), 9),
    "notice": 10,
    **dict.fromkeys(("warn", "warning", "wrn"), 13),
    **dict.fromkeys(("error", "err", "eror", "severe"), 17),
    **dict.fromkeys(("critical", "crit", "fatal", "panic", "emergency", "emerg"), 21),
    "alert": 22,
    "dpanic": 18,
}
"""The number of each level, in lower case; what is not among them is 0, not known."""


class Severities(dict[str, int]):
    """Numbers of levels as they are spelled, remembered."""

    def __missing__(self, text: str) -> int:
        if len(self) > 1000:
            self.clear()
        found = self[text] = SEVERITIES.get(text.lower(), 0)
        return found
