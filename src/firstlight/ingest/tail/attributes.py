"""What is told beside lines that are read: by which way they were written, and whether they were cut."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.tables import ATTRIBUTES

TRUNCATED: Final = "log.truncated"
"""The attribute of records that were too long to be kept whole."""

IOSTREAM: Final = "log.iostream"
"""The attribute that says by which way a process wrote."""

STREAMS: Final = ("", "stdout", "stderr")
"""The ways by which a process writes, by their numbers; nobody knows of 0."""

_NAMES: Final = (IOSTREAM, IOSTREAM, TRUNCATED)
_VALUES: Final = (*STREAMS[1:], "true")

Indices = npt.NDArray[np.int64]


def attributes(length: int, cut: Indices, streams: Indices | None) -> pa.MapArray | None:
    """Return the attributes of records of which those at `cut` were cut; None if there are none."""
    if not len(cut) and (streams is None or not streams.any()):
        return None
    marked = np.zeros(length, np.bool_)
    marked[cut] = True
    told = np.zeros(length, np.bool_) if streams is None else streams > 0
    places = np.concatenate([[0], np.cumsum(told.astype(np.int64) + marked)])
    codes = np.full(places[-1], len(_NAMES) - 1)
    if streams is not None:
        codes[places[:-1][told]] = streams[told] - 1
    entries = pa.array(codes)
    names, values = pa.array(_NAMES).take(entries), pa.array(_VALUES).take(entries)
    return pa.MapArray.from_arrays(pa.array(places.astype(np.int32)), names, values).cast(ATTRIBUTES)
