"""Times as documents write them, many at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NO_TIME: Final = 0
UNREADABLE: Final = -1
"""What a time is told as that cannot be read, or is before 1970 or after 2262."""

MAX_MILLIS: Final = 2**63 // 10**6

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LENIENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s*(Z|z|[+-]\d\d:?\d\d|UTC)?)?",
    re.ASCII,
)


def nanoseconds(texts: Sequence[str], zoned: bool) -> npt.NDArray[np.int64]:
    """Return times since 1970 of texts in ISO 8601 that all have a zone, or else are of UTC."""
    kind = pa.timestamp("ns", tz="UTC") if zoned else pa.timestamp("ns")
    try:
        found = pa.array(texts, pa.string()).cast(kind).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return np.fromiter(map(read_text, texts), np.int64, len(texts))
    return np.where(found < 0, UNREADABLE, found)


def read_any(value: object) -> int:
    """Return the time that a value means which a document has for its time; nothing means none."""
    if type(value) is int:
        return read_millis(value)
    text = str(value)
    return read_text(text) if text else NO_TIME


def read_millis(value: float) -> int:
    """Return the time of a number of milliseconds since 1970."""
    return int(value * 1_000_000) if 0 <= value < MAX_MILLIS else UNREADABLE


def read_text(text: str) -> int:
    """Return the time that one text means, of those forms that Elasticsearch takes by default."""
    found = _LENIENT.fullmatch(text)
    if not found:
        return read_millis(int(text)) if text.isascii() and text.isdigit() and len(text) > 4 else UNREADABLE
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        whole = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=_zone(zone)
        )
    except ValueError:
        return UNREADABLE
    since = whole - _EPOCH
    time = (since.days * 86_400 + since.seconds) * 10**9 + int((fraction or "0").ljust(9, "0"))
    return time if 0 <= time < 2**63 else UNREADABLE


def _zone(text: str | None) -> timezone:
    if not text or text in ("Z", "z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "")
    return timezone((1 if text[0] == "+" else -1) * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
