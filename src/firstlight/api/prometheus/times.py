"""Times as Go writes them into JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

NEVER: Final = "0001-01-01T00:00:00Z"
"""What stands for a time that has not come."""


def rfc_3339(ms: int | None) -> str:
    """Return a time in milliseconds since 1970, without zeros at its end.

    >>> rfc_3339(1_700_000_000_120), rfc_3339(0), rfc_3339(None)
    ('2023-11-14T22:13:20.12Z', '1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z')
    """
    if ms is None:
        return NEVER
    seconds, rest = divmod(ms, 1000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{rest:03d}".rstrip("0") + "Z" if rest else f"{whole}Z"
