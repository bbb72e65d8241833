"""Bodies that say the same series twice at one time: the first one counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firstlight.wire.prometheus.book import Found
from firstlight.wire.prometheus.exposition import Exposition
from firstlight.wire.prometheus.staleness import repeated


def without_repeated(exposition: Exposition, found: Found, *, honor_timestamps: bool = True) -> Exposition:
    """Return what is left of a body, whose series are `found`, without the samples that come again.

    It is the same body if there are none.
    """
    again = repeated(found.ids, exposition.times_at(0, honor=honor_timestamps))
    if not again.any():
        return exposition
    kept = np.flatnonzero(~again)
    place = {row: at for at, row in enumerate(kept.tolist())}
    return replace(
        exposition,
        keys=[exposition.keys[row] for row in kept.tolist()],
        values=exposition.values[kept],
        times=None if exposition.times is None else exposition.times[kept],
        starts=None if exposition.starts is None else exposition.starts[kept],
        exemplars=tuple(one._replace(row=place[one.row]) for one in exposition.exemplars if one.row in place),
    )
