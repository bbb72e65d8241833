"""Requests that differ from an earlier one in times and numbers alone, which is what a process sends most of its life.

Of such a request nothing is decoded: its bytes are compared with those of the earlier one, and the numbers are taken
from the places where they stood there. That costs a tenth of decoding it. What a request became when it was decoded
is known to be right, and is what its repetitions are held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.model.batch import Batch
from firstlight.model.tables import SAMPLES
from firstlight.wire.origins import NANOSECONDS_PER_DAY
from firstlight.wire.otlp.columns import Indices
from firstlight.wire.otlp.outline import Irregular, outlines
from firstlight.wire.otlp.points import Floats, Ids, milliseconds

LIMIT = 64 * 1024 * 1024
"""How many bytes may be remembered."""

HEAD = 64
"""The first bytes of a request, by which it is guessed that it was seen before: they tell of its resource."""

MAX_SEEN = 10_000
MAX_REPLACED = 3

PAYS = 10
"""How many repetitions are worth a look for the numbers' places."""

MILLISECONDS_PER_DAY = NANOSECONDS_PER_DAY // 1_000_000

Words = npt.NDArray[np.uint64]


@dataclass(slots=True, eq=False)
class Shape:
    """A request without its numbers, and what it becomes with them.

    All places are those of eight bytes; `start` is -1 where a point has none.
    """

    skeleton: npt.NDArray[np.uint8]
    slots: Indices
    time: Indices
    start: Indices
    value: Indices
    is_int: npt.NDArray[np.bool_] | None
    """None if no value is an integer."""
    ids: Ids
    targets: Sequence[tuple[int, Indices]]
    """`target_info` series, each with the points whose latest is its time."""
    day: int
    """Everything that the samples refer to is stored for it."""
    hits: int = 0
    replaced: int = 0

    @property
    def nbytes(self) -> int:
        """How much memory it takes, about."""
        return int(self.skeleton.nbytes + 8 * len(self.slots) + 50 * len(self.time))

    def fits(self, body: bytes) -> bool:
        """Return whether `body` differs from the skeleton in numbers alone."""
        found = np.frombuffer(body, np.uint8).copy()
        _words(found)[self.slots] = 0
        return bool(np.array_equal(found, self.skeleton))

    def batch(self, body: bytes, tenant: str) -> Batch | None:
        """Return what `body`, which fits, carries; None if it is of another day."""
        words = _words(np.frombuffer(body, np.uint8))
        time, start = words[self.time], np.where(self.start < 0, 0, words[self.start])
        if not len(time) or int(time.min()) // NANOSECONDS_PER_DAY != self.day:
            return None
        if int(time.max()) // NANOSECONDS_PER_DAY != self.day or int(start.max()) > np.iinfo(np.int64).max:
            return None
        raw = words[self.value]
        value = raw.view(np.float64)
        if self.is_int is not None:
            value = np.where(self.is_int, raw.view(np.int64).astype(np.float64), value)
        return Batch({"samples": self._rows(tenant, time.view(np.int64), start.view(np.int64), value)}, len(time))

    def _rows(self, tenant: str, time: Indices, start: Indices, value: Floats) -> pa.Table:
        found = self.ids
        if self.targets:
            last = [int(time[points].max()) for _, points in self.targets]
            none = len(self.targets)
            found = np.concatenate([found, np.array([target for target, _ in self.targets], np.uint64)])
            time, start = np.concatenate([time, last]), np.concatenate([start, np.zeros(none, np.int64)])
            value = np.concatenate([value, np.ones(none)])
        columns = [
            pa.repeat(tenant, len(found)),
            pa.array(found),
            milliseconds(time),
            milliseconds(start),
            pa.array(value),
        ]
        return pa.Table.from_arrays(columns, schema=SAMPLES)


