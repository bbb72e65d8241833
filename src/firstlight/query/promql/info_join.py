"""`info`: labels of info series, such as `target_info`, added to the series of the same instance and job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from firstlight.query.promql.ast import Matcher
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.labels import NAME, joined, label_text, value_of
from firstlight.query.promql.matchers import matches, matches_all
from firstlight.query.promql.places import filled
from firstlight.query.promql.select import select, select_times
from firstlight.query.promql.values import Labels, Samples, Times, Vector
from firstlight.query.promql.vectors import empty, stacked, taken

IDENTIFYING: Final = ("instance", "job")
"""The labels by which info series are found."""

Signature = tuple[str, ...]


def with_info(
    base: Vector, found: Samples, matchers: Sequence[Matcher], asked: Sequence[Matcher], times: Times, lookback: int
) -> Vector:
    """Return `base` with the labels of the info series in `found`.

    `matchers` say which series are info series; of `asked`, those that are not about the name say which labels to take.
    """
    names = [each for each in matchers if each.label == NAME]
    data = [each for each in asked if each.label != NAME]
    plain = [row for row, labels in enumerate(base.labels) if matches_all(names, {NAME: value_of(labels, NAME)})]
    others = sorted(set(range(len(base))) - set(plain))
    joiner = _Joiner(found, data, times, lookback)
    result = taken(base, np.asarray(plain, dtype=np.int64))
    for row in others:
        result = stacked(result, joiner.joined(taken(base, np.asarray([row], dtype=np.int64))))
    return joined(result) if len(result) else empty(len(times))


class _Joiner:
    """Finds the info series of a series at each step: the newest of each name with the same identifying labels."""

    def __init__(self, found: Samples, data: Sequence[Matcher], times: Times, lookback: int) -> None:
        self.data = data
        vector = select(found, times, lookback)
        for row in range(len(vector)):
            if vector.histograms is not None and bool(filled(vector.histograms[row]).any()):
                raise EvaluationFailed(
                    f"this should be an info metric, with float samples: {label_text(vector.labels[row])}"
                )
        taken_at = select_times(found, times, lookback)
        self.labels = taken_at.labels
        self.newest: dict[tuple[str, Signature], Times] = {}
        rows: dict[tuple[str, Signature], list[int]] = {}
        for row, labels in enumerate(taken_at.labels):
            rows.setdefault((value_of(labels, NAME), _signature(labels)), []).append(row)
        for key, same in rows.items():
            self.newest[key] = self._newest(taken_at, same)

    def _newest(self, times: Vector, rows: Sequence[int]) -> Times:
        """Return which of the rows has the newest sample at each step, -1 where none has one."""
        when = np.where(times.present[rows], times.floats[rows], -np.inf)
        order = np.argsort(-when, axis=0, kind="stable")
        if len(rows) > 1:
            first, second = (np.take_along_axis(when, order[k : k + 1], axis=0)[0] for k in (0, 1))
            twins = np.flatnonzero((first == second) & np.isfinite(first))
            if len(twins):
                step = int(twins[0])
                one, other = sorted(rows[int(order[k, step])] for k in (0, 1))
                at = int(first[step] * 1000)
                raise EvaluationFailed(
                    f"found duplicate series for info metric: existing {label_text(self.labels[one])} @ {at},"
                    f" new {label_text(self.labels[other])} @ {at}"
                )
        best = np.asarray(rows, dtype=np.int64)[order[0]]
        newest: Times = np.where(times.present[rows].any(axis=0), best, -1)
        return newest

    def joined(self, series: Vector) -> Vector:
        """Return one series with the labels of its info series: one for each combination of these over the steps."""
        labels = series.labels[0]
        signature = _signature(labels)
        chosen = [rows for (_, of), rows in self.newest.items() if of == signature]
        steps = series.present.shape[1]
        grid = np.stack(chosen) if chosen else np.full((1, steps), -1)
        combinations, which = np.unique(grid, axis=1, return_inverse=True)
        result = empty(steps)
        for number in range(combinations.shape[1]):
            present = series.present & (which.reshape(-1) == number)[np.newaxis]
            infos = [self.labels[row] for row in combinations[:, number].tolist() if row >= 0]
            if not bool(present.any()) or not (infos or all(matches(each, "") for each in self.data)):
                continue
            enriched = self._enriched(labels, infos)
            part = Vector([enriched], series.floats, present, series.histograms, series.nameless)
            result = stacked(result, part)
        return result

    def _enriched(self, labels: Labels, infos: Sequence[Labels]) -> Labels:
        own: Mapping[str, str] = dict(labels)
        wanted = {each.label for each in self.data}
        added: dict[str, str] = {}
        for info in infos:
            for label, value in info:
                if label == NAME or (wanted and label not in wanted):
                    continue
                if added.get(label, value) != value:
                    raise EvaluationFailed(f"conflicting label: {label}")
                if label not in own:
                    added[label] = value
        return tuple(sorted({**own, **added}.items()))


def _signature(labels: Labels) -> Signature:
    return tuple(value_of(labels, name) for name in IDENTIFYING)
