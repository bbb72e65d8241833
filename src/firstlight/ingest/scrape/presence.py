"""Which series a body has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstlight.wire.prometheus.book import Found, Ids
from firstlight.wire.prometheus.exposition import NO_TIME, Exposition
from firstlight.wire.prometheus.staleness import tracked


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """The series of one body, in order and once each."""

    found: Found
    all: Ids
    tracked: Ids
    """Those that end when they are no longer there."""
    kept: int
    """How many samples rules did not drop."""
    repeats: bool
    """Whether a series may be there twice."""

    @classmethod
    def of(cls, exposition: Exposition, found: Found, whole: Found, *, honor_timestamps: bool) -> Presence:
        """Return the series of a body: those `found` for its samples, and the `whole` ones for its histograms."""
        rows = found.places > 0
        ids = np.unique(found.ids[rows])
        count = int(np.count_nonzero(rows))
        ending = ids if exposition.times is None else tracked(exposition, found, honor_timestamps=honor_timestamps)
        repeats = len(ids) < count
        count += len(found.unfit) + len(whole.unfit)
        if exposition.histograms is not None:
            rows = whole.places > 0
            ids = np.union1d(ids, whole.ids[rows])
            count += int(np.count_nonzero(rows))
            if honor_timestamps:
                times = exposition.histograms.field("timestamp").to_numpy(zero_copy_only=False)
                rows &= times == NO_TIME
            ending = np.union1d(ending, whole.ids[rows])
        return cls(found, ids, ending, count, repeats)

    def holds_for(self, exposition: Exposition, found: Found) -> bool:
        """Return whether another body, whose samples have the series `found`, has the same series without a look."""
        return found is self.found and exposition.times is None and exposition.histograms is None
