"""Which rows of `series` and `metadata` are stored for which day, as far as the store has said.

Whoever sends samples sends these rows along until the store says that they are durable for that day, so that a request
whose insert failed does not leave samples without their series.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa

from firstlight.model.tables import METADATA


class Metadata(NamedTuple):
    """What Prometheus' metadata say of a metric family."""

    tenant: str
    metric: str
    type: str
    unit: str
    help: str


class Stored:
    """Remembers what is stored for which day; bounded. Safe to use from several threads.

    Forgetting, when `limit` series are reached, costs rows that the store folds into those it has.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._series: dict[tuple[str, int], set[int]] = {}
        self._told: set[tuple[int, Metadata]] = set()
        self._forgotten = 0

    @property
    def forgotten(self) -> int:
        """How often anything was forgotten: what was found stored before need not be any more."""
        return self._forgotten

    def unstored(self, tenant: str, day: int, ids: Iterable[int]) -> set[int]:
        """Return those of `ids` whose rows of `series` are not known to be stored for `day`."""
        return set(ids) - self._series.get((tenant, day), set())

    def untold(self, day: int, metadata: Iterable[Metadata]) -> list[Metadata]:
        """Return the metadata that are not known to be stored for `day`."""
        return sorted({one for one in metadata if (day, one) not in self._told})

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of `series` or `metadata` are durable; other kinds are none of its business."""
        if kind == "series":
            if sum(map(len, self._series.values())) > self._limit or len(self._series) > self._limit // 1000:
                self._forgotten += 1
                self._series = {}
            for tenant, day, found in _tuples(stored, "tenant", "day", "series_id"):
                self._series.setdefault((tenant, day), set()).add(found)
        elif kind == "metadata":
            if len(self._told) > self._limit:
                self._told = set()
            for day, *metadata in _tuples(stored, "day", *Metadata._fields):
                self._told.add((day, Metadata(*metadata)))

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of `series` or `metadata` of a day are no longer there."""
        if kind == "series":
            self._forgotten += 1
            self._series = {key: ids for key, ids in self._series.items() if key[1] != day}
        elif kind == "metadata":
            self._told = {known for known in self._told if known[0] != day}


def metadata_rows(found: Iterable[tuple[int, Metadata]]) -> pa.Table:
    """Return rows of `metadata` for pairs of day and metadata."""
    return pa.Table.from_pylist([{"day": day, **one._asdict()} for day, one in found], METADATA)


def _tuples(table: pa.Table, *names: str) -> Iterable[tuple[Any, ...]]:
    columns = (table[name].cast(pa.int32()) if name == "day" else table[name] for name in names)
    return zip(*(column.to_pylist() for column in columns), strict=True)
