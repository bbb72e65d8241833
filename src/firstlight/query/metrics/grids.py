"""Windows that the engine computes itself: one value a series and step, instead of all samples.

Only functions are here whose rules in the engine are Prometheus' own, to the last digit that floats have: windows open
on the left, resets, extrapolation. Where they differ, on values that are not finite and on what rounding does to resets
of fractions, the series is handed back as `undone`, to be computed from its samples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from firstlight.model.staleness import STALE_BITS
from firstlight.query.engine import Sessions
from firstlight.query.metrics.conditions import Condition
from firstlight.query.metrics.extent import of_series, rows_of
from firstlight.query.metrics.series import Found
from firstlight.query.metrics.together import together
from firstlight.query.promql.values import Steps, Times, Vector, is_stale

T = TypeVar("T")

INSTANT: Final = ""
"""No function: the value of a selector at each step, looked back for."""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        INSTANT: "timeSeriesLastToGrid",
        "rate": "timeSeriesRateToGrid",
        "increase": "timeSeriesIncreaseToGrid",
        "delta": "timeSeriesDeltaToGrid",
        "irate": "timeSeriesInstantRateToGrid",
        "idelta": "timeSeriesInstantDeltaToGrid",
        "last_over_time": "timeSeriesLastToGrid",
        "sum_over_time": "timeSeriesSumToGrid",
        "avg_over_time": "timeSeriesAvgToGrid",
        "min_over_time": "timeSeriesMinToGrid",
        "max_over_time": "timeSeriesMaxToGrid",
        "count_over_time": "timeSeriesCountToGrid",
        "resets": "timeSeriesResetsToGrid",
    }
)
"""What the engine computes, and as what."""

ADDING: Final = frozenset({"sum_over_time", "avg_over_time"})
EXTRAPOLATING: Final = frozenset({"rate", "increase"})

INTERVAL_MS: Final = 15_000
"""How far apart samples are taken to be, to guess how many there are."""

BATCH_SAMPLES: Final = 2_000_000
"""Samples that one statement is about, as guessed: the engine holds them in memory, 16 bytes each and more."""

BATCH_VALUES: Final = 4_000_000
"""Values that one statement answers with."""

AT_ONCE: Final = 2

HUGE: Final = 1e100
"""Larger values are added up in another order than Prometheus does; it shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """What was computed, and the rows of the series that were not."""

    vector: Vector
    undone: Times


class Gridder:
    """Computes windows in the engine, in sessions that have `settings.SESSION`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def grid(self, tenant: str, found: Found, function: str, window_ms: int, steps: Steps) -> Grid:
        """Return `function` of the floats within `window_ms` before each step, of one of FUNCTIONS. Raise QueryFailed.

        Series without a value at any step are left out. Names are kept. `steps` are those of the samples, after
        offset and @.
        """

        async def batch(first: int, part: Found, condition: Condition) -> Grid:
            answer = await self.ask(grid_of(condition, function), condition.parameters, steps, window_ms)
            grid = _grid(answer, part, function, steps)
            return Grid(grid.vector, grid.undone + first)

        batches = await self.in_batches(tenant, found, window_ms, steps, batch)
        undone = [batch.undone for batch in batches]
        vectors = [batch.vector for batch in batches]
        return Grid(_together(vectors, steps), np.concatenate([np.zeros(0, np.int64), *undone]))

    async def in_batches(
        self,
        tenant: str,
        found: Found,
        window_ms: int,
        steps: Steps,
        batch: Callable[[int, Found, Condition], Awaitable[T]],
    ) -> list[T]:
        """Return what `batch` makes of some series after the others.

        It is told which is the first of them, and the condition that samples are theirs.
        """
        each = max(1, (steps.end - steps.start + window_ms) // INTERVAL_MS)
        size = max(1, min(BATCH_SAMPLES // each, BATCH_VALUES // steps.count))

        async def one(first: int) -> T:
            part = found if len(found) <= size else found.take(np.arange(first, min(first + size, len(found))))
            async with self._turns:
                return await batch(first, part, of_series(tenant, part, steps.start - window_ms + 1, steps.end))

        return await together(one(first) for first in range(0, len(found), size))

    async def ask(self, sql: str, parameters: Mapping[str, object], steps: Steps, window_ms: int) -> pa.Table:
        """Return the answer to a statement with a grid in it."""
        answer = await self._sessions.query(sql, {**parameters, **_times(steps, window_ms)})
        return answer.combine_chunks()


def grid_of(condition: Condition, function: str) -> str:
    """Return the statement that computes a grid: of each series its id, whether it is odd, and its values."""
    unmarked = "" if function == INSTANT else f" AND {_UNMARKED}"
    odd = _ODD_SUM if function in ADDING else _ODD_COUNTER if function in EXTRAPOLATING else "false"
    return (
        f"SELECT series_id, {odd} AS odd, {FUNCTIONS[function]}({_PLACES})(ts, value) AS grid FROM samples"
        f" WHERE {condition.sql}{unmarked} GROUP BY series_id"
    )


def _grid(answer: pa.Table, found: Found, function: str, steps: Steps) -> Grid:
    rows, known = rows_of(answer.column("series_id").to_numpy(), found)
    odd = answer.column("odd").to_numpy().astype(np.bool_)
    good = np.flatnonzero(known & ~odd)
    values = pa.concat_arrays(answer.column("grid").chunks).flatten() if answer.num_rows else pa.array([], pa.float64())
    present = values.is_valid().to_numpy(zero_copy_only=False).reshape(-1, steps.count)[good]
    floats = values.fill_null(0.0).to_numpy(zero_copy_only=False).reshape(-1, steps.count)[good]
    if function == INSTANT:
        present = present & ~is_stale(floats)
    filled = np.flatnonzero(present.any(axis=1))
    vector = Vector([found.labels[row] for row in rows[good][filled].tolist()], floats[filled], present[filled])
    return Grid(vector, np.sort(rows[known & odd]))


_UNMARKED: Final = f"reinterpretAsUInt64(value) != {int(STALE_BITS)}"
_ODD_SUM: Final = f"max(NOT abs(value) < {HUGE})"
_MILLISECONDS: Final = "toUnixTimestamp64Milli(ts)"
# Of whole numbers all sums are exact. Others were reset if the sum of all growth is not what lies between the extremes.
_ODD_COUNTER: Final = (
    f"max(NOT value >= 0) OR max(value) >= {HUGE} OR ((max(value != round(value)) OR max(value) > {2**53})"
    f" AND abs(deltaSumTimestamp(value, {_MILLISECONDS}) - (max(value) - min(value))) > 1e-11 * max(value))"
)
_PLACES: Final = (
    "fromUnixTimestamp64Milli({grid_start:Int64}, 'UTC'), fromUnixTimestamp64Milli({grid_end:Int64}, 'UTC'),"
    " {grid_step:Decimal64(3)}, {grid_window:Decimal64(3)}"
)


def _times(steps: Steps, window_ms: int) -> dict[str, object]:
    return {
        "grid_start": steps.start,
        "grid_end": steps.end,
        "grid_step": _seconds(max(steps.step, 1)),
        "grid_window": _seconds(window_ms),
    }


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03}"


def _together(vectors: Sequence[Vector], steps: Steps) -> Vector:
    if not vectors:
        return Vector([], np.zeros((0, steps.count)), np.zeros((0, steps.count), np.bool_))
    labels = [each for vector in vectors for each in vector.labels]
    return Vector(
        labels,
        np.concatenate([vector.floats for vector in vectors]),
        np.concatenate([vector.present for vector in vectors]),
    )