@dataclass(slots=True)
class Repeats:
    """Remembers shapes, up to `limit` bytes of them. Safe to use from several threads."""

    limit: int = LIMIT
    epoch: int = 0
    """Goes up when something stored was dropped; what was noted before no longer holds."""
    _shapes: dict[tuple[str, int, bytes], Shape] = field(default_factory=dict)
    _heads: dict[tuple[str, int], int] = field(default_factory=dict)
    """How many of the first bytes of requests of one size are the same each time."""
    _seen: dict[tuple[str, int, bytes], bool] = field(default_factory=dict)
    """Requests that came once, by their first bytes; False if it does not pay to remember them."""
    _nbytes: int = 0

    def read(self, tenant: str, body: bytes) -> Batch | None:
        """Return what `body` carries, if it repeats an earlier request of the tenant; else None."""
        head = self._heads.get((tenant, len(body)))
        shape = None if head is None else self._shapes.get((tenant, len(body), body[:head]))
        if shape is None or not shape.fits(body):
            return None
        shape.hits += 1
        return shape.batch(body, tenant)

    def note(self, tenant: str, body: bytes, batch: Batch, epoch: int) -> None:
        """Remember, from the second time on, that `body` became `batch`, if all of what that refers to was stored.

        `epoch` is what it was before `body` was decoded.
        """
        if batch.tables.keys() != {"samples"} or batch.rejected.total or epoch != self.epoch:
            return
        sight = (tenant, len(body), body[:HEAD])
        if sight not in self._seen:
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen[sight] = True
        elif self._seen[sight] and not self._learn(tenant, body, batch):
            self._seen[sight] = False

    def forget(self) -> None:
        """Forget everything, since something was dropped that shapes may refer to."""
        self.epoch += 1
        self._shapes, self._heads, self._nbytes = {}, {}, 0

    def _learn(self, tenant: str, body: bytes, batch: Batch) -> bool:
        """Return whether there was a shape to remember."""
        shape = shape_of(body, batch, tenant)
        if shape is None:
            return False
        first = int(shape.slots.min())
        head = self._heads.setdefault((tenant, len(body)), first)
        key = (tenant, len(body), body[:head])
        known = self._shapes.get(key)
        if first < head or (known and known.replaced >= MAX_REPLACED):
            return False
        if known:
            # Each midnight is one. What is replaced again and again without having been of use is not worth it.
            shape.replaced = 0 if known.hits >= PAYS else known.replaced + 1
        elif not self._has_room(shape.nbytes):
            return False
        else:
            self._nbytes += shape.nbytes
        self._shapes[key] = shape
        return True

    def _has_room(self, nbytes: int) -> bool:
        if self._nbytes + nbytes > self.limit:
            kept = {key: shape for key, shape in self._shapes.items() if shape.hits}
            for shape in kept.values():
                shape.hits = 0
            self._shapes, self._nbytes = kept, sum(shape.nbytes for shape in kept.values())
        return self._nbytes + nbytes <= self.limit


def shape_of(body: bytes, batch: Batch, tenant: str) -> Shape | None:
    """Return the shape of `body`, which became `batch`; None if it has none, as a request with exemplars has."""
    try:
        gauges, sums = outlines(body)
    except Irregular:
        return None
    points = gauges + sums
    count, rows = len(points.time), batch.tables["samples"]
    resources = list(dict.fromkeys(points.resource))
    targets: list[int] = rows["series_id"][count:].to_pylist()
    # In the order of their resources; two that are told of by one target are told of in some other way.
    if not count or count != batch.items or len(targets) not in (0, len(resources)):
        return None
    of = np.array(points.resource)
    start = np.array(points.start)
    slots = np.concatenate([points.time, points.value, start[start >= 0]])
    skeleton = np.frombuffer(body, np.uint8).copy()
    _words(skeleton)[slots] = 0
    shape = Shape(
        skeleton=skeleton,
        slots=slots,
        time=np.array(points.time),
        start=start,
        value=np.array(points.value),
        is_int=np.array(points.is_int) if any(points.is_int) else None,
        ids=rows["series_id"][:count].to_numpy(),
        targets=[(target, np.flatnonzero(of == one)) for target, one in zip(targets, resources, strict=False)],
        day=int(rows["ts"][0].value) // MILLISECONDS_PER_DAY,
    )
    again = shape.batch(body, tenant)
    return shape if again and _same(again.tables["samples"], rows) else None


def _words(body: npt.NDArray[np.uint8]) -> Words:
    """Return the eight bytes from each place on as a number, little-endian."""
    return np.ndarray((max(0, len(body) - 7),), "<u8", buffer=body.data, strides=(1,))


def _same(rows: pa.Table, others: pa.Table) -> bool:
    """Return whether all rows are the same; a NaN is the same as one with the same bits."""
    return all(np.array_equal(_bits(rows[name]), _bits(others[name])) for name in SAMPLES.names if name != "tenant")


def _bits(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    found = column.combine_chunks().to_numpy(zero_copy_only=False)
    bits: npt.NDArray[Any] = found.view(np.uint64)
    return bits
