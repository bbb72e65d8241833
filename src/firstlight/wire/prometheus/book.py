"""The book of series: which bytes mean which series, and which series are stored for which day.

A sender names a series by the same bytes each time: the start of an exposition's line, a message of labels, a StatsD
name with its tags. A `Page` of the book is one way to read such bytes: one protocol, or one target with its rules of
relabelling. It reads a key when it is new, and knows its series from then on. What is dropped by relabelling is
remembered as well.

    book = Book()                                        # one for all; told by the store through `learn` and `forget`
    page = book.page("default", read_series, relabel=…)  # one for each protocol and tenant, or for each target
    found = page.find(keys)                              # `found.ids`, one for each key
    intake = Intake(page)                                # firstlight.wire.prometheus.intake
    intake.add_samples(found, time, value)
    batch = intake.batch()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.series import series_id
from firstlight.model.tables import SERIES
from firstlight.wire.census import Census, One
from firstlight.wire.otlp.series import Unfit
from firstlight.wire.prometheus.labels import METRIC_NAME, Labels, fitting
from firstlight.wire.stored import Metadata, Stored

Ids = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

Read = Callable[[bytes], Labels]
"""Reads the labels of a key, the metric's name among them. May raise Unfit."""

Relabel = Callable[[Labels], Labels | None]
"""Changes the labels of a series, or drops it with None. What it raises but Unfit is its caller's."""

_UNKNOWN: Final = -1
_NOWHERE: Final = 0
"""The place of keys that have no series."""

_NEVER: Final = -(2**31)


class Book:
    """Knows which series and metadata are stored for which day. Safe to use from several threads.

    Bounded by `limit` series a day; forgetting costs rows that the store folds into those it has.
    """

    def __init__(self, limit: int = 2_000_000, census: Census | None = None) -> None:
        """Take how many series are remembered, and what refuses series that are too many, if anything does."""
        self._stored = Stored(limit)
        self.census = census

    @property
    def forgotten(self) -> int:
        """How often anything was forgotten: what was found stored before need not be any more."""
        return self._stored.forgotten

    def page(self, tenant: str, read: Read, *, relabel: Relabel | None = None, limit: int = 500_000) -> Page:
        """Return a new page for keys that `read` understands; it remembers about `limit` of them."""
        return Page(self, tenant, read, relabel, limit)

    def unstored(self, tenant: str, day: int, ids: Iterable[int]) -> set[int]:
        """Return those of `ids` whose rows of `series` are not known to be stored for `day`, counted from 1970."""
        return self._stored.unstored(tenant, day, ids)

    def untold(self, day: int, metadata: Iterable[Metadata]) -> list[Metadata]:
        """Return the metadata that are not known to be stored for `day`."""
        return self._stored.untold(day, metadata)

    def series_rows(
        self, tenant: str, day: int, found: Mapping[int, Labels], types: Mapping[str, str] | None = None
    ) -> pa.Table:
        """Return rows of `series` for labels by id; `types` are those of metrics, as far as they are known."""
        known, count = types or {}, len(found)
        metrics = [labels[METRIC_NAME] for labels in found.values()]
        pairs = [sorted(pair for pair in labels.items() if pair[0] != METRIC_NAME) for labels in found.values()]
        columns = {
            "tenant": pa.repeat(tenant, count),
            "day": pa.repeat(pa.scalar(day, pa.int32()), count).cast(pa.date32()),
            "series_id": pa.array(found, pa.uint64()),
            "metric": pa.array(metrics, pa.string()),
            "labels": pa.array(pairs, SERIES.field("labels").type),
            "type": pa.array([known.get(metric, "") for metric in metrics], pa.string()),
            "name": pa.array(metrics, pa.string()),
            "monotonic": pa.repeat(False, count),
            "origin_id": pa.repeat(pa.scalar(0, pa.uint64()), count),
            "attributes": pa.array([[]] * count, SERIES.field("attributes").type),
        }
        nothing = pa.repeat("", count)
        return pa.Table.from_arrays([columns.get(name, nothing) for name in SERIES.names], schema=SERIES)

    def learn(self, kind: str, stored: pa.Table) -> None:
        """Take note that rows of `series` or `metadata` are durable; other kinds are none of its business."""
        self._stored.learn(kind, stored)

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of `series` or `metadata` of a day are no longer there."""
        self._stored.forget(kind, day)


class _Memory:
    """The places of keys, by the hashes of their bytes, and what is known at each place.

    Hashes take half of the memory that the bytes would, and have 64 bits with a secret of the process. Arrays grow by
    being replaced, before a new place is told: whoever knows a place finds it in the array that is there.
    """

    def __init__(self) -> None:
        self.places: dict[int, int] = {}
        self.ids: Ids = np.zeros(64, np.uint64)
        self.stored_on: npt.NDArray[np.int32] = np.full(64, _NEVER, np.int32)
        self.used = 1
        self.forgotten = 0

    def add(self, key: bytes, found: int | None) -> int:
        """Remember the series of a key, or that it has none; return its place."""
        if found is None:
            self.places[hash(key)] = _NOWHERE
            return _NOWHERE
        if self.used == len(self.ids):
            self.ids = np.concatenate([self.ids, np.zeros_like(self.ids)])
            self.stored_on = np.concatenate([self.stored_on, np.full_like(self.stored_on, _NEVER)])
        place, self.used = self.used, self.used + 1
        self.ids[place] = found
        self.places[hash(key)] = place
        return place


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The series of some keys, a row each. `ids` is 0 where there is none: dropped, or `unfit` for a reason."""

    keys: Sequence[bytes]
    ids: Ids
    unfit: Mapping[int, str]
    places: Indices
    memory: _Memory

    @property
    def rows(self) -> Indices:
        """The rows that have a series."""
        return np.flatnonzero(self.places)


