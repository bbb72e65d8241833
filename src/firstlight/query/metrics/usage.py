"""Which metrics queries read, when last and how often: what nobody reads need not be stored.

Of each metric little is kept, and of no more than `MAX_METRICS`; those read longest ago go first. Reads within the same
second are one: a query may read a metric at several places, and a dashboard is many queries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from firstlight.query.metrics.series import Found
from firstlight.query.metrics.source import Source
from firstlight.query.promql.ast import Matcher, MatchOp
from firstlight.query.promql.labels import NAME, value_of

MAX_METRICS: Final = 200_000
MAX_SELECTORS: Final = 1_000
VERSION: Final = 1

_SECOND_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Read:
    """When a metric was read last, in seconds since 1970, and in how many different seconds."""

    last: int
    count: int


class Usage:
    """Takes note of what is read. Belongs to one event loop."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._reads: dict[tuple[str, str], Read] = {}
        self._selected: set[tuple[str, tuple[Matcher, ...]]] = set()
        self._second = 0
        self.since = now_ms() // _SECOND_MS
        """Since when notes are taken, in seconds since 1970."""
        self.version = 0
        """Goes up with every note."""

    def note(self, tenant: str, matchers: Sequence[Matcher], found: Found) -> None:
        """Take note that series were selected by a query."""
        if len(found):
            self._note(tenant, matchers, _metrics(matchers, found))

    def noted(self, tenant: str, matchers: Sequence[Matcher]) -> None:
        """Take note that series, of which there are some, were selected by the name of their metric."""
        self._note(tenant, matchers, [one.value for one in matchers if _is_name(one)])

    def _note(self, tenant: str, matchers: Sequence[Matcher], metrics: Iterable[str]) -> None:
        second = self._now_ms() // _SECOND_MS
        if second != self._second or len(self._selected) >= MAX_SELECTORS:
            self._second, self._selected = second, set()
        selector = (tenant, tuple(matchers))
        if selector in self._selected:
            return
        self._selected.add(selector)
        for metric in metrics:
            before = self._reads.pop((tenant, metric), None)
            if before is None and len(self._reads) >= MAX_METRICS:
                del self._reads[next(iter(self._reads))]
            count = before.count if before else 0
            # At the end, so that the first is the one that was read longest ago.
            self._reads[tenant, metric] = Read(second, count + (before is None or before.last != second))
            self.version += 1

    def of(self, tenant: str) -> Mapping[str, Read]:
        """Return the metrics of a tenant that were read."""
        return {metric: read for (owner, metric), read in self._reads.items() if owner == tenant}

    def dump(self) -> bytes:
        """Return all notes, for `load`."""
        reads = [[tenant, metric, read.last, read.count] for (tenant, metric), read in self._reads.items()]
        return orjson.dumps({"version": VERSION, "since": self.since, "reads": reads})

    def load(self, text: bytes) -> None:
        """Take over what `dump` returned. Raise ValueError if that cannot be."""
        try:
            told: Any = orjson.loads(text)
            if told["version"] != VERSION:
                raise ValueError(f"version {told['version']}")
            rows = [(str(tenant), str(metric), int(last), int(count)) for tenant, metric, last, count in told["reads"]]
            since = int(told["since"])
        except (TypeError, KeyError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None
        self._reads = {(tenant, metric): Read(last, count) for tenant, metric, last, count in rows[-MAX_METRICS:]}
        self.since = since


class NotedSource(Source):
    """The same source, for what users ask: it takes note of what is selected. Belongs to the same event loop."""

    def __init__(self, source: Source, usage: Usage) -> None:
        vars(self).update(vars(source))  # what is remembered of series is remembered once
        self._usage = usage

    async def find(self, tenant: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Found:
        """Return the series that match on the days from `start_ms` to `end_ms`."""
        found = await super().find(tenant, matchers, start_ms, end_ms)
        self._usage.note(tenant, matchers, found)
        return found

    def noted(self, tenant: str, matchers: Sequence[Matcher]) -> None:
        """Take note that a query was answered from memory that selects series by `matchers`, and finds some."""
        self._usage.noted(tenant, matchers)


def _is_name(matcher: Matcher) -> bool:
    return matcher.label == NAME and matcher.op is MatchOp.EQUAL


def _metrics(matchers: Iterable[Matcher], found: Found) -> Iterable[str]:
    for matcher in matchers:
        if _is_name(matcher):
            return (matcher.value,)
    return {labels[0][1] if labels[0][0] == NAME else value_of(labels, NAME) for labels in found.labels if labels}
