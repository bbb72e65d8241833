"""Which series selectors find: their ids and labels, remembered for a while.

Series are stored once for each day on which they have samples. What is found for days that are over is remembered
longer than what is found for the current one; whoever stores series tells it to `learn`, so that in one process a
series is found as soon as it is stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.query.engine import Sessions
from firstlight.query.metrics.conditions import DAY_MS, Condition, Days, of_selectors
from firstlight.query.promql.ast import Matcher, MatchOp
from firstlight.query.promql.labels import NAME
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


_Key: TypeAlias = tuple[str, tuple[Matcher, ...], Days]


class SeriesIndex:
    """Finds series. Belongs to one event loop."""

    def __init__(self, sessions: Sessions, now_ms: Callable[[], int], keeping: Keeping | None = None) -> None:
        self._sessions = sessions
        self._now_ms = now_ms
        self._keeping = keeping or Keeping()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._size = 0
        self._version = 0

    async def find(self, tenant: str, matchers: Sequence[Matcher], days: Days) -> Found:
        """Return the series of some days that match. Raise QueryFailed or BadRegex."""
        key = (tenant, tuple(matchers), days)
        now = self._now_ms()
        kept = self._kept.get(key)
        if kept and kept.until_ms > now:
            self._kept.move_to_end(key)
            return kept.found
        version = self._version
        found = await self._ask(of_selectors(tenant, [matchers], days), whole=_name_only(matchers))
        if version == self._version:  # else what was stored meanwhile may be missing
            life = self._keeping.current_ms if days.last >= now // DAY_MS else self._keeping.finished_ms
            self._keep(key, _Kept(found, now + life))
        return found

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of a kind are durable: what was found before is not all, if they are series."""
        if kind == "series" and stored.num_rows:
            first, last = _bounds(stored.column("day").cast(pa.int32()))
            self._forget(first, last)

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of a kind and a day are no longer there."""
        if kind == "series":
            self._forget(day, day)

    def _forget(self, first: int, last: int) -> None:
        self._version += 1
        for key in [key for key in self._kept if key[2].first <= last and key[2].last >= first]:
            self._size -= len(self._kept.pop(key).found)

    def _keep(self, key: _Key, kept: _Kept) -> None:
        old = self._kept.pop(key, None)
        self._size += len(kept.found) - (len(old.found) if old else 0)
        self._kept[key] = kept
        while self._size > self._keeping.series and self._kept:
            self._size -= len(self._kept.popitem(last=False)[1].found)

    async def _ask(self, condition: Condition, *, whole: bool) -> Found:
        # Once for a day, and until they are merged again after each restart.
        sql = f"SELECT {COLUMNS} FROM series WHERE {condition.sql} LIMIT 1 BY series_id"
        rows = (await self._sessions.query(sql, condition.parameters)).combine_chunks()
        ids = rows.column("series_id").to_numpy()
        order = np.argsort(ids)
        labels = labels_of(rows)
        return Found(
            ids[order],
            [labels[row] for row in order.tolist()],
            rows.column("translated").to_numpy().astype(np.bool_)[order],
            whole,
        )


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
