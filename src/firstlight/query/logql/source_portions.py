"""A range of time cut into portions of about as many lines each, so that no more is read at once than there is room.

How many lines there are when is counted before, by streams and time alone: the engine need not look at lines for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from firstlight.query.engine import Sessions
from firstlight.query.logql.lines import Times
from firstlight.query.logql.sql_rows import Slice, of_rows, of_slice
from firstlight.query.logql.sql_terms import Bindings, both
from firstlight.query.logql.streams import Found

PORTION: Final = 100_000
"""How many lines there are in a portion, if they are not all at one time."""

FINENESS: Final = 4_096
"""Into how many pieces a range is cut to count lines in."""


async def portions(sessions: Sessions, tenant: str, found: Found, whole: Slice) -> list[Slice]:
    """Return the parts of a range that have lines of the streams found, in the order of time. Raise QueryFailed."""
    bound = Bindings()
    width = max(1, -(-(whole.end - whole.start) // FINENESS))
    begin, wide = bound.bind(whole.start, "Int64"), bound.bind(width, "Int64")
    where = both([of_rows(tenant, replace(found, others=()), bound), of_slice(whole, bound)])
    rows = await sessions.query(
        f"SELECT intDiv(toUnixTimestamp64Nano(ts) - {begin}, {wide}) AS piece, count() AS lines FROM log_records"
        f" WHERE {where} GROUP BY piece ORDER BY piece",
        bound.parameters,
    )
    pieces, lines = rows.column("piece").to_numpy(), rows.column("lines").to_numpy()
    return cut(whole, width, pieces.astype(np.int64), lines.astype(np.int64))


def cut(whole: Slice, width: int, pieces: Times, lines: Times) -> list[Slice]:
    """Return runs of `pieces`, which are `width` long, that have no more than PORTION `lines`, or are one piece.

    >>> cut(Slice(0, 100), 10, np.array([1, 2, 7]), np.array([60_000, 50_000, 50_000]))
    [Slice(start=10, end=20), Slice(start=20, end=80)]
    """
    found: list[Slice] = []
    inside = 0
    for piece, count in zip(pieces.tolist(), lines.tolist(), strict=True):
        start, end = whole.start + piece * width, min(whole.end, whole.start + (piece + 1) * width)
        if found and inside + count <= PORTION:
            found[-1] = Slice(found[-1].start, end)
            inside += count
        else:
            found.append(Slice(start, end))
            inside = count
    return found
