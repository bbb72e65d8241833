"""The data points of a request, all those of one kind together, whichever metric they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firstlight.wire.origins import Origin
from firstlight.wire.otlp.columns import Indices, Mask, offsets, parents, slices, times
from firstlight.wire.otlp.names import Kind
from firstlight.wire.otlp.records import TIME_OUT_OF_RANGE, Sieve
from firstlight.wire.otlp.series import DELTA, Description, Directory, Key, Metric, Unfit

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.uint64]

"""Prometheus' "this series has ended", which OTLP sends as a flag."""

NO_RECORDED_VALUE = 1
NO_TIME = "no time"

MAX_COUNTED_ATTRIBUTES = 255


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of a request as their senders describe them, before their points are looked at."""

    tenant: str
    columns: pa.StructArray
    origins: Sequence[Origin]
    texts: tuple[list[bytes], list[bytes], list[bytes]]

    @classmethod
    def of(cls, tenant: str, columns: pa.StructArray, origins: Sequence[Origin]) -> Metrics:
        """Return the metrics of `columns`, each of the origin at its place in `origins`."""
        name, unit, text = (columns.field(member).to_pylist() for member in ("name", "unit", "description"))
        return cls(tenant, columns, origins, (name, unit, text))

    def points(self, *kinds: Kind, directory: Directory) -> Points | None:
        """Return the points of all metrics of these kinds, which have like points; None if there is no such metric."""
        metrics: list[Metric | Unfit | None] = [None] * len(self.columns)
        found: list[tuple[pa.StructArray, Indices]] = []
        for kind in kinds:
            column = self.columns.field(str(kind))
            if column.null_count < len(column):
                for row, described in self._described(kind, column):
                    metrics[row] = directory.metric(described, self.origins[row])
                lists = column.field("data_points")
                found.append((lists.flatten(), parents(lists)))
        if not found:
            return None
        points, metric_of = zip(*found, strict=True)
        return Points.of(metrics, pa.concat_arrays(points), np.concatenate(metric_of))

    def _described(self, kind: Kind, column: pa.StructArray) -> Iterator[tuple[int, Description]]:
        members = {child.name for child in column.type}
        times = column.field("aggregation_temporality").to_pylist() if "aggregation_temporality" in members else None
        grows = column.field("is_monotonic").to_pylist() if "is_monotonic" in members else None
        for row in np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist():
            name, unit, text = (texts[row] for texts in self.texts)
            temporality = times[row] if times and times[row] in (1, 2) else 0
            origin_id = self.origins[row].id
            yield (
                row,
                Description(self.tenant, origin_id, name, unit, text, kind, temporality, bool(grows and grows[row])),
            )


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one kind: `start` and `time` in nanoseconds, and a sieve that has refused what cannot be kept."""

    metrics: Sequence[Metric | Unfit | None]
    columns: pa.StructArray
    metric_of: Indices
    sieve: Sieve
    start: Indices
    time: Indices

    @classmethod
    def of(cls, metrics: Sequence[Metric | Unfit | None], columns: pa.StructArray, metric_of: Indices) -> Points:
        """Return the points of `columns`; those are refused already whose metric or time is no good."""
        sieve = Sieve(len(columns))
        for place, metric in enumerate(metrics):
            if isinstance(metric, Unfit):
                sieve.refuse(str(metric), metric_of == place)
        start, start_fits = times(columns.field("start_time_unix_nano"))
        time, time_fits = times(columns.field("time_unix_nano"))
        sieve.refuse(TIME_OUT_OF_RANGE, ~(start_fits & time_fits))
        sieve.refuse(NO_TIME, time == 0)
        signed = time.astype(np.int64)
        sieve.refuse_far_days(signed)
        return cls(metrics, columns, metric_of, sieve, start.astype(np.int64), signed)

    def __len__(self) -> int:
        return len(self.columns)

    def metric(self, row: int) -> Metric:
        """Return the metric of a point that has a usable one."""
        found = self.metrics[self.metric_of[row]]
        assert isinstance(found, Metric), "points of other metrics are refused at once"
        return found

    def pairs(self, row: int) -> list[bytes]:
        """Return a point's attributes, each a KeyValue's bytes."""
        found: list[bytes] = self.columns.field("attributes")[row].as_py()
        return found

    def keys(self) -> list[Key]:
        """Return what identifies the series of each point: its metric, how many attributes it has, and their bytes."""
        places = np.array([one.place if isinstance(one, Metric) else -1 for one in self.metrics], np.int64)
        attributes = self.columns.field("attributes")
        counts = np.minimum(np.diff(offsets(attributes)), MAX_COUNTED_ATTRIBUTES)
        codes = places[self.metric_of] * (MAX_COUNTED_ATTRIBUTES + 1) + counts
        return list(zip(codes.tolist(), slices(attributes), strict=True))

    def deltas(self) -> list[int]:
        """Return the kept points of delta metrics."""
        return self._where(lambda metric: metric.temporality == DELTA)

    def _where(self, wanted: Callable[[Metric], bool]) -> list[int]:
        chosen = np.array([isinstance(one, Metric) and wanted(one) for one in self.metrics], np.bool_)
        if not chosen.any():
            return []
        return [row for row in np.flatnonzero(chosen[self.metric_of]).tolist() if self.sieve.keeps(row)]

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """Return a column of numbers; NaN where it has none."""
        column = self.columns.field(name)
        filled = pc.fill_null(column, np.nan) if column.null_count else column
        found: npt.NDArray[Any] = filled.to_numpy(zero_copy_only=False)
        return found

    @property
    def stale(self) -> Mask:
        """Which points say that there is no value."""
        found: Mask = (self.numbers("flags") & NO_RECORDED_VALUE).astype(np.bool_)
        return found


def milliseconds(nanoseconds: Indices) -> pa.Array:
    """Return nanoseconds since 1970 as a column of times in milliseconds."""
    return pa.array(nanoseconds // 1_000_000).view(pa.timestamp("ms"))