@dataclass(frozen=True, slots=True)
class News:
    """Series that are not known to be stored for a day: labels by id, and of those that there is no room for, why."""

    labels: Mapping[int, Labels] = field(default_factory=dict)
    refused: Mapping[int, str] = field(default_factory=dict)


NOTHING_NEW: Final = News()


class Page:
    """One way to name series by bytes, for one tenant; `Book.page` makes it. Safe to use from several threads."""

    def __init__(self, book: Book, tenant: str, read: Read, relabel: Relabel | None, limit: int) -> None:
        self.book = book
        self.tenant = tenant
        self._read = read
        self._relabel = relabel
        self._limit = limit
        self._memory = _Memory()
        self._last: Found | None = None
        self._lock = Lock()

    def find(self, keys: Sequence[bytes]) -> Found:
        """Return the series of `keys`; those not seen before are read and relabelled.

        The same list as the last time is known at once, so it must not have been changed.
        """
        self.trim(self._limit)
        memory, last = self._memory, self._last
        if last is not None and last.keys is keys and last.memory is memory and not last.unfit:
            return last
        places = np.fromiter(map(memory.places.get, map(hash, keys), repeat(_UNKNOWN)), np.int64, len(keys))
        unfit: dict[int, str] = {}
        for row in np.flatnonzero(places == _UNKNOWN).tolist() if len(places) and places.min() < 0 else ():
            try:
                places[row] = self._learn(memory, keys[row])
            except Unfit as reason:
                places[row] = _NOWHERE
                unfit[row] = str(reason)
        found = Found(keys, memory.ids[places], unfit, places, memory)
        if keys:  # Nothing is found at once anyway, and is asked for between the keys that are worth being known.
            self._last = found
        return found

    def known(self, keys: Iterable[bytes]) -> list[int | None]:
        """Return for each key whether it was seen before: not None. Nothing is read."""
        return list(map(self._memory.places.get, map(hash, keys)))

    def labels(self, key: bytes) -> dict[str, str] | None:
        """Return the labels of a key's series, None if relabelling drops it. Raise Unfit if they cannot be kept."""
        read: Labels | None = self._read(key)
        if self._relabel is not None and read is not None:
            read = self._relabel(read)
        return None if read is None else fitting(read)

    def trim(self, limit: int) -> None:
        """Forget all keys if there are more than `limit`: those of targets whose series come and go pile up."""
        if len(self._memory.places) > limit:
            self._memory = _Memory()

    def unstored(self, found: Found, day: int, rows: Indices) -> News:
        """Return what series of `rows` there are whose rows of `series` are not known to be stored for `day`."""
        memory, forgotten = found.memory, self.book.forgotten
        if memory.forgotten != forgotten:
            memory.stored_on[:] = _NEVER
            memory.forgotten = forgotten
        places = found.places[rows]
        doubtful = memory.stored_on[places] != day
        if not doubtful.any():
            return NOTHING_NEW
        rows, places = rows[doubtful], places[doubtful]
        ids = found.ids[rows].tolist()
        missing = self.book.unstored(self.tenant, day, ids)
        with self._lock:
            memory.stored_on[[place for place, one in zip(places.tolist(), ids, strict=True) if one not in missing]] = (
                day
            )
        if not missing:
            return NOTHING_NEW
        census = self.book.census
        refused = census.refused(self.tenant, day, missing) if census else {}
        first = {one: row for one, row in zip(ids, rows.tolist(), strict=True) if one in missing and one not in refused}
        read = ((one, self.labels(found.keys[row])) for one, row in first.items())
        new = {one: labels for one, labels in read if labels is not None}
        if census and new:
            groups = [(One(one, labels[METRIC_NAME], labels),) for one, labels in new.items()]
            more = census.admit(self.tenant, day, groups)
            refused, new = refused | more, {one: labels for one, labels in new.items() if one not in more}
        return News(new, refused)

    def _learn(self, memory: _Memory, key: bytes) -> int:
        labels = self.labels(key)
        found = None if labels is None else series_id(labels.pop(METRIC_NAME), labels)
        with self._lock:
            known = memory.places.get(hash(key))
            return memory.add(key, found) if known is None else known
