"""What is remembered of queries, and how long it holds: until what was stored since says something else."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

import numpy as np

from firstlight.model.series import METRIC_BITS, series_id
from firstlight.query.metrics.changes import Changes
from firstlight.query.metrics.source import Source
from firstlight.query.promql.cache import Part, ResultCache, by_labels
from firstlight.query.promql.labels import settled
from firstlight.query.promql.plan import plan
from firstlight.query.promql.reach import Reach
from firstlight.query.promql.run import Options, Prepared, understood
from firstlight.query.promql.settings import PromqlSettings
from firstlight.query.promql.values import Scalar, Steps, Value, Vector

_METRIC_SHIFT: Final = 64 - METRIC_BITS


class Turn(asyncio.Lock):
    """Lets those who ask the same ask one after the other: the second finds what the first has computed."""


class Memory:
    """What is remembered of queries. Belongs to one event loop."""

    def __init__(self, source: Source, settings: PromqlSettings) -> None:
        self._source = source
        self._cache = ResultCache(settings.cache_size) if settings.cache_size and source.changes is not None else None
        self._turns: WeakValueDictionary[Hashable, Turn] = WeakValueDictionary()

    @property
    def nbytes(self) -> int:
        """How many bytes of values are remembered."""
        return self._cache.nbytes if self._cache is not None else 0

    def of(self, query: Prepared, options: Options, tenant: str) -> Remembered | None:
        """Return what is remembered of a query, None if nothing can be."""
        changes = self._source.changes
        if self._cache is None or changes is None or not query.steps.count:
            return None
        if options.switches.start_timestamps or options.switches.delayed_name_removal:
            return None
        found = understood(query.text, experimental=options.experimental)
        if found.reach is None:
            return None
        steps = query.steps
        phase = steps.start % steps.step if steps.step else steps.start
        key = (tenant, found.line, options.defaults, steps.step, phase)
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = Turn()
        return Remembered(self._source, self._cache, changes, found.reach, key, tenant, steps, turn)


@dataclass(slots=True, eq=False)
class Remembered:
    """What is remembered of one query."""

    source: Source
    cache: ResultCache
    changes: Changes
    reach: Reach
    key: Hashable
    tenant: str
    steps: Steps
    turn: Turn
    """To be taken by who finds and keeps."""
    mark: int = 0
    metrics: list[int] = field(default_factory=list)

    def find(self) -> Part | None:
        """Return the values at the first steps, None if none are known."""
        self.mark = self.changes.mark()
        self.metrics = [first_bits(metric) for metric in self.reach.metrics]
        part = self.cache.find(self.key, self.steps, self._changed)
        if part is not None and len(part.vector):
            for matchers in self.reach.selectors:
                self.source.noted(self.tenant, matchers)
        return part

    def outcome(self, part: Part | None) -> str:
        """Return how much was remembered, for those who count."""
        if part is None:
            return "nothing"
        return "whole" if part.count == self.steps.count else "part"

    def keep(self, vector: Vector) -> None:
        """Remember the values at all steps."""
        self.cache.keep(self.key, self.steps, vector, self.mark, self._changed)

    def drop(self) -> None:
        """Forget them."""
        self.cache.drop(self.key)

    def _changed(self, mark: int) -> int | None:
        """Return from which step on values are others than they were when change `mark` was the last."""
        time = self.changes.since(mark, self.tenant, self.metrics)
        return None if time is None else time - self.reach.ahead


def first_bits(metric: str) -> int:
    """Return what the ids of the series of a metric begin with."""
    return series_id(metric, {}) >> _METRIC_SHIFT


def rest_of(query: Prepared, count: int, options: Options) -> Prepared:
    """Return the query at all steps but the first `count`."""
    steps = query.steps
    rest = Steps(steps.start + count * steps.step, steps.step, steps.count - count, until=steps.until)
    return Prepared(query.text, query.expr, rest, plan(query.expr, rest, options.defaults))


def ordered(value: Value, query: Prepared) -> Vector | None:
    """Return the vector that an answer shows, in the order of a range query if it is one; None if it is no vector."""
    if isinstance(value, Scalar) and query.is_range:
        return Vector([()], value.values[np.newaxis], np.ones((1, query.steps.count), np.bool_))
    if not isinstance(value, Vector):
        return None
    vector = settled(value)
    return by_labels(vector) if query.is_range else vector
