"""Windows over time as buckets that the engine can count in: between two edges, everything is in the same windows.

Windows of `span` end every `step`. So an edge is where a window ends, or where one begins; what lies between neighbours
is a bucket, and each window is a run of buckets. All windows together need at most two buckets a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstlight.query.logql.lines import Times
from firstlight.query.logql.sql_terms import Bindings
from firstlight.query.promql.values import Floats


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of `count` windows of `span` nanoseconds, the first of which ends at `end`."""

    end: int
    step: int
    span: int
    count: int

    @property
    def size(self) -> int:
        """How many buckets there are."""
        whole, rest = self._run
        return self.count + whole - 1 if not rest else 2 * (self.count - 1 + whole) + 1

    @property
    def _run(self) -> tuple[int, int]:
        """How many whole steps there are in a window, and what is over. One window alone is one step long."""
        return (1, 0) if self.count == 1 else divmod(self.span, self.step)

    def sql(self, bound: Bindings) -> str:
        """Return the number of the bucket that a row is in; see `gap` for rows that are in none."""
        if self.count == 1:
            return "0"
        _, rest = self._run
        since, step = self._since(bound), bound.bind(self.step, "Int64")
        number = f"intDiv({since}, {step})"
        if rest:
            number = f"2 * {number} + (modulo({since}, {step}) >= {bound.bind(rest, 'Int64')})"
        return f"toUInt{16 if self.size < 65_000 else 32}({number})"

    def gap(self, bound: Bindings) -> str | None:
        """Return the condition that a row is in a window, where it may be between two of them."""
        whole, rest = self._run
        if whole or self.count == 1:
            return None
        return f"modulo({self._since(bound)}, {bound.bind(self.step, 'Int64')}) < {bound.bind(rest, 'Int64')}"

    def sums(self, grid: Floats) -> Floats:
        """Return the sums of windows, given those of buckets: a row a series, and a column for each of `size`."""
        whole, rest = self._run
        firsts: Times = np.arange(self.count, dtype=np.int64)
        lasts = firsts + whole
        if rest:
            firsts, lasts = 2 * firsts, 2 * lasts + 1
        if bool((lasts - firsts == 1).all()):
            return grid[:, firsts]
        running = np.zeros((grid.shape[0], grid.shape[1] + 1))
        np.cumsum(grid, axis=1, out=running[:, 1:])
        result: Floats = running[:, lasts] - running[:, firsts]
        return result

    def _since(self, bound: Bindings) -> str:
        return f"(toUnixTimestamp64Nano(ts) - {bound.bind(self.end - self.span + 1, 'Int64')})"
