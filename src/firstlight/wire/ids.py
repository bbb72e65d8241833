"""A set of series ids that takes eight bytes for each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

_FEW: Final = 8_192
"""How many ids may wait, in a set of Python's, before they are sorted in among the others."""


class Ids:
    """Series ids, most of them in one sorted array. Not for several threads at once."""

    def __init__(self, ids: npt.NDArray[np.uint64] | None = None) -> None:
        self._sorted = np.unique(np.zeros(0, np.uint64) if ids is None else ids)
        self._waiting: set[int] = set()

    def __len__(self) -> int:
        return len(self._sorted) + len(self._waiting)

    def unknown(self, ids: Collection[int]) -> set[int]:
        """Return those of `ids` that are not in here."""
        found = set(ids) - self._waiting
        if not found or not len(self._sorted):
            return found
        asked = np.fromiter(found, np.uint64, len(found))
        places = np.minimum(np.searchsorted(self._sorted, asked), len(self._sorted) - 1)
        return set(asked[self._sorted[places] != asked].tolist())

    def add(self, one: int) -> None:
        """Put in an id that is not in here."""
        self._waiting.add(one)
        if len(self._waiting) > max(_FEW, len(self._sorted) // 8):
            self.merge(np.zeros(0, np.uint64))

    def merge(self, ids: npt.NDArray[np.uint64]) -> None:
        """Put in ids that may be in here."""
        waiting = np.fromiter(self._waiting, np.uint64, len(self._waiting))
        self._sorted = np.union1d(self._sorted, np.concatenate([waiting, ids]))
        self._waiting = set()
