"""The times of samples, in milliseconds as Prometheus counts them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from firstlight.wire.otlp.columns import MAX_TIME_NS, Indices
from firstlight.wire.otlp.records import Sieve

MILLISECONDS_PER_DAY: Final = 86_400_000
NANOSECONDS: Final = 1_000_000
MAX_TIME_MS: Final = MAX_TIME_NS // NANOSECONDS

TIME_OUT_OF_RANGE: Final = "time before 1970 or after 2262"


def refuse_times(sieve: Sieve, time: Indices) -> None:
    """Refuse what has a time that the store cannot hold, or falls on too many days at once."""
    fits = (time >= 0) & (time <= MAX_TIME_MS)
    sieve.refuse(TIME_OUT_OF_RANGE, ~fits)
    if fits.any():
        inside = np.where(fits, time, time[fits].max())
        sieve.refuse_far_days(inside * NANOSECONDS)


def milliseconds(time: Indices) -> pa.Array:
    """Return milliseconds since 1970 as a column of times."""
    return pa.array(time).view(pa.timestamp("ms"))


def sensible_start(start: Indices, time: Indices) -> Indices:
    """Return when series began; zero, which is unknown, where that is after the sample or cannot be held."""
    return np.where((start > 0) & (start <= time), start, 0)
