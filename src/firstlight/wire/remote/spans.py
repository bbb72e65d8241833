"""Buckets as Prometheus sends them, in spans with gaps between, laid out one beside the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.wire.otlp.columns import Indices, Mask, offsets

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Side:
    """The positive or negative buckets of many histograms: spans, and a value for each bucket in them.

    `edges` and `span_edges` say where each histogram's values and spans start, and where the last ones end.
    """

    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]
    edges: Indices
    span_offsets: Indices
    span_lengths: Indices
    span_edges: Indices

    @classmethod
    def of(cls, spans: pa.ListArray, values: pa.ListArray) -> Side:
        """Return the side that two columns of lists describe, a row a histogram."""
        flat = spans.flatten()
        return cls(
            values.flatten().to_numpy(zero_copy_only=False),
            offsets(values).astype(np.int64),
            flat.field("offset").to_numpy(zero_copy_only=False).astype(np.int64),
            flat.field("length").to_numpy(zero_copy_only=False).astype(np.int64),
            offsets(spans).astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.edges) - 1

    def unsound(self) -> Mask:
        """Return which histograms have spans that overlap, or not a bucket for each value."""
        promised = sums(self.span_lengths, self.span_edges)
        later = np.ones(len(self.span_offsets), np.bool_)
        firsts = self.span_edges[:-1]
        later[firsts[firsts < len(later)]] = False
        overlapping = sums(((self.span_offsets < 0) & later).astype(np.int64), self.span_edges) > 0
        found: Mask = (promised != np.diff(self.edges)) | overlapping
        return found

    def added_up(self) -> Side:
        """Return the side with each value added to the one before it in its histogram."""
        return Side(
            _restarted(np.cumsum(self.values), self.edges),
            self.edges,
            self.span_offsets,
            self.span_lengths,
            self.span_edges,
        )

    def any(self, mask: Mask) -> Mask:
        """Return which histograms have a value that `mask` is true of."""
        found: Mask = sums(mask.astype(np.int64), self.edges) > 0
        return found

    def bounds(self) -> tuple[Indices, Indices]:
        """Return for each histogram the index of its first bucket, and how many there are up to its last, gaps too."""
        starts, ends = self._placed()
        first, length = np.zeros(len(self), np.int64), np.zeros(len(self), np.int64)
        has = np.diff(self.span_edges) > 0
        first[has] = starts[self.span_edges[:-1][has]]
        length[has] = ends[self.span_edges[1:][has] - 1] - first[has]
        return first, length

    def dense(self, first: Indices, length: Indices) -> pa.ListArray:
        """Return all buckets of each histogram, `length` of them from the index `first`; none is outside of that.

        Only for sides that are sound.
        """
        edges = np.concatenate([[0], np.cumsum(length)])
        found = np.zeros(int(edges[-1]), np.float64)
        if len(self.values):
            starts, _ = self._placed()
            span_of = np.repeat(np.arange(len(starts)), self.span_lengths)
            within = np.arange(len(self.values)) - (np.cumsum(self.span_lengths) - self.span_lengths)[span_of]
            of = np.repeat(np.arange(len(self)), np.diff(self.edges))
            found[edges[of] + starts[span_of] + within - first[of]] = self.values
        return pa.ListArray.from_arrays(pa.array(edges.astype(np.int32)), pa.array(found))

    def _placed(self) -> tuple[Indices, Indices]:
        """Return the index of the first bucket of each span, and that after its last."""
        ends = _restarted(np.cumsum(self.span_offsets + self.span_lengths), self.span_edges)
        return ends - self.span_lengths, ends


def sums(values: npt.NDArray[np.int64] | Floats, edges: Indices) -> npt.NDArray[np.float64]:
    """Return the sum of each part of `values`, as `edges` divides it."""
    totals = np.concatenate([[0], np.cumsum(values)])
    return np.asarray(totals[edges[1:]] - totals[edges[:-1]], np.float64)


def _restarted(totals: npt.NDArray[np.int64], edges: Indices) -> npt.NDArray[np.int64]:
    """Return running totals that start again at each edge."""
    before = np.concatenate([[0], totals])[edges[:-1]]
    return np.asarray(totals - np.repeat(before, np.diff(edges)), np.int64)
