"""Range selectors and subqueries before their windows are found, which is done for some series at a time.

What is computed with then stays in the processor's cache, and the memory that it takes is not that of all series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from firstlight.query.promql.context import Switches
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.places import objects
from firstlight.query.promql.values import Mask, Samples, Times, Vector, Windows
from firstlight.query.promql.windows import windows_of

PIECE: Final = 1 << 17
"""About how many windows, and twice as many samples, are taken at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranged:
    """Samples, and where the windows over them end; the rest is as in `Windows`."""

    samples: Samples
    ends: Times
    range: int
    edges: str = ""
    lookback: int = 0
    nameless: Mask | None = None

    def whole(self) -> Windows:
        """Return the windows of all series."""
        return self._windows(self.samples, self.nameless)

    def pieces(self) -> Iterator[Windows]:
        """Yield the windows of some series after those of others; at least once, if there are no series either."""
        series = len(self.samples)
        cells = max(series * len(self.ends), len(self.samples.ts) // 2)
        # Overlaps of start timestamps are counted over all series, in one warning.
        count = 1 if self.samples.starts is not None else max(1, cells // PIECE)
        size = max(1, -(-series // count))
        for start in range(0, max(series, 1), size):
            end = min(start + size, series)
            nameless = None if self.nameless is None else self.nameless[start:end]
            yield self._windows(_rows(self.samples, start, end), nameless)

    def _windows(self, samples: Samples, nameless: Mask | None) -> Windows:
        return windows_of(samples, self.ends, self.range, edges=self.edges, lookback=self.lookback, nameless=nameless)


def _rows(samples: Samples, start: int, end: int) -> Samples:
    """Return some series that stand one after the other."""
    if end - start == len(samples):
        return samples
    offsets = samples.offsets[start : end + 1]
    inside = slice(int(offsets[0]), int(offsets[-1]))
    histograms = None if samples.histograms is None else samples.histograms[inside]
    starts = None if samples.starts is None else samples.starts[inside]
    return Samples(
        samples.labels[start:end], offsets - offsets[0], samples.ts[inside], samples.floats[inside], histograms, starts
    )


def one(pieces: Sequence[Vector], switches: Switches) -> Vector:
    """Return what a function made of all pieces; none of its series may have become equal to one of another."""
    if len(pieces) == 1:
        return pieces[0]
    labels = [each for piece in pieces for each in piece.labels]
    if not switches.delayed_name_removal and len(set(labels)) < len(labels):
        raise EvaluationFailed("vector cannot contain metrics with the same labelset")
    histograms = nameless = None
    if any(piece.histograms is not None for piece in pieces):
        histograms = np.concatenate(
            [objects(piece.present.shape) if piece.histograms is None else piece.histograms for piece in pieces]
        )
    if any(piece.nameless is not None for piece in pieces):
        nameless = np.concatenate(
            [np.zeros(len(piece), dtype=bool) if piece.nameless is None else piece.nameless for piece in pieces]
        )
    floats = np.concatenate([piece.floats for piece in pieces])
    return Vector(labels, floats, np.concatenate([piece.present for piece in pieces]), histograms, nameless)
