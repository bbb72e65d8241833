"""Delta sums and histograms made cumulative, as PromQL counts.

A series' total starts at its first point and is kept in memory: after a restart it starts again at zero, which PromQL
sees as a counter's reset. A point sent twice counts once, so that senders may retry.
Rules: <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#sums-delta-to-cumulative>.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from firstlight.wire.otlp.series import Unfit

OUT_OF_ORDER = "delta point older than the last, or overlapping it"

Total = TypeVar("Total", float, npt.NDArray[np.float64])


@dataclass(slots=True)
class _State(Generic[Total]):
    begin: int
    start: int
    time: int
    total: Total


class Accumulator(Generic[Total]):
    """Adds up delta points by series; bounded by `limit` series. Safe to use from several threads."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self._limit = limit
        self._states: dict[int, _State[Total]] = {}
        self._lock = Lock()

    def add(self, series: int, start: int, time: int, change: Total) -> tuple[int, Total]:
        """Return when the series began and its total at `time`. Raise Unfit for a point that cannot be added."""
        with self._lock:
            state = self._states.get(series)
            if state is None:
                if len(self._states) >= self._limit:
                    self._states.clear()
                begin = start or time
                self._states[series] = _State(begin, start, time, change)
                return begin, change
            if time == state.time and start == state.start:
                return state.begin, state.total
            if time <= state.time or (start and start < state.time):
                raise Unfit(OUT_OF_ORDER)
            state.start, state.time, state.total = start, time, state.total + change
            return state.begin, state.total
