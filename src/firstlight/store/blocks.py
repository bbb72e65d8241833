"""What is inserted together: rows of one kind and one day, whosever they are, and not too many.

A block becomes one part of one partition, so the engine takes all of it or nothing. Its size is what an insert needs of
memory: three times that, up to about 10 MiB, where the engine begins to write each column to a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from firstlight.model.batch import size
from firstlight.model.tables import SCHEMAS

Sender = TypeVar("Sender")

PER_DAY: Mapping[pa.DataType, int] = MappingProxyType(
    {pa.date32(): 1, pa.timestamp("ms"): 86_400_000, pa.timestamp("ns"): 86_400_000_000_000}
)
"""How many units of a time's type a day has."""

TIME: Mapping[str, str] = MappingProxyType(
    {kind: "day" if "day" in schema.names else "ts" for kind, schema in SCHEMAS.items()}
)
"""The column of each kind that says on which day, and so in which partition, a row is."""


@dataclass(frozen=True, slots=True)
class Piece(Generic[Sender]):
    """Rows of one sender."""

    sender: Sender
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Block(Generic[Sender]):
    """Pieces that are inserted together."""

    kind: str
    pieces: Sequence[Piece[Sender]]


def blocks(kind: str, pieces: Iterable[Piece[Sender]], *, max_rows: int, max_bytes: int) -> Iterator[Block[Sender]]:
    """Yield `pieces`, all of one kind, as blocks: the oldest day first, and of a day in their order.

    No block has more than `max_rows`, nor much more than `max_bytes`; a piece that has is cut.
    """
    days: dict[int, list[Piece[Sender]]] = {}
    for piece in pieces:
        for day, rows in by_day(kind, piece.rows):
            days.setdefault(day, []).extend(Piece(piece.sender, part) for part in cut(rows, max_rows, max_bytes))
    for day in sorted(days):
        together: list[Piece[Sender]] = []
        count = nbytes = 0
        for piece in days[day]:
            count, nbytes = count + piece.rows.num_rows, nbytes + size(piece.rows)
            if together and (count > max_rows or nbytes > max_bytes):
                yield Block(kind, together)
                together, count, nbytes = [], piece.rows.num_rows, size(piece.rows)
            together.append(piece)
        yield Block(kind, together)


def cut(rows: pa.Table, max_rows: int, max_bytes: int) -> Iterator[pa.Table]:
    """Yield `rows` in parts of at most `max_rows` and about `max_bytes`."""
    parts = max(-(-rows.num_rows // max_rows), -(-size(rows) // max_bytes))
    step = max(1, -(-rows.num_rows // parts))
    for start in range(0, rows.num_rows, step):
        yield rows.slice(start, step)


def by_day(kind: str, rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Yield the rows of each day, counted from 1970; most often all are of one day, and nothing is copied."""
    if not rows.num_rows:
        return
    times = rows[TIME[kind]]
    per_day = PER_DAY[times.type]
    numbers = times.cast(pa.int32() if per_day == 1 else pa.int64()).fill_null(0).to_numpy()
    first, last = int(numbers.min()) // per_day, int(numbers.max()) // per_day
    if first == last:
        yield first, rows
        return
    days = numbers // per_day
    for day in np.unique(days):
        yield int(day), rows.filter(pa.array(days == day))
