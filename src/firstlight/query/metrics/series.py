"""Which series selectors find: their ids and labels, remembered for a while.

Series are stored once for each day on which they have samples. What is found for days that are over is remembered
longer than what is found for the current one; whoever stores series tells it to `learn`, so that in one process a
series is found as soon as it is stored.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.query.engine import Sessions
from firstlight.query.metrics.conditions import DAY_MS, Condition, Days, of_days, of_selectors
from firstlight.query.promql.ast import Matcher, MatchOp
from firstlight.query.promql.labels import NAME, value_of
from firstlight.query.promql.matchers import matches_all
from firstlight.query.promql.values import Labels, Mask, Times

Ids: TypeAlias = npt.NDArray[np.uint64]

COLUMNS: Final = "series_id, metric, mapKeys(labels) AS names, mapValues(labels) AS texts, origin_id != 0 AS translated"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Series, sorted by id."""

    ids: Ids
    labels: Sequence[Labels]
    translated: Mask
    """Which of them came by OTLP, and have their explicit histograms beside the classic series of these."""
    whole: bool = False
    """Whether they are all that their metrics have."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Times) -> Found:
        """Return the series at `rows`, which ascend."""
        return Found(self.ids[rows], [self.labels[row] for row in rows.tolist()], self.translated[rows])


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many milliseconds what was found is remembered, and of how many series altogether."""

    finished_ms: int = 300_000
    current_ms: int = 5_000
    series: int = 500_000


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Found
    until_ms: int


FOREVER_MS: Final = 2**62

FEW: Final = 50_000
"""How many rows about series some days may have for all to be read at once."""

MANY: Final = 2_000
"""The labels of how many series are put together while others wait."""

_COUNT: Final = "SELECT count() AS count FROM series WHERE {where}"

METRIC_SHIFT: Final = np.uint64(48)
"""Where the bits of an id begin that say the metric."""

MOST_LOADED: Final = 64
"""Of how many days that is remembered."""

_Key: TypeAlias = tuple[str, tuple[Matcher, ...], Days]


class SeriesIndex:
    """Finds series. Belongs to one event loop."""

    def __init__(
        self,
        sessions: Sessions,
        now_ms: Callable[[], int],
        keeping: Keeping | None = None,
        *,
        is_told_all: bool = False,
    ) -> None:
        """With `is_told_all`, whatever is stored or dropped is learnt or forgotten here, so nothing gets old."""
        self._sessions = sessions
        self._now_ms = now_ms
        self._is_told_all = is_told_all
        self._keeping = keeping or Keeping()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._of_name: dict[str | None, set[_Key]] = {}
        """The same keys by the only metric that is meant, None if there may be others."""
        self._size = 0
        self._version = 0
        self._tried: set[tuple[str, Days]] = set()
        self._loaded: dict[tuple[str, Days], set[str]] = {}
        """The days of which all series were read, and of which metrics they may be others by now."""

    async def find(self, tenant: str, matchers: Sequence[Matcher], days: Days) -> Found:
        """Return the series of some days that match. Raise QueryFailed or BadRegex."""
        key = (tenant, tuple(matchers), days)
        now = self._now_ms()
        kept = self._kept.get(key)
        if kept and kept.until_ms > now:
            self._kept.move_to_end(key)
            return kept.found
        condition = of_selectors(tenant, [matchers], days)
        name = metric_of(matchers)
        if self._is_told_all and name is not None:
            await self._load(tenant, days)
            whole = self._whole(tenant, name, days)
            if whole is not None:
                found = whole if _name_only(matchers) else _chosen(whole, matchers)
                self._keep(key, _Kept(found, FOREVER_MS))
                return found
        version = self._version
        found = await self._ask(condition, whole=_name_only(matchers))
        if version == self._version:  # else what was stored meanwhile may be missing
            self._keep(key, _Kept(found, now + self._life(days, now)))
        return found

    def _whole(self, tenant: str, name: str, days: Days) -> Found | None:
        """Return all series of a metric, if they are known."""
        kept = self._kept.get((tenant, (Matcher(NAME, MatchOp.EQUAL, name),), days))
        if kept is not None:
            return kept.found
        changed = self._loaded.get((tenant, days))
        return None if changed is None or name in changed else NONE

    async def _load(self, tenant: str, days: Days) -> None:
        """Read all series of some days at once, if they are not many: it takes little longer than to read some."""
        if (tenant, days) in self._tried:
            return
        if len(self._tried) >= MOST_LOADED:
            self._tried.clear()
            self._loaded.clear()
        self._tried.add((tenant, days))
        condition, version = of_days(tenant, days), self._version
        counted = await self._sessions.query(_COUNT.replace("{where}", condition.sql), condition.parameters)
        if counted.column("count").to_pylist()[0] > FEW:
            return
        found = await self._ask(condition, whole=True)
        if version != self._version:
            self._tried.discard((tenant, days))
            return
        self._loaded[tenant, days] = set()
        edges = [0, *(np.flatnonzero(np.diff(found.ids >> METRIC_SHIFT)) + 1).tolist(), len(found)]
        for first, last in pairwise(edges):
            by_name: dict[str, list[int]] = {}  # two metrics may begin alike
            for row in range(first, last):
                by_name.setdefault(value_of(found.labels[row], NAME), []).append(row)
            for name, rows in by_name.items():
                of_metric = replace(found.take(np.array(rows, np.int64)), whole=True)
                self._keep((tenant, (Matcher(NAME, MatchOp.EQUAL, name),), days), _Kept(of_metric, FOREVER_MS))

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of a kind are durable: what was found before is not all, if they are series."""
        if kind == "series" and stored.num_rows:
            first, last = _bounds(stored.column("day").cast(pa.int32()))
            self._forget(first, last, frozenset(pc.unique(stored.column("metric")).to_pylist()))

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of a kind and a day are no longer there."""
        if kind == "series":
            self._forget(day, day)

    def _forget(self, first: int, last: int, metrics: frozenset[str] | None = None) -> None:
        """Forget what was found of some days, and of some metrics if these are told."""
        self._version += 1
        for loaded in [days for days in self._loaded if days[1].first <= last and days[1].last >= first]:
            if metrics is None:
                del self._loaded[loaded]
                self._tried.discard(loaded)
            else:
                self._loaded[loaded] |= metrics
        names = list(self._of_name) if metrics is None else [None, *metrics]
        for key in [key for name in names for key in self._of_name.get(name, ())]:
            if key[2].first <= last and key[2].last >= first:
                self._drop(key)

    def _life(self, days: Days, now: int) -> int:
        if self._is_told_all:
            return FOREVER_MS
        return self._keeping.current_ms if days.last >= now // DAY_MS else self._keeping.finished_ms

    def _keep(self, key: _Key, kept: _Kept) -> None:
        if key in self._kept:
            self._drop(key)
        self._size += len(kept.found)
        self._kept[key] = kept
        self._of_name.setdefault(metric_of(key[1]), set()).add(key)
        while self._size > self._keeping.series and self._kept:
            tenant, matchers, days = oldest = next(iter(self._kept))
            self._drop(oldest)
            if (changed := self._loaded.get((tenant, days))) is not None and (name := metric_of(matchers)) is not None:
                changed.add(name)

    def _drop(self, key: _Key) -> None:
        self._size -= len(self._kept.pop(key).found)
        keys = self._of_name[name := metric_of(key[1])]
        keys.discard(key)
        if not keys:
            del self._of_name[name]

    async def _ask(self, condition: Condition, *, whole: bool) -> Found:
        # Once for a day, and until they are merged again after each restart.
        sql = f"SELECT {COLUMNS} FROM series WHERE {condition.sql} LIMIT 1 BY series_id"
        rows = (await self._sessions.query(sql, condition.parameters)).combine_chunks()
        ids = rows.column("series_id").to_numpy()
        order = np.argsort(ids)
        labels = await asyncio.to_thread(labels_of, rows) if len(rows) > MANY else labels_of(rows)
        return Found(
            ids[order],
            [labels[row] for row in order.tolist()],
            rows.column("translated").to_numpy().astype(np.bool_)[order],
            whole,
        )


