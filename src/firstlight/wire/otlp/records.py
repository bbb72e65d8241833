"""What logs, spans and metrics share on their way in: which rows are refused and why."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.batch import Rejections
from firstlight.wire.origins import NANOSECONDS_PER_DAY
from firstlight.wire.otlp.columns import Indices, Mask

MAX_DAYS = 64
"""On how many days the records of one request may fall: each day is a partition of its own."""

TIME_OUT_OF_RANGE = "time after 2262"
TOO_MANY_DAYS = f"more than {MAX_DAYS} days in one request"
BAD_ATTRIBUTE = "attribute value malformed or nested too deep"

MAX_BUCKETS = 1_000
"""How many buckets or quantiles one data point may have: to PromQL each is a series."""

TOO_MANY_BUCKETS = f"more than {MAX_BUCKETS} buckets or quantiles"


class Sieve:
    """Collects which of a request's records are refused, each for the first reason found."""

    def __init__(self, length: int) -> None:
        self._bad = np.zeros(length, np.bool_)
        self._counts: dict[str, int] = {}

    def refuse(self, reason: str, rows: Mask | None) -> None:
        """Refuse the records of `rows` (None: none) that were not refused before."""
        if rows is None or not rows.any():
            return
        new = rows & ~self._bad
        self._counts[reason] = self._counts.get(reason, 0) + int(new.sum())
        self._bad |= rows

    def refuse_row(self, reason: str, row: int) -> None:
        """Refuse one record."""
        if not self._bad[row]:
            self._counts[reason] = self._counts.get(reason, 0) + 1
            self._bad[row] = True

    def keeps(self, row: int) -> bool:
        """Say whether a record is not refused so far."""
        return not self._bad[row]

    def refuse_far_days(self, nanoseconds: npt.NDArray[np.int64]) -> None:
        """Refuse records older than the newest `MAX_DAYS` days of the request."""
        if not len(nanoseconds) or int(np.ptp(nanoseconds)) < (MAX_DAYS - 1) * NANOSECONDS_PER_DAY:
            return
        days = nanoseconds // NANOSECONDS_PER_DAY
        kept = np.unique(days[~self._bad])[-MAX_DAYS:]
        self.refuse(TOO_MANY_DAYS, ~np.isin(days, kept))

    @property
    def rejections(self) -> Rejections:
        """What was refused so far."""
        return Rejections({reason: count for reason, count in self._counts.items() if count})

    @property
    def kept(self) -> Mask | None:
        """The rows to keep, or None if all are kept."""
        return ~self._bad if self._bad.any() else None

    @property
    def rows(self) -> Indices:
        """The places of the rows to keep."""
        return np.flatnonzero(~self._bad)

    def sift(self, table: pa.Table) -> pa.Table:
        """Return `table`, a row a record, without the refused rows."""
        kept = self.kept
        return table if kept is None else table.filter(pa.array(kept))
