"""Times as records write them: RFC 3339, or seconds, milli-, micro- or nanoseconds since 1970, told by their size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MAX_TIME: Final = 2**63 - 1

_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
"""Below so many it is units of so many nanoseconds; until the year 5138 that is no question for seconds."""


def times_of(values: list[Any]) -> npt.NDArray[np.int64]:
    """Return nanoseconds since 1970: 0 for None, -1 for what cannot be read."""
    fast = _iso_column(values)
    return np.array([time_of(value) for value in values], np.int64) if fast is None else fast


def _iso_column(values: list[Any]) -> npt.NDArray[np.int64] | None:
    """Return the times of texts that all say their zone, read by Arrow at once; None if they do not."""
    try:
        texts = pa.array(values, pa.string())
        if texts.null_count:
            return None
        found: npt.NDArray[np.int64] = texts.cast(pa.timestamp("ns", "UTC")).view(pa.int64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return None
    return None if len(found) and int(found.min()) < 0 else found


def time_of(value: Any) -> int:
    """Return the nanoseconds of one time: 0 for None, -1 if it cannot be read.

    >>> time_of("2026-11-21T00:00:00.5Z"), time_of(1795219200), time_of("soon")
    (1795219200500000000, 1795219200000000000, -1)
    """
    match value:
        case None | "":
            return 0
        case bool():
            return -1
        case int() | float():
            return _number(value)
        case str():
            return _text(value.strip())
        case _:
            return -1


def _number(value: float) -> int:
    if not 0 <= value < MAX_TIME:
        return -1
    unit = next((unit for bound, unit in _UNITS if value < bound), 1)
    if isinstance(value, int):
        return value * unit
    whole = int(value)
    return whole * unit + round((value - whole) * unit)


def _text(value: str) -> int:
    if value.replace(".", "", 1).isdecimal():
        return _number(float(value) if "." in value else int(value))
    # Python reads microseconds; what is finer is added.
    head, point, rest = value.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(f"{head}{rest[len(digits) :]}" if point else value)
    except ValueError:
        return -1
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    found = round(moment.timestamp()) * 10**9 + int(digits[:9].ljust(9, "0"))
    return found if 0 <= found <= MAX_TIME else -1
