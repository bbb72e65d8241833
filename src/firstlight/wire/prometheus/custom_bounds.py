"""Classic histograms made native ones with custom bounds: one series instead of one for each bucket."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from firstlight.model.tables import CUSTOM_BOUNDS
from firstlight.wire.prometheus import native
from firstlight.wire.prometheus.exposition import NO_TIME, Exemplar, Exposition
from firstlight.wire.prometheus.floats import read_float
from firstlight.wire.prometheus.labels import METRIC_NAME, Labels

_ENDS = ("_bucket", "_sum", "_count")

Group = tuple[str, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class _Rows:
    """The rows of one classic histogram; -1 where it has none."""

    buckets: list[tuple[float, int]] = field(default_factory=list)
    sum: int = -1
    count: int = -1

    @property
    def all(self) -> list[int]:
        return [row for row in (*(row for _, row in self.buckets), self.sum, self.count) if row >= 0]


class Converter:
    """Converts the bodies of one sender, whose rows are mostly the same.

    `labels` reads a key, `key` makes one of a histogram's name and a key of one of its rows.
    """

    def __init__(self, labels: Callable[[bytes], Labels], key: Callable[[str, bytes], bytes]) -> None:
        self._labels = labels
        self._key = key
        self._keys: list[bytes] = []
        self._groups: dict[bytes, _Rows] = {}

    def convert(self, found: Exposition, *, classic: bool) -> Exposition:
        """Return `found` with its classic histograms as native ones; with `classic`, as both.

        Those that are native already stay so; those that contradict themselves stay classic.
        """
        if found.keys is not self._keys and found.keys != self._keys:
            self._keys, self._groups = found.keys, self._grouped(found)
        native_already = set(found.histogram_keys)
        rows: list[dict[str, object]] = []
        keys: list[bytes] = []
        row_of: dict[int, int] = {}
        for key, group in self._groups.items():
            made = None if key in native_already else _histogram(found, group)
            if made is not None:
                row_of |= dict.fromkeys(group.all, len(found.histogram_keys) + len(rows))
                keys.append(key)
                rows.append(made)
        if not rows:
            return found
        before = [] if found.histograms is None else found.histograms.to_pylist()
        moved = [
            one._replace(row=row_of[one.row]) for one in found.exemplars if one.row in row_of and one.time != NO_TIME
        ]
        converted = replace(
            found,
            histogram_keys=[*found.histogram_keys, *keys],
            histograms=native.columns([*before, *rows]),
            histogram_exemplars=(*found.histogram_exemplars, *moved),
        )
        return converted if classic else _without(converted, row_of)

    def _grouped(self, found: Exposition) -> dict[bytes, _Rows]:
        histograms = {family.name for family in found.families if family.type == "histogram"}
        ends = {family + end: (family, end) for family in histograms for end in _ENDS}
        groups: dict[Group, _Rows] = {}
        keys: dict[Group, bytes] = {}
        for row, key in enumerate(found.keys):
            labels = dict(self._labels(key))
            family, end = ends.get(labels.pop(METRIC_NAME), ("", ""))
            bound = labels.pop("le", "") if end == "_bucket" else ""
            if not family or (end == "_bucket" and not _is_number(bound)):
                continue
            group = (family, frozenset(labels.items()))
            rows = groups.setdefault(group, _Rows())
            if group not in keys:
                keys[group] = self._key(family, key)
            if end == "_bucket":
                rows.buckets.append((read_float(bound.encode()), row))
            elif end == "_sum":
                rows.sum = row
            else:
                rows.count = row
        for rows in groups.values():
            rows.buckets.sort()
        return {keys[group]: rows for group, rows in groups.items()}


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(read_float(text.encode()))
    except ValueError:
        return False


def _histogram(found: Exposition, group: _Rows) -> dict[str, object] | None:
    """Return a classic histogram as a row of native ones; None if it contradicts itself."""
    bounds = [bound for bound, _ in group.buckets]
    counts = found.values[[row for _, row in group.buckets]] if bounds else np.zeros(0)
    total = float(found.values[group.count]) if group.count >= 0 else float(counts[-1]) if bounds else math.nan
    if not bounds or bounds[-1] != math.inf:
        bounds, counts = [*bounds, math.inf], np.append(counts, total)
    each = np.diff(counts, prepend=0.0)
    if math.isnan(total) or counts[-1] != total or (each < 0).any() or len(set(bounds)) < len(bounds):
        return None
    whole = bool((counts == np.floor(counts)).all()) and total < 2**53
    rows = group.all
    spans = [{"offset": 0, "length": len(bounds)}]
    return {
        "count_int": int(total) if whole else None,
        "count_float": None if whole else total,
        "sum": float(found.values[group.sum]) if group.sum >= 0 else 0.0,
        "schema": CUSTOM_BOUNDS,
        "zero_threshold": 0.0,
        "zero_count_int": 0 if whole else None,
        "zero_count_float": None if whole else 0.0,
        "negative_spans": [],
        "negative_deltas": [],
        "negative_counts": [],
        "positive_spans": spans,
        "positive_deltas": np.diff(each, prepend=0.0).astype(np.int64).tolist() if whole else [],
        "positive_counts": [] if whole else each.tolist(),
        "reset_hint": 0,
        "timestamp": NO_TIME if found.times is None else int(found.times[rows[0]]),
        "custom_values": bounds[:-1],
        "start_timestamp": 0 if found.starts is None else int(found.starts[rows].max()),
    }


def _without(found: Exposition, gone: dict[int, int]) -> Exposition:
    """Return the samples that are not in the rows `gone`."""
    kept = np.ones(len(found.keys), np.bool_)
    kept[list(gone)] = False
    rows = np.flatnonzero(kept)
    place = {row: at for at, row in enumerate(rows.tolist())}
    exemplars: Sequence[Exemplar] = [one._replace(row=place[one.row]) for one in found.exemplars if one.row in place]
    return replace(
        found,
        keys=[found.keys[row] for row in rows.tolist()],
        values=found.values[rows],
        times=None if found.times is None else found.times[rows],
        starts=None if found.starts is None else found.starts[rows],
        exemplars=tuple(exemplars),
    )
