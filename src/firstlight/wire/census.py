"""Counts the series of each tenant and metric on each day, and refuses new ones beyond a limit.

Asked only about series that are not known to be stored for a day: samples of the others pass by without a look. Those
counted stay counted; a refused one is remembered as such, so that it costs little to refuse it again. Counts are kept
of as many days as `MAX_DAYS` and the limit leave room for; a day that falls out of memory, as when old samples are sent
for very many days, begins anew.

Which label is to blame is estimated: see `wire.sketch`. Values are looked at once a metric has half of what it may.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from firstlight.errors import brief
from firstlight.wire.ids import Ids
from firstlight.wire.sketch import LabelSketch

TOO_MANY: Final = "too many series"
TOO_MANY_OF_METRIC: Final = "too many series of a metric"

MAX_DAYS: Final = 256
MAX_IDS: Final = 16_000_000
MAX_REFUSED: Final = 200_000
"""How many refused series of a day are remembered."""

MAX_NAMED: Final = 5
"""How many metrics are named to the sender of one request."""

_NAME: Final = "__name__"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many series a tenant, and one of its metrics, may have on a day; 0 for as many as come."""

    series: int = 0
    of_metric: int = 0


class One(NamedTuple):
    """A series: its id, its metric, its labels."""

    id: int
    metric: str
    labels: Mapping[str, str]


@dataclass(slots=True)
class _Blame:
    """What has too many series, or soon will: its labels, and the words that were last said of it."""

    sketch: LabelSketch = field(default_factory=LabelSketch)
    looked_at: int = 0
    told_at: int = 0
    words: str = ""

    def look(self, labels: Mapping[str, str]) -> None:
        self.sketch.add({name: value for name, value in labels.items() if name != _NAME})
        self.looked_at += 1


@dataclass(slots=True)
class _Day:
    """The series of one tenant on one day."""

    ids: Ids = field(default_factory=Ids)
    metrics: dict[str, int] = field(default_factory=dict)
    blames: dict[str, _Blame] = field(default_factory=dict)
    """By metric; of all together under the empty name."""
    refused: dict[int, str] = field(default_factory=dict)
    """Refused series, and what has too many: a metric, or under the empty name all together."""