NONE: Final = Found(np.zeros(0, np.uint64), [], np.zeros(0, np.bool_), whole=True)


def _chosen(found: Found, matchers: Sequence[Matcher]) -> Found:
    rows = [row for row, labels in enumerate(found.labels) if matches_all(matchers, dict(labels))]
    return found.take(np.array(rows, np.int64))


def metric_of(matchers: Sequence[Matcher]) -> str | None:
    """Return the only metric that can match, None if there may be others."""
    return next((one.value for one in matchers if one.label == NAME and one.op is MatchOp.EQUAL), None)


def _name_only(matchers: Sequence[Matcher]) -> bool:
    return all(matcher.label == NAME and matcher.op is MatchOp.EQUAL for matcher in matchers)


def _bounds(days: pa.ChunkedArray) -> tuple[int, int]:
    found = days.to_numpy()
    return int(found.min()), int(found.max())


def labels_of(rows: pa.Table) -> list[Labels]:
    """Return the labels of series, of each the `metric`, and the `names` and `texts` of its labels.

    Pairs that several series have are one object. In Python there is one step a series, and one a different pair.
    """
    count = rows.num_rows
    metrics, names, texts = (_array(rows, column) for column in ("metric", "names", "texts"))
    series = np.concatenate([np.arange(count), np.repeat(np.arange(count), _lengths(names))])
    name_codes, all_names = _coded(pa.concat_arrays([pa.array([NAME] * count, pa.string()), names.flatten()]))
    text_codes, all_texts = _coded(pa.concat_arrays([metrics, texts.flatten()]))
    ranks = np.argsort(np.argsort(np.array(all_names, object))) if all_names else np.zeros(0, np.int64)
    order = np.lexsort((ranks[name_codes], series)) if count else np.zeros(0, np.int64)
    if "" in all_texts:
        order = order[text_codes[order] != all_texts.index("")]
    pair_codes, pairs = _coded(pa.array(name_codes[order] * max(len(all_texts), 1) + text_codes[order]))
    made = [(all_names[pair // len(all_texts)], all_texts[pair % len(all_texts)]) for pair in pairs]
    flat = [made[code] for code in pair_codes.tolist()]
    edges = np.concatenate([[0], np.cumsum(np.bincount(series[order], minlength=count))]).tolist()
    return [tuple(flat[edges[row] : edges[row + 1]]) for row in range(count)]


def _array(rows: pa.Table, column: str) -> pa.Array:
    return (
        pa.concat_arrays(rows.column(column).chunks) if rows.num_rows else pa.array([], rows.schema.field(column).type)
    )


def _lengths(lists: pa.ListArray) -> Times:
    edges: Times = lists.offsets.to_numpy().astype(np.int64)
    return np.diff(edges)


def _coded(values: pa.Array) -> tuple[Times, list[Any]]:
    coded = values.dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()
