"""Which streams a selector finds: the rows of `origins` whose labels match, remembered for a while.

A name that is no label of any stream is looked for elsewhere, row by row: that is what `Found.others` are. As in Loki,
a label that a stream has not is the empty text; so a matcher that the empty text satisfies needs no such search.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa

from firstlight.query.engine import Sessions
from firstlight.query.logql.ast import Matcher
from firstlight.query.logql.evaluate_faults import too_many_streams
from firstlight.query.logql.sql_terms import Bindings, both, compared
from firstlight.query.logql.streams import Found, Origin, matches, spelled
from firstlight.query.metrics.conditions import DAY_MS, Days
from firstlight.query.metrics.series import Keeping
from firstlight.query.metrics.together import together

FEW: Final = 1_000
"""How many streams are listed before anybody could notice."""

UNKNOWN_SERVICE: Final = "unknown_service"
"""What a resource without `service.name` is called."""

COLUMNS: Final = "origin_id, service, labels, resource, scope_name, scope_version, scope_attributes"


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Found | frozenset[str]
    until_ms: int
    size: int


_Key: TypeAlias = tuple[str, tuple[tuple[str, str, str], ...] | None, Days]


class StreamIndex:
    """Finds streams. Belongs to one event loop; to be told what is stored and dropped (`learn`, `forget`)."""

    def __init__(
        self,
        sessions: Sessions,
        now_ms: Callable[[], int],
        keeping: Keeping | None = None,
        *,
        any_field: bool = True,
        max_streams: int = 200_000,
        workers: Executor | None = None,
    ) -> None:
        """Take what time it is, and in `workers` threads for what takes long; without, it is done at once."""
        self._max_streams = max_streams
        self._workers = workers
        self._sessions = sessions
        self._now_ms = now_ms
        self._keeping = keeping or Keeping(series=100_000)
        self._any_field = any_field
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._size = 0
        self._version = 0

    async def find(self, tenant: str, matchers: Sequence[Matcher], days: Days) -> Found:
        """Return the streams of some days that match. Raise QueryFailed, BadRegex or LogqlFailed."""
        names = await self.names(tenant, days) if self._any_field else None
        asked, others = _divided(matchers, names)
        key = (tenant, tuple((each.label, each.op.value, each.value) for each in asked), days)
        kept = self._remembered(key)
        if not isinstance(kept, Found):
            version = self._version
            kept = await self._ask(tenant, asked, days)
            self._keep(key, kept, len(kept), version)
        return Found(kept.ids, kept.origins, others, kept.share) if others else kept

    async def names(self, tenant: str, days: Days) -> frozenset[str]:
        """Return the names of the labels that streams of some days have. Raise QueryFailed."""
        key = (tenant, None, days)
        kept = self._remembered(key)
        if not isinstance(kept, frozenset):
            version = self._version
            bound = Bindings()
            condition = of_days(tenant, days, bound)
            sql = f"SELECT groupUniqArrayArray(mapKeys(labels)) AS found FROM origins WHERE {condition}"
            rows = await self._sessions.query(sql, bound.parameters)
            kept = frozenset(rows.column("found").to_pylist()[0])
            self._keep(key, kept, len(kept), version)
        return kept

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of a kind are durable: what was found before is not all, if they are origins."""
        if kind == "origins" and stored.num_rows:
            days = stored.column("day").cast(pa.int32()).to_numpy()
            self._forget(int(days.min()), int(days.max()))

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of a kind and a day are no longer there."""
        if kind == "origins":
            self._forget(day, day)

    def _remembered(self, key: _Key) -> Found | frozenset[str] | None:
        kept = self._kept.get(key)
        if kept is None or kept.until_ms <= self._now_ms():
            return None
        self._kept.move_to_end(key)
        return kept.found

    def _forget(self, first: int, last: int) -> None:
        self._version += 1
        for key in [key for key in self._kept if key[2].first <= last and key[2].last >= first]:
            self._size -= self._kept.pop(key).size

    def _keep(self, key: _Key, found: Found | frozenset[str], size: int, version: int) -> None:
        if version != self._version:  # what was stored meanwhile may be missing
            return
        now = self._now_ms()
        life = self._keeping.current_ms if key[2].last >= now // DAY_MS else self._keeping.finished_ms
        old = self._kept.pop(key, None)
        self._size += size - (old.size if old else 0)
        self._kept[key] = _Kept(found, now + life, size)
        while self._size > self._keeping.series and self._kept:
            self._size -= self._kept.popitem(last=False)[1].size

    async def _ask(self, tenant: str, matchers: Sequence[Matcher], days: Days) -> Found:
        bound, counting = Bindings(), Bindings()
        condition = both([of_days(tenant, days, bound), *(_term(each, bound) for each in matchers)])
        count = f"SELECT uniqExact(origin_id) AS found FROM origins WHERE {of_days(tenant, days, counting)}"
        most = bound.bind(self._max_streams + 1, "UInt64")
        listed = f"SELECT {COLUMNS} FROM origins WHERE {condition} LIMIT 1 BY origin_id LIMIT {most}"
        rows, total = await together(
            (self._sessions.query(listed, bound.parameters), self._sessions.query(count, counting.parameters))
        )
        if rows.num_rows > self._max_streams:
            raise too_many_streams(self._max_streams)
        whole = int(total.column("found")[0].as_py())
        if self._workers is None or rows.num_rows < FEW:
            return _found(rows, whole)
        return await asyncio.get_running_loop().run_in_executor(self._workers, _found, rows, whole)


def of_days(tenant: str, days: Days, bound: Bindings) -> str:
    """Return the condition that rows of `origins` are of a tenant and of some days."""
    first, last = bound.bind(days.first, "Int32"), bound.bind(days.last, "Int32")
    return f"tenant = {bound.text(tenant)} AND day BETWEEN toDate32({first}) AND toDate32({last})"


def _divided(
    matchers: Sequence[Matcher], names: frozenset[str] | None
) -> tuple[Sequence[Matcher], tuple[Matcher, ...]]:
    """Return the matchers that are about labels of streams, and those that are not."""
    if names is None:
        return matchers, ()
    others = tuple(each for each in matchers if each.label not in names and not matches(each, ""))
    return [each for each in matchers if each not in others], others


def _term(matcher: Matcher, bound: Bindings) -> str:
    return compared(f"labels[{bound.text(matcher.label)}]", matcher.op, matcher.value, bound)


def _found(rows: pa.Table, whole: int) -> Found:
    """Return rows as streams, which are a share of so many."""
    batch = rows.combine_chunks()
    ids = batch.column("origin_id").to_numpy()
    order = np.argsort(ids)
    services, names, versions = (batch.column(name).to_pylist() for name in ("service", "scope_name", "scope_version"))
    labels, resources, scopes = (_maps(batch.column(name)) for name in ("labels", "resource", "scope_attributes"))
    spellings: dict[str, str] = {}
    origins = []
    for row in order.tolist():
        own = {name: value for name, value in sorted(labels[row].items()) if value}
        said = {**resources[row], **scopes[row]}
        described = _is_described(own, resources[row])
        if names[row]:
            said["scope_name"] = names[row]
        if versions[row]:
            said["scope_version"] = versions[row]
        origins.append(Origin(services[row], own, _beside(said, own, spellings), described))
    return Found(ids[order], origins, share=len(ids) / max(1, whole))


def _is_described(labels: Mapping[str, str], resource: Mapping[str, str]) -> bool:
    """Return whether labels were made of a resource."""
    made = {spelled(name): value for name, value in resource.items()}
    made.setdefault("service_name", UNKNOWN_SERVICE)
    return all(made.get(name) == value for name, value in labels.items())


def _beside(said: Mapping[str, str], labels: Mapping[str, str], spellings: dict[str, str]) -> Mapping[str, str]:
    """Return what is said of the sender that is no label of the stream."""
    beside = {}
    for name, value in said.items():
        spelt = spellings.get(name)
        if spelt is None:
            spelt = spellings[name] = spelled(name)
        if value and spelt not in labels:
            beside[spelt] = value
    return beside


def _maps(column: pa.ChunkedArray) -> list[dict[str, str]]:
    """Return maps as dictionaries; much faster than entry by entry."""
    if not len(column):
        return []
    maps = pa.concat_arrays(column.chunks)
    offsets = maps.offsets.to_pylist()
    keys, items = maps.keys.to_pylist(), maps.items.to_pylist()
    return [dict(zip(keys[start:end], items[start:end], strict=True)) for start, end in pairwise(offsets)]
