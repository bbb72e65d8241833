"""Native histograms of remote write: checked as Prometheus does, and laid out as `model.tables.HISTOGRAMS` has them.

A bucket that Prometheus calls i is called i-1 there, as OpenTelemetry counts. With custom bounds the first is 0 in
both, and all buckets up to the last are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.errors import DecodeError
from firstlight.model.staleness import STALE, STALE_BITS
from firstlight.model.tables import CUSTOM_BOUNDS, HISTOGRAMS
from firstlight.wire.otlp.columns import Indices, Mask, constant, offsets, parents
from firstlight.wire.otlp.records import Sieve
from firstlight.wire.remote.spans import Floats, Side, sums
from firstlight.wire.remote.times import milliseconds

MIN_SCHEMA, MAX_SCHEMA = -9, 52
MAX_HINT: Final = 3

MAX_BUCKETS: Final = 16_384
"""How many buckets one side of a histogram may have, with those in its gaps."""

MAX_CELLS: Final = 16_000_000
"""How many of them the histograms of one request may have: a gap of billions takes six bytes."""

BAD_SCHEMA: Final = "histogram schema unknown"
BAD_SPANS: Final = "histogram spans overlap, or do not match its buckets"
BAD_COUNTS: Final = "histogram counts negative, or not summing up to its count"
BAD_BOUNDS: Final = "histogram custom bounds not finite and ascending, or buckets beyond them"
TOO_MANY_BUCKETS: Final = f"histogram of more than {MAX_BUCKETS} buckets"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a histogram is besides its series and times, a row each."""

    columns: pa.StructArray
    positive: Side
    negative: Side
    floats: bool

    @classmethod
    def of(cls, columns: pa.StructArray, *, floats: bool) -> Shape:
        """Return what `columns` describe; all of them have counts that are `floats`, or none has."""
        kind = "counts" if floats else "deltas"
        positive, negative = (Side.of(columns.field(f"{one}_spans"), columns.field(f"{one}_{kind}")) for one in _SIDES)
        if not floats:
            positive, negative = positive.added_up(), negative.added_up()
        return cls(columns, positive, negative, floats)

    def number(self, name: str) -> npt.NDArray[Any]:
        """Return a column of numbers, zero where it has none."""
        found: npt.NDArray[Any] = pc.fill_null(self.columns.field(name), 0).to_numpy(zero_copy_only=False)
        return found

    @property
    def count(self) -> Floats:
        """How many observations there are."""
        return self.number("count_float" if self.floats else "count_int").astype(np.float64)

    @property
    def zero_count(self) -> Floats:
        """How many of them are in the zero bucket."""
        return self.number("zero_count_float" if self.floats else "zero_count_int").astype(np.float64)

    @property
    def custom(self) -> Mask:
        """Which have bounds of their own."""
        found: Mask = self.number("schema") == CUSTOM_BOUNDS
        return found

    @property
    def hint(self) -> npt.NDArray[np.uint8]:
        """What is known of a reset; of a hint that Prometheus does not have, nothing."""
        found = self.number("reset_hint")
        return np.where((found >= 0) & (found <= MAX_HINT), found, 0).astype(np.uint8)

    def check(self, sieve: Sieve) -> None:
        """Refuse what Prometheus refuses."""
        schema = self.number("schema")
        sieve.refuse(BAD_SCHEMA, ((schema < MIN_SCHEMA) | (schema > MAX_SCHEMA)) & ~self.custom)
        sieve.refuse(BAD_SPANS, self.positive.unsound() | self.negative.unsound())
        sieve.refuse(BAD_COUNTS, self._miscounted())
        sieve.refuse(BAD_BOUNDS, self._misbounded())
        for side in (self.positive, self.negative):
            sieve.refuse(TOO_MANY_BUCKETS, side.bounds()[1] > MAX_BUCKETS)

    def _miscounted(self) -> Mask:
        bad = (self.count < 0) | (self.zero_count < 0)
        inside = self.zero_count.copy()
        for side in (self.positive, self.negative):
            bad |= side.any(side.values < 0)
            inside += sums(side.values.astype(np.float64), side.edges)
        if not self.floats:
            # With a sum that is NaN, observations of NaN are counted that are in no bucket.
            unequal = np.where(np.isnan(self.number("sum")), inside > self.count, inside != self.count)
            exact = np.maximum(inside, self.count) < 2**53
            bad |= unequal & exact & ~self.stale
        found: Mask = bad
        return found

    def _misbounded(self) -> Mask:
        lists = self.columns.field("custom_values")
        bounds, rows = lists.flatten().to_numpy(zero_copy_only=False), parents(lists)
        bad = np.zeros(len(lists), np.bool_)
        bad[rows[1:][(np.diff(rows) == 0) & ~(np.diff(bounds) > 0)]] = True
        bad[rows[~np.isfinite(bounds)]] = True
        first, length = self.positive.bounds()
        bad |= (first < 0) | (first + length > np.diff(offsets(lists)) + 1)
        bad |= (np.diff(self.negative.span_edges) > 0) | (self.zero_count != 0) | (self.number("zero_threshold") != 0)
        found: Mask = bad & self.custom
        return found

    @property
    def stale(self) -> Mask:
        """Which say that their series has ended."""
        found: Mask = self.number("sum").view(np.uint64) == STALE_BITS
        return found

    def rows(self, tenant: str, found: npt.NDArray[np.uint64], start: Indices) -> pa.Table:
        """Return the rows of histograms that are all sound, of the series `found`, begun at `start`."""
        custom, bounds = self.custom, self.columns.field("custom_values")
        first, length = self.positive.bounds()
        first = np.where(custom, 0, first)
        length = np.where(custom, np.diff(offsets(bounds)) + 1, length)
        negative_first, negative_length = self.negative.bounds()
        if int(length.sum()) + int(negative_length.sum()) > MAX_CELLS:
            raise DecodeError(
                f"cannot take the histograms: they have more than {MAX_CELLS} buckets, those in gaps counted; "
                "send fewer in one request"
            )
        zero, nowhere = np.zeros(len(found)), np.full(len(found), np.nan)
        columns = [
            constant(tenant, len(found)).cast(pa.string()),
            pa.array(found),
            milliseconds(self.number("timestamp")),
            milliseconds(start),
            pa.array(np.where(self.stale, STALE, self.count)),
            pa.array(self.number("sum")),
            pa.array(nowhere),
            pa.array(nowhere),
            pa.array(self.hint),
            pa.array(self.number("schema").astype(np.int8)),
            pa.array(np.where(custom, zero, self.number("zero_threshold"))),
            pa.array(self.zero_count),
            pa.array(np.where(custom | (length == 0), 0, first - 1).astype(np.int32)),
            self.positive.dense(first, length),
            pa.array(np.where(negative_length == 0, 0, negative_first - 1).astype(np.int32)),
            self.negative.dense(negative_first, negative_length),
            _where(custom, bounds),
        ]
        return pa.Table.from_arrays(columns, schema=HISTOGRAMS)


def _where(mask: Mask, lists: pa.ListArray) -> pa.ListArray:
    """Return `lists`, empty where `mask` is not true."""
    if mask.all():
        return lists.cast(_BOUNDS)
    return pc.if_else(pa.array(mask), lists.cast(_BOUNDS), pa.scalar([], _BOUNDS))


_BOUNDS: Final = HISTOGRAMS.field("bounds").type
_SIDES: Final = ("positive", "negative")
