"""Which of the series of a request something belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

from firstlight.wire.otlp.columns import Indices
from firstlight.wire.prometheus.book import Found


class _Chosen(Sequence[bytes]):
    """Some keys of many, in any order and any number of times."""

    def __init__(self, keys: Sequence[bytes], rows: Indices) -> None:
        self._keys = keys
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[bytes]:
        return (self._keys[row] for row in self._rows.tolist())

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> _Chosen: ...
    def __getitem__(self, row: int | slice) -> bytes | _Chosen:
        if isinstance(row, slice):
            return _Chosen(self._keys, self._rows[row])
        return self._keys[int(self._rows[row])]


def choose(found: Found, rows: Indices) -> Found:
    """Return the series of `found` at `rows`: a row for each of these, whatever their order."""
    if len(rows) == len(found.keys) and bool((rows == np.arange(len(rows))).all()):
        return found
    unfit = found.unfit
    if unfit:
        bad = np.isin(rows, list(unfit))
        unfit = {at: found.unfit[int(rows[at])] for at in np.flatnonzero(bad).tolist()}
    return Found(_Chosen(found.keys, rows), found.ids[rows], unfit, found.places[rows], found.memory)
