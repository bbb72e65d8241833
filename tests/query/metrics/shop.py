"""Series and samples for tests, as few words as can be: `row("up", "job=a", {0: 1.0})`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from firstlight.model.batch import Batch
from firstlight.model.series import series_id
from firstlight.query.metrics.settings import SESSION
from firstlight.query.metrics.source import Source
from firstlight.query.promql.ast import Matcher, MatchOp
from firstlight.query.promql.values import Labels
from firstlight.store.client import Readers
from firstlight.store.open import Store
from tests.query.world import columns
from tests.store.opening import opened
from tests.store.rows import NOW_NS

NOW = NOW_NS // 10**6
DAY = 86_400_000
STALE = float(np.array([0x7FF0000000000002], np.uint64).view(np.float64)[0])


@dataclass(frozen=True, slots=True)
class Row:
    """A series: its samples by time, in milliseconds from `NOW` on, and the days on which it is known."""

    metric: str
    labels: Mapping[str, str]
    samples: Mapping[int, float] = field(default_factory=dict)
    histograms: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    tenant: str = "default"
    type: str = ""
    origin: int = 0

    @property
    def id(self) -> int:
        """The id of the series."""
        return series_id(self.metric, self.labels)


def row(metric: str, labels: str = "", samples: Mapping[int, float] | None = None, **more: Any) -> Row:
    """Return a series whose labels are written `a=1,b=2`."""
    return Row(metric, dict(pair.split("=", 1) for pair in labels.split(",") if pair), samples or {}, **more)


def batches(rows: Sequence[Row]) -> list[Batch]:
    """Return what a server would store of `rows`."""
    series, samples, histograms = [], [], []
    for one in rows:
        times = sorted({*one.samples, *one.histograms}) or [0]
        named = {"series_id": one.id, "metric": one.metric, "labels": list(one.labels.items())}
        told = {"tenant": one.tenant, "type": one.type, "origin_id": one.origin}
        series += [{**told, **named, "day": day} for day in sorted({(NOW + ts) // DAY for ts in times})]
        common = {"tenant": one.tenant, "series_id": one.id, "start_ts": 0}
        samples += [{**common, "ts": NOW + ts, "value": value} for ts, value in one.samples.items()]
        histograms += [{**common, "ts": NOW + ts, **values} for ts, values in one.histograms.items()]
    kinds = {"series": series, "samples": samples, "histograms": histograms}
    tables = {kind: columns(kind, iter(found)) for kind, found in kinds.items() if found}
    return [Batch(tables, items=sum(table.num_rows for table in tables.values()))]


def samples_of(one: Row, samples: Mapping[int, float]) -> Batch:
    """Return more samples of a series."""
    rows = [{"tenant": one.tenant, "series_id": one.id, "ts": NOW + ts, "value": v} for ts, v in samples.items()]
    return Batch({"samples": columns("samples", iter(rows))}, items=len(rows))


def matchers(*texts: str) -> tuple[Matcher, ...]:
    """Return matchers written as label, operator and value, with spaces between: `job =~ a|b`."""
    split = [re.split(" (=|!=|=~|!~) ", text, maxsplit=1) for text in texts]
    return tuple(Matcher(label, MatchOp(op), value) for label, op, value in split)


def labelled(metric: str, **labels: str) -> Labels:
    """Return labels as PromQL has them."""
    return tuple(sorted({"__name__": metric, **labels}.items()))


@dataclass(frozen=True, slots=True)
class Shop:
    """A store, and what reads from it."""

    store: Store
    readers: Readers
    source: Source

    async def add(self, *added: Batch) -> None:
        """Store batches."""
        for batch in added:
            await self.store.writer.append(batch)


@asynccontextmanager
async def shop(directory: Path, rows: Sequence[Row], **settings: Any) -> AsyncIterator[Shop]:
    """Hold a store open that has `rows`."""
    async with opened(directory / "store") as store:
        readers = store.client.readers(4, SESSION)
        it = Shop(store, readers, Source(readers, now_ms=lambda: NOW, **settings))
        await it.add(*batches(rows))
        yield it
