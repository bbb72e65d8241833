"""The labels of a series as bytes: what it starts with in a request of version 1, and what it is recognised by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.wire.otlp.columns import Indices, offsets

LABEL = 0x0A
"""The tag of a label in a series."""


class Heads(Sequence[bytes]):
    """Parts of a request, each made when it is looked at.

    One at a time, that is: ten thousand at once would not fit the processor's cache.
    """

    def __init__(self, body: bytes, starts: Indices, ends: Indices) -> None:
        self._body = body
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[bytes]:
        return map(self._body.__getitem__, map(slice, self._starts.tolist(), self._ends.tolist()))

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> Heads: ...
    def __getitem__(self, row: int | slice) -> bytes | Heads:
        if isinstance(row, slice):
            return Heads(self._body, self._starts[row], self._ends[row])
        return self._body[self._starts[row] : self._ends[row]]


def heads_of(labels: pa.ListArray) -> Heads:
    """Return the heads of series whose labels are given without their tags and lengths."""
    flat = labels.flatten()
    _, places, data = flat.buffers()
    starts = np.frombuffer(places, np.int32, len(flat) + 1, flat.offset * 4).astype(np.int64)
    lengths = np.diff(starts)
    sizes = 1 + _varint_sizes(lengths)
    tops = np.concatenate([[0], np.cumsum(sizes + lengths)])
    body = np.zeros(int(tops[-1]), np.uint8)
    if len(flat):
        into = np.arange(int(lengths.sum())) + np.repeat(np.cumsum(sizes), lengths)
        body[into] = np.frombuffer(data, np.uint8)[starts[0] : starts[-1]]
        _write_lengths(body, tops[:-1], lengths)
    edges = tops[offsets(labels).astype(np.int64)]
    return Heads(body.tobytes(), edges[:-1], edges[1:])


def _write_lengths(body: npt.NDArray[np.uint8], at: Indices, lengths: Indices) -> None:
    body[at] = LABEL
    left, at = lengths, at + 1
    while len(left):
        body[at] = left & 0x7F | np.where(left > 0x7F, 0x80, 0)
        more = left > 0x7F
        left, at = left[more] >> 7, at[more] + 1


def _varint_sizes(lengths: Indices) -> Indices:
    return np.asarray(1 + sum((lengths >> shift > 0).astype(np.int64) for shift in (7, 14, 21, 28)), np.int64)


def framed_sizes(lengths: Indices) -> Indices:
    """Return how many bytes fields of these lengths take, with their tags of one byte."""
    return np.asarray(1 + _varint_sizes(lengths) + lengths, np.int64)
