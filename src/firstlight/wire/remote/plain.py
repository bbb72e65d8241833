"""Series of one sample: nearly all that a Prometheus sends, and taken apart without being decoded.

Such a series is its labels and then the sample, which has one of two shapes: with a value, or, as zero is left out,
without. So where a series ends like that, and what comes before is labels and nothing else, all is said. Whatever looks
different in the least is left to be decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from firstlight.wire.otlp.columns import Indices, Mask
from firstlight.wire.remote.heads import Heads, framed_sizes
from firstlight.wire.remote.spans import Floats

WITH_VALUE: Final = 18
"""How many bytes a sample takes with its tag and length: 12 10, 09 and a double, 10 and a time of six bytes."""

WITHOUT: Final = 9
"""The same without a value: 12 07, 10 and a time of six bytes, which all times from 2004 to 2109 have."""


@dataclass(frozen=True, slots=True)
class Plain:
    """The series of a request, as if each had one sample; those have no head that look otherwise."""

    body: bytes
    heads: Heads
    time: Indices
    value: Floats
    edges: Indices

    def without(self, rows: Mask) -> bytes:
        """Return a request of the series that are not in `rows`."""
        parts = np.flatnonzero(~rows).tolist()
        return b"".join(self.body[self.edges[row] : self.edges[row + 1]] for row in parts)


def plain(body: bytes, lengths: Indices) -> Plain | None:
    """Return the series of a request, which have these lengths; None if there is more in it than series."""
    edges = np.concatenate([[0], np.cumsum(framed_sizes(lengths))])
    if edges[-1] != len(body):
        return None
    # What stands before a series as short as that is looked at, and then not used.
    padded = np.frombuffer(bytes(WITH_VALUE) + body, np.uint8)
    ends = edges[1:]
    tails = np.lib.stride_tricks.sliding_window_view(padded, WITH_VALUE)[ends]
    timed = _timed(tails)
    full = timed & (tails[:, 0] == 0x12) & (tails[:, 1] == 0x10) & (tails[:, 2] == 0x09) & (lengths > WITH_VALUE)
    bare = timed & ~full & (tails[:, 9] == 0x12) & (tails[:, 10] == 0x07) & (lengths > WITHOUT)
    starts = ends - lengths
    cuts = np.where(full, ends - WITH_VALUE, np.where(bare, ends - WITHOUT, starts))
    value = np.where(full, np.ascontiguousarray(tails[:, 3:11]).view("<f8").reshape(-1), 0.0)
    return Plain(body, Heads(body, starts, cuts), _times(tails), value, edges)


def _timed(tails: npt.NDArray[np.uint8]) -> Mask:
    """Return which tails end in a time of six bytes."""
    more = (tails[:, 12:] & 0x80).view("<u2")  # two bytes at once, three times
    found: Mask = (tails[:, 11] == 0x10) & (more == (0x8080, 0x8080, 0x0080)).all(axis=1) & (tails[:, 17] > 0)
    return found


def _times(tails: npt.NDArray[np.uint8]) -> Indices:
    bits = (tails[:, 12:] & 0x7F).astype(np.int64)
    return np.asarray(bits @ (1 << np.arange(0, 42, 7, dtype=np.int64)), np.int64)
