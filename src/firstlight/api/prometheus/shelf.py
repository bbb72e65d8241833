"""What the store has of metrics, asked as queries are: in turn, within limits, counted, stopped with who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from firstlight.query.engine import Engine, Query, Sessions
from firstlight.query.metrics.cardinality import Cardinality, read_cardinality
from firstlight.query.metrics.catalogue import Catalogue, Listed, Meaning
from firstlight.query.metrics.exemplars import SeriesExemplars, read_exemplars
from firstlight.query.metrics.source import Source
from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.plan import Fetch
from firstlight.query.promql.values import Labels, Samples

LANGUAGE = "none"
"""What these questions are counted under: they are in no language."""

Selectors = Sequence[Sequence[Matcher]]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in milliseconds."""

    start: int
    end: int


class Shelf:
    """The metrics of one tenant."""

    def __init__(self, sessions: Sessions, engine: Engine, source: Source, tenant: str) -> None:
        self._sessions = sessions
        self._engine = engine
        self._source = source
        self._catalogue = Catalogue(sessions)
        self._tenant = tenant

    async def label_names(self, selectors: Selectors, span: Span, limit: int) -> Listed[str]:
        """Return the names of labels. This and all that follow raise QueryFault."""
        async with self._place("labels"):
            return await self._catalogue.label_names(self._tenant, selectors, span.start, span.end, limit=limit)

    async def label_values(self, label: str, selectors: Selectors, span: Span, limit: int) -> Listed[str]:
        """Return the values of a label."""
        async with self._place(f"values of the label {label}"):
            return await self._catalogue.label_values(self._tenant, label, selectors, span.start, span.end, limit=limit)

    async def series(self, selectors: Selectors, span: Span, limit: int) -> Listed[Labels]:
        """Return the labels of series."""
        async with self._place("series"):
            return await self._catalogue.series(self._tenant, selectors, span.start, span.end, limit=limit)

    async def meanings(
        self, metric: str, span: Span, *, limit: int, per_metric: int
    ) -> Mapping[str, Sequence[Meaning]]:
        """Return what is told of metrics."""
        async with self._place("metadata"):
            return await self._catalogue.metadata(
                self._tenant, span.start, span.end, metric=metric, limit=limit, per_metric=per_metric
            )

    async def exemplars(self, selectors: Selectors, span: Span) -> list[SeriesExemplars]:
        """Return the exemplars of the series that selectors match, each once, ordered by the labels of the series."""
        found: dict[Labels, SeriesExemplars] = {}
        async with self._place("exemplars"):
            for matchers in selectors:
                series = await self._source.find(self._tenant, matchers, span.start, span.end)
                for one in await read_exemplars(self._sessions, self._tenant, series, span.start, span.end):
                    found[one.series] = one
        return [found[labels] for labels in sorted(found)]

    async def samples(self, selectors: Selectors, span: Span) -> list[Samples]:
        """Return the samples of the series that each of `selectors` matches."""
        fetches = [Fetch(tuple(matchers), span.start, span.end) for matchers in selectors]
        async with self._place("federation"):
            found = await self._source.fetch(self._tenant, fetches)
        return [found[fetch] for fetch in dict.fromkeys(fetches)]

    async def cardinality(self, span: Span, limit: int) -> Cardinality:
        """Return what makes the most series."""
        async with self._place("cardinality"):
            return await read_cardinality(self._sessions, self._tenant, span.start, span.end, limit=limit)

    @asynccontextmanager
    async def _place(self, what: str) -> AsyncIterator[None]:
        async with self._engine.place(Query(what, LANGUAGE)):
            yield
