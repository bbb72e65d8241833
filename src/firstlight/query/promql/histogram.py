"""A native histogram, as PromQL computes with it.

The buckets of an exponential one grow by the factor 2**(2**-schema); those of schema `CUSTOM_BOUNDS` have the upper
bounds that `custom_bounds` lists. All counts are absolute floats. A histogram is never changed once it is made, its
arrays neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

import numpy as np

from firstlight.model.staleness import STALE_BITS
from firstlight.model.tables import CUSTOM_BOUNDS
from firstlight.query.promql.values import Floats

MIN_SCHEMA, MAX_SCHEMA = -4, 8
"""The schemas that Prometheus' histograms have, the coarsest and the finest, besides `CUSTOM_BOUNDS`."""


class Hint(IntEnum):
    """What is known about a reset of the counters since the sample before; the numbers are those of the protocols."""

    UNKNOWN = 0
    RESET = 1
    NOT_RESET = 2
    GAUGE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Contiguous buckets of one sign: `counts[k]` is what the bucket of index `offset + k` holds.

    Exponential buckets: bucket i ends at 2**(i * 2**-schema), which it includes, and starts where bucket i - 1 ends.
    Custom buckets: bucket i ends at `custom_bounds[i]`, the one after the last bound at infinity.
    """

    offset: int
    counts: Floats

    @property
    def end(self) -> int:
        """The index after that of the last bucket."""
        return self.offset + len(self.counts)

    def over(self, start: int, end: int) -> Floats:
        """Return the counts of the buckets from `start` to before `end`, 0 where there are none."""
        counts = np.zeros(end - start)
        first, last = max(start, self.offset), min(end, self.end)
        if first < last:
            counts[first - start : last - start] = self.counts[first - self.offset : last - self.offset]
        return counts


@lru_cache(maxsize=1)
def _no_buckets() -> Buckets:
    counts = np.zeros(0)
    counts.flags.writeable = False
    return Buckets(0, counts)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts of observations by size. Two are compared by `histogram_ops.equals`."""

    schema: int = 0
    count: float = 0.0
    sum: float = 0.0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    positive: Buckets = field(default_factory=_no_buckets)
    negative: Buckets = field(default_factory=_no_buckets)
    custom_bounds: tuple[float, ...] = ()
    hint: Hint = Hint.UNKNOWN

    @property
    def is_custom(self) -> bool:
        """Whether the bounds of the buckets are listed."""
        return self.schema == CUSTOM_BOUNDS

    @property
    def is_stale(self) -> bool:
        """Whether this is no histogram, but the mark that the series has ended."""
        return bool(np.float64(self.sum).view(np.uint64) == STALE_BITS)
