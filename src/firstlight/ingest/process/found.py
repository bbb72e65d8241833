"""What was found in lines, as columns: fields by row, gathered from several readers into one map a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Indices: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


MAX_SPACE: Final = 16
"""Up to how many times the number of fields a table may be made of every name in every row."""


@dataclass(slots=True)
class Names:
    """The names of fields in one batch, each with a number."""

    codes: dict[str, int] = field(default_factory=dict)

    def code(self, name: str) -> int:
        """Return the number of a name."""
        return self.codes.setdefault(name, len(self.codes))

    def encode(self, column: pa.StringArray) -> Indices:
        """Return the numbers of a column of names."""
        found = column.dictionary_encode()
        table = np.array([self.code(name) for name in found.dictionary.to_pylist()] or [0], np.int64)
        codes: Indices = table[found.indices.to_numpy()]
        return codes


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The fields of some rows: `counts[i]` of them belong to `rows[i]`, in order. Rows ascend, each is there once."""

    rows: Indices
    counts: Indices
    names: Indices
    """Of each field, the number of its name in `Names`."""
    values: pa.StringArray

    @property
    def row_of(self) -> Indices:
        """Of each field, its row."""
        return np.repeat(self.rows, self.counts)


def nothing() -> Found:
    """Return what is found where nothing is."""
    none = np.zeros(0, np.int64)
    return Found(none, none, none, pa.array([], pa.string()))


def joined(parts: Sequence[Found]) -> Found:
    """Return what several readers found, each in rows of its own or more in the same ones, in the order of rows."""
    filled = [part for part in parts if len(part.rows)]
    if not filled:
        return nothing()
    if len(filled) == 1:
        return filled[0]
    rows = np.concatenate([part.rows for part in filled])
    by_row = np.argsort(rows, kind="stable")
    rows = rows[by_row]
    if (rows[1:] > rows[:-1]).all():
        return _interleaved(filled, rows, by_row)
    row_of = np.concatenate([part.row_of for part in filled])
    names = np.concatenate([part.names for part in filled])
    values = pa.concat_arrays([part.values for part in filled])
    order = np.argsort(row_of, kind="stable")
    rows, counts = np.unique(row_of, return_counts=True)
    return Found(rows, counts, names[order], values.take(pa.array(order)))


def _interleaved(parts: Sequence[Found], rows: Indices, by_row: Indices) -> Found:
    """Return what readers found that had no row in common; `by_row` is the order in which their rows ascend."""
    counts = np.concatenate([part.counts for part in parts])
    starts = (np.cumsum(counts) - counts)[by_row]
    counts = counts[by_row]
    order = np.repeat(starts - (np.cumsum(counts) - counts), counts)
    order += np.arange(len(order))
    names = np.concatenate([part.names for part in parts])
    values = pa.concat_arrays([part.values for part in parts])
    return Found(rows, counts, names[order], values.take(pa.array(order)))


def chosen(found: Found, keep: Mask) -> Found:
    """Return the fields of which `keep` says so."""
    if keep.all():
        return found
    if not len(found.rows):
        return found
    starts = np.cumsum(found.counts) - found.counts
    counts = np.add.reduceat(keep.astype(np.int64), starts)
    there = counts > 0
    return Found(found.rows[there], counts[there], found.names[keep], found.values.filter(pa.array(keep)))


def without_doubles(found: Found, names: int) -> Found:
    """Return the fields without those whose name is in the same row once more, further on; there are `names` names."""
    if not len(found.names):
        return found
    keys = np.repeat(np.arange(len(found.rows)), found.counts) * names + found.names
    space = len(found.rows) * names
    if space <= MAX_SPACE * len(keys):
        last = np.full(space, -1, np.int64)
        last[keys] = np.arange(len(keys))
        return chosen(found, last[keys] == np.arange(len(keys)))
    _, places = np.unique(keys[::-1], return_index=True)
    keep = np.zeros(len(keys), np.bool_)
    keep[len(keys) - 1 - places] = True
    return chosen(found, keep)


def reindexed(found: Found, new: Indices, kept: Mask) -> Found:
    """Return the fields of the rows that are kept, by the numbers that these have then."""
    there = kept[found.rows]
    if there.all():
        return Found(new[found.rows], found.counts, found.names, found.values)
    fields = np.repeat(there, found.counts)
    values = found.values.filter(pa.array(fields))
    return Found(new[found.rows[there]], found.counts[there], found.names[fields], values)


def as_map(found: Found, names: Names, length: int) -> pa.MapArray:
    """Return a column of `length` maps, those of rows in which nothing was found empty."""
    counts = np.zeros(length, np.int64)
    counts[found.rows] = found.counts
    starts = np.zeros(length + 1, np.int32)
    np.cumsum(counts, out=starts[1:])
    words = pa.array(list(names.codes), pa.string())
    keys = words.take(pa.array(found.names)) if len(found.names) else pa.array([], pa.string())
    return pa.MapArray.from_arrays(pa.array(starts), keys, found.values)
