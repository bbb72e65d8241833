"""Everything that a query of PromQL reads, from one place: what its plan fetches, whole or already as a grid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

import pyarrow as pa

from firstlight.query.engine import Sessions
from firstlight.query.metrics.changes import Changes
from firstlight.query.metrics.conditions import Days
from firstlight.query.metrics.grids import FUNCTIONS, INTERVAL_MS, Grid, Gridder
from firstlight.query.metrics.group_grids import OPERATIONS, GroupGrid, group_grid
from firstlight.query.metrics.histograms_of import HistogramsOf
from firstlight.query.metrics.recent import Recent
from firstlight.query.metrics.samples import SampleReader
from firstlight.query.metrics.series import Found, Keeping, SeriesIndex
from firstlight.query.metrics.together import together
from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.plan import Fetch
from firstlight.query.promql.values import Samples, Steps, Times

T = TypeVar("T")

MEASURED: Final = frozenset({"series", "samples", "histograms"})

WORTHWHILE: Final = 100_000
"""How many samples it takes for a grid of the engine to be faster than to read them, as measured."""


def is_worthwhile(found: Found, start_ms: int, end_ms: int) -> bool:
    """Return whether a grid over the samples from `start_ms` to `end_ms` is likely faster than to read them all."""
    return len(found) * (end_ms - start_ms) >= WORTHWHILE * INTERVAL_MS


class Source:
    """Reads metrics. Belongs to one event loop; its sessions have `settings.SESSION`."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        now_ms: Callable[[], int],
        keeping: Keeping | None = None,
        max_samples: int = 50_000_000,
        explicit_histograms: bool = False,
        is_told_all: bool = False,
        recent_bytes: int = 0,
    ) -> None:
        """With `is_told_all`, nobody stores or drops anything without telling `learn` or `forget`: much is remembered.

        Then of the latest samples `recent_bytes` are kept in memory.
        """
        self.changes = Changes(now_ms) if is_told_all else None
        """What has changed in the store, if all is told."""
        self._index = SeriesIndex(sessions, now_ms, keeping, is_told_all=is_told_all)
        self._histograms = HistogramsOf(sessions) if is_told_all else None
        self._samples = SampleReader(
            sessions, max_samples=max_samples, explicit_histograms=explicit_histograms, histograms=self._histograms
        )
        self._gridder = Gridder(sessions)
        self._recent = Recent(self._samples, self._histograms, now_ms, recent_bytes) if self._histograms else None

    @property
    def recent_bytes(self) -> int:
        """How many bytes of samples are kept in memory."""
        return self._recent.nbytes if self._recent is not None else 0

    async def fetch(self, tenant: str, fetches: Collection[Fetch], *, starts: bool = False) -> Mapping[Fetch, Samples]:
        """Return the samples that each of `fetches` wants. Raise QueryFailed, BadRegex or EvaluationFailed."""
        wanted = list(dict.fromkeys(fetches))

        async def one(fetch: Fetch) -> Samples:
            found = await self.find(tenant, fetch.matchers, fetch.start, fetch.end)
            if starts:
                return await self._samples.read(tenant, found, fetch.start, fetch.end, starts=True)
            return await self.read(tenant, found, fetch.start, fetch.end)

        return dict(zip(wanted, await together(map(one, wanted)), strict=True))

    async def find(self, tenant: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Found:
        """Return the series that match on the days from `start_ms` to `end_ms`."""
        return await self._index.find(tenant, matchers, Days.of(start_ms, end_ms))

    async def read(self, tenant: str, found: Found, start_ms: int, end_ms: int) -> Samples:
        """Return the samples of some series, such as those that `grid` left undone."""
        if self._recent is not None:
            samples = await self._recent.read(tenant, found, start_ms, end_ms)
            if samples is not None:
                return samples
        return await self._samples.read(tenant, found, start_ms, end_ms)

    async def grid(self, tenant: str, found: Found, function: str, window_ms: int, steps: Steps) -> Grid | None:
        """Return a function of windows as the engine computes it, or None if it cannot: then samples are to be read.

        It cannot where one of the series has a histogram. The rows of `Grid.undone` are to be read, too.
        """
        if function not in FUNCTIONS or window_ms <= 0:
            return None
        grid = self._gridder.grid(tenant, found, function, window_ms, steps)
        return await self._unless_histograms(tenant, found, window_ms, steps, grid)

    async def group_grid(
        self,
        tenant: str,
        found: Found,
        function: str,
        window_ms: int,
        steps: Steps,
        *,
        op: str,
        groups: Times,
        count: int,
    ) -> GroupGrid | None:
        """Return an aggregation over such a grid, or None if the engine cannot compute it: see `group_grids`."""
        if function not in FUNCTIONS or window_ms <= 0 or op not in OPERATIONS:
            return None
        grid = group_grid(self._gridder, tenant, found, function, window_ms, steps, op=op, groups=groups, count=count)
        return await self._unless_histograms(tenant, found, window_ms, steps, grid)

    async def _unless_histograms(
        self, tenant: str, found: Found, window_ms: int, steps: Steps, grid: Coroutine[Any, Any, T]
    ) -> T | None:
        start = steps.start - window_ms + 1
        # Series with histograms seldom have floats, too: then there is next to nothing to be computed in vain.
        asked: tuple[Coroutine[Any, Any, Any], ...] = (
            self._samples.has_histograms(tenant, found, start, steps.end),
            grid,
        )
        there, made = await together(asked)
        return None if there else made

    def noted(self, tenant: str, matchers: Sequence[Matcher]) -> None:
        """Take note that a query was answered from memory that selects series by `matchers`, and finds some."""

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of a kind are durable; to be told of all that this process stores."""
        self._index.learn(kind, stored)
        if self.changes is None or self._histograms is None or self._recent is None:
            return
        match kind:
            case "samples":
                self._recent.learn(stored)
                self.changes.note(stored)
            case "histograms":
                self._histograms.learn(stored)
                self._recent.learn_histograms(stored)
                self.changes.note(stored)

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of a kind and a day were dropped."""
        self._index.forget(kind, day)
        if kind in MEASURED:
            self.lose()

    def lose(self) -> None:
        """Take note that samples were dropped or deleted."""
        if self.changes is not None and self._recent is not None:
            self._recent.reset()
            self.changes.reset()
