"""What is inserted together: rows of one kind and one day, whosever they are.

A block is one part of one partition, so the engine takes all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

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

    @property
    def rows(self) -> pa.Table:
        """All its rows."""
        return pa.concat_tables([piece.rows for piece in self.pieces])


def blocks(kind: str, pieces: Sequence[Piece[Sender]]) -> Iterator[Block[Sender]]:
    """Yield `pieces`, all of one kind, as a block for each day, the oldest first."""
    days: dict[int, list[Piece[Sender]]] = {}
    for piece in pieces:
        for day, rows in by_day(kind, piece.rows):
            days.setdefault(day, []).append(Piece(piece.sender, rows))
    yield from (Block(kind, days[day]) for day in sorted(days))


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