class Census:
    """Counts series. Safe to use from several threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._days: OrderedDict[tuple[str, int], _Day] = OrderedDict()
        self._lock = Lock()

    @property
    def limits(self) -> Limits:
        """How many series there may be."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        with self._lock:
            self._limits = limits
            for day in self._days.values():
                day.refused, day.blames = {}, {}

    def count(self, tenant: str, day: int, metric: str = "") -> int:
        """Return how many series a tenant, or one of its metrics, has on a day, counted from 1970."""
        with self._lock:
            found = self._days.get((tenant, day))
            return 0 if found is None else found.metrics.get(metric, 0) if metric else len(found.ids)

    def seed(self, tenant: str, day: int, ids: npt.NDArray[np.uint64], metrics: Mapping[str, int]) -> None:
        """Count what a tenant has stored for a day before: all ids, and how many each metric has."""
        with self._lock:
            self._days[tenant, day] = _Day(Ids(ids), dict(metrics))

    def forget(self, kind: str, day: int) -> None:
        """Take note that the rows of `series` of a day are no longer there: they are counted as they come again."""
        if kind == "series":
            with self._lock:
                for key in [key for key in self._days if key[1] == day]:
                    del self._days[key]

    def refused(self, tenant: str, day: int, ids: Collection[int]) -> dict[int, str]:
        """Return those of `ids` that were refused before, and why."""
        with self._lock:
            found = self._days.get((tenant, day))
            if found is None or not found.refused:
                return {}
            causes = {one: cause for one in ids if (cause := found.refused.get(one)) is not None}
            return self._told(found, causes)

    def admit(self, tenant: str, day: int, groups: Iterable[Sequence[One]]) -> dict[int, str]:
        """Count new series for a day, and return those that are not to be: why, by the id of the first of a group.

        A group is a series, or those of one histogram, which are taken all or not at all.
        """
        if not (self._limits.series or self._limits.of_metric):
            return {}
        groups = list(groups)
        with self._lock:
            found = self._day(tenant, day)
            unknown = found.ids.unknown([one.id for group in groups for one in group])
            causes: dict[int, str] = {}
            for group in groups:
                new = {one.id: one for one in group if one.id in unknown}
                if not new:
                    continue
                cause = self._cause(found, new.values())
                if cause is None:
                    self._add(found, new.values())
                    unknown.difference_update(new)
                else:
                    self._refuse(found, group, cause)
                    causes[group[0].id] = cause
            return self._told(found, causes)

    def _day(self, tenant: str, day: int) -> _Day:
        found = self._days.get((tenant, day))
        if found is None:
            found = self._days[tenant, day] = _Day()
            room = max(MAX_IDS, 2 * self._limits.series)
            while len(self._days) > MAX_DAYS or (
                len(self._days) > 1 and sum(len(one.ids) for one in self._days.values()) > room
            ):
                self._days.popitem(last=False)
        self._days.move_to_end((tenant, day))
        return found

    def _cause(self, day: _Day, new: Collection[One]) -> str | None:
        """Return what would have too many series: a metric, or the empty name; None if nothing would."""
        most, of_metric = self._limits.series, self._limits.of_metric
        if of_metric:
            counts: dict[str, int] = {}
            for one in new:
                counts[one.metric] = counts.get(one.metric, 0) + 1
            for metric, count in counts.items():
                if day.metrics.get(metric, 0) + count > of_metric:
                    return metric
        return "" if most and len(day.ids) + len(new) > most else None

    def _add(self, day: _Day, new: Collection[One]) -> None:
        most, of_metric = self._limits.series, self._limits.of_metric
        for one in new:
            day.ids.add(one.id)
            count = day.metrics[one.metric] = day.metrics.get(one.metric, 0) + 1
            if of_metric and 2 * count > of_metric:
                day.blames.setdefault(one.metric, _Blame()).look(one.labels)
            if most and 2 * len(day.ids) > most:
                day.blames.setdefault("", _Blame()).look(one.labels)

    def _refuse(self, day: _Day, group: Sequence[One], cause: str) -> None:
        blame = day.blames.setdefault(cause, _Blame())
        for one in group:
            if not cause or one.metric == cause:
                blame.look(one.labels)
        if len(day.refused) < MAX_REFUSED:
            day.refused[group[0].id] = cause

    def _told(self, day: _Day, causes: Mapping[int, str]) -> dict[int, str]:
        """Return causes in words; of many metrics some are named."""
        words: dict[str, str] = {}
        for cause in causes.values():
            if cause not in words:
                named = len(words) < MAX_NAMED
                words[cause] = self._words(day, cause) if named else f"{TOO_MANY_OF_METRIC}: of others"
        return {one: words[cause] for one, cause in causes.items()}

    def _words(self, day: _Day, cause: str) -> str:
        blame = day.blames.setdefault(cause, _Blame())
        if not blame.words or blame.looked_at >= 2 * blame.told_at:
            blame.told_at = max(blame.looked_at, 1)
            blame.words = self._said(day, cause, blame.sketch.most())
        return blame.words

    def _said(self, day: _Day, cause: str, label: tuple[str, int] | None) -> str:
        most = (
            f"the label with the most values is {brief(label[0])} (about {_about(label[1]):,})"
            if label
            else "it has no labels"
        )
        if cause:
            allowed = f"the most that ingest.max_series_per_metric allows is {self._limits.of_metric:,}"
            return f"{TOO_MANY_OF_METRIC}: {brief(cause)} has {day.metrics.get(cause, 0):,} that day; {allowed}; {most}"
        allowed = f"the most that ingest.max_series allows is {self._limits.series:,}"
        metric = max(day.metrics, key=lambda one: (day.metrics[one], one), default="")
        largest = f"the metric with the most is {brief(metric)} ({day.metrics.get(metric, 0):,})"
        return f"{TOO_MANY}: there are {len(day.ids):,} that day; {allowed}; {largest}; {most}"


def _about(count: int) -> int:
    """Return an estimate without the digits that mean nothing.

    >>> _about(99), _about(42_574)
    (99, 43000)
    """
    return round(count, min(0, 2 - len(str(count))))
