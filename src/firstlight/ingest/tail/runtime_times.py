"""Times as container runtimes write them before each line: RFC 3339, with up to nine decimals."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

SECOND: Final = 10**9
_SECONDS: Final = 19
"""How long a time is up to its seconds."""


def nanoseconds(text: bytes) -> int:
    """Return nanoseconds since 1970, or -1 if this is no such time.

    >>> nanoseconds(b"2026-11-21T06:50:46.000000001Z"), nanoseconds(b"2026-11-21T07:50:46.5+01:00"), nanoseconds(b"yes")
    (1795243846000000001, 1795243846500000000, -1)
    """
    end = len(text) - 1
    if text[end:] != b"Z":
        end = len(text) - 6
        if end < _SECONDS or text[end : end + 1] not in b"+-":
            return -1
    seconds = _seconds(text[:_SECONDS], text[end:])
    if seconds is None:
        return -1
    decimals = text[_SECONDS + 1 : end]
    if not decimals:
        return seconds if end == _SECONDS else -1
    if text[_SECONDS] != ord(".") or not decimals.isdigit():
        return -1
    return seconds + int(decimals[:9].ljust(9, b"0"))


@lru_cache(maxsize=4096)
def _seconds(text: bytes, zone: bytes) -> int | None:
    """Return the nanoseconds of a time without its decimals; lines of one second are many."""
    if len(text) != _SECONDS or text[10:11] != b"T":
        return None
    try:
        found = datetime.fromisoformat((text + (b"+00:00" if zone == b"Z" else zone)).decode("ascii"))
    except ValueError:
        return None
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    whole = since.days * 86_400 + since.seconds
    # What the store cannot have a time for is no time.
    return whole * SECOND if 0 <= whole < 2**63 // SECOND - 1 else None
