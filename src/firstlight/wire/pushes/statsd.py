"""StatsD and DogStatsD: counts, gauges, timings and sets, added up between flushes.

Formats: <https://github.com/statsd/statsd/blob/master/docs/metric_types.md>,
<https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/>. A counter grows for as long as the server runs.
Timings, histograms and distributions are summaries: their quantiles are those since the last flush, sum and count grow.
Timings (``ms``) become seconds. A set is a gauge of how many different values there were since the last flush. Names
and tags are made fit for PromQL with ``_``. Events and service checks are not metrics, and are refused as such.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.pushes.labelled import Labelled, key_of
from firstlight.wire.stored import Metadata

QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)
MAX_SERIES: Final = 100_000
MAX_VALUES: Final = 10_000
"""How many timings, or members of a set, are kept of one series until a flush; of timings, more are only counted."""

MALFORMED: Final = "malformed line"
UNSUPPORTED_EVENT: Final = "event, which is not supported"
UNSUPPORTED_CHECK: Final = "service check, which is not supported"
UNKNOWN_TYPE: Final = "metric type unknown"
TOO_MANY_SERIES: Final = f"more than {MAX_SERIES} series"
OTHER_TYPE: Final = "metric sent before with another type"

_NOT_NAME: Final = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_KINDS: Final = {"c": "counter", "g": "gauge", "ms": "summary", "h": "summary", "d": "summary", "s": "gauge"}


class Refused(Exception):
    """A line that cannot be taken; its text is the reason."""


class Update(NamedTuple):
    """What one line says."""

    name: str
    kind: str
    values: tuple[str, ...]
    rate: float
    tags: Mapping[str, str]


def read_update(line: bytes) -> Update:
    """Return what a line says. Raise Refused if it is not one of a metric."""
    if line.startswith(b"_e{"):
        raise Refused(UNSUPPORTED_EVENT)
    if line.startswith(b"_sc|"):
        raise Refused(UNSUPPORTED_CHECK)
    text = line.decode("utf-8", "replace")
    head, _, rest = text.partition("|")
    name, colon, values = head.partition(":")
    kind, *extras = rest.split("|")
    if not colon or not name or not values:
        raise Refused(MALFORMED)
    if kind not in _KINDS:
        raise Refused(UNKNOWN_TYPE)
    rate, tags = 1.0, {}
    for extra in extras:
        if extra.startswith("@"):
            rate = _number(extra[1:])
            if not 0 < rate <= 1:
                raise Refused(MALFORMED)
        elif extra.startswith("#"):
            tags = dict(_tag(tag) for tag in extra[1:].split(",") if tag)
    # Only DogStatsD packs values, and only a set's value may have a colon in it.
    packed = (values,) if kind == "s" else tuple(values.split(":"))
    return Update(_named(_NOT_NAME, name), kind, packed, rate, tags)


@dataclass(slots=True)
class _Series:
    """One series as it is added up."""

    labels: Mapping[str, str]
    kind: str
    total: float = 0.0
    count: float = 0.0
    values: list[float] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    touched: int = 0


class Statsd:
    """Adds up what lines say, and tells it at flushes. Series that are silent for `max_idle_ms` are forgotten."""

    def __init__(self, max_idle_ms: int = 3_600_000) -> None:
        self._series: dict[bytes, _Series] = {}
        self._kinds: dict[str, str] = {}
        self._max_idle_ms = max_idle_ms
        self.refused: dict[str, int] = {}
        """How many lines were refused since the last flush, by reason."""

    def take(self, datagram: bytes, now_ms: int) -> int:
        """Add up the lines of a datagram; return how many were taken."""
        taken = 0
        for line in datagram.split(b"\n"):
            if not line.strip():
                continue
            try:
                self._add(read_update(line.strip()), now_ms)
                taken += 1
            except Refused as reason:
                self.refused[str(reason)] = self.refused.get(str(reason), 0) + 1
        return taken

    def flush(self, tenant: str, now_ms: int) -> tuple[list[Labelled], list[Metadata]]:
        """Return the samples of all series as of `now_ms`, and of which kinds they are; start the next interval."""
        samples: list[Labelled] = []
        metadata: dict[str, Metadata] = {}
        for key, series in list(self._series.items()):
            if now_ms - series.touched > self._max_idle_ms:
                del self._series[key]
                continue
            name = series.labels[METRIC_NAME]
            metadata[name] = Metadata(tenant, name, _KINDS[series.kind], "", "")
            samples.extend(_samples(series, now_ms))
            series.values, series.members = [], set()
        self._kinds = {one.labels[METRIC_NAME]: _KINDS[one.kind] for one in self._series.values()}
        self.refused = {}
        return samples, list(metadata.values())

    def _add(self, update: Update, now_ms: int) -> None:
        numbers = () if update.kind == "s" else tuple(_number(value) for value in update.values)
        series = self._of(update)
        series.touched = now_ms
        match update.kind:
            case "c":
                series.total += math.fsum(numbers) / update.rate
            case "g":
                for value, number in zip(update.values, numbers, strict=True):
                    series.total = series.total + number if value[0] in "+-" else number
            case "s":
                if len(series.members) < MAX_VALUES:
                    series.members.update(update.values)
            case _:
                scale = 0.001 if update.kind == "ms" else 1.0
                series.total += math.fsum(numbers) * scale / update.rate
                series.count += len(numbers) / update.rate
                if len(series.values) < MAX_VALUES:
                    series.values.extend(number * scale for number in numbers)

    def _of(self, update: Update) -> _Series:
        labels = {**update.tags, METRIC_NAME: update.name}
        key = key_of(labels)
        found = self._series.get(key)
        if found is None:
            if self._kinds.setdefault(update.name, _KINDS[update.kind]) != _KINDS[update.kind]:
                raise Refused(OTHER_TYPE)
            if len(self._series) >= MAX_SERIES:
                raise Refused(TOO_MANY_SERIES)
            found = self._series[key] = _Series(labels, update.kind)
        elif _KINDS[found.kind] != _KINDS[update.kind] or (found.kind == "s") != (update.kind == "s"):
            raise Refused(OTHER_TYPE)
        return found


def _samples(series: _Series, now_ms: int) -> Iterator[Labelled]:
    if series.kind in ("c", "g"):
        yield Labelled(series.labels, now_ms, series.total)
    elif series.kind == "s":
        yield Labelled(series.labels, now_ms, float(len(series.members)))
    else:
        name = series.labels[METRIC_NAME]
        found = np.quantile(series.values, QUANTILES).tolist() if series.values else [math.nan] * len(QUANTILES)
        for quantile, value in zip(QUANTILES, found, strict=True):
            yield Labelled({**series.labels, "quantile": str(quantile)}, now_ms, value)
        yield Labelled({**series.labels, METRIC_NAME: f"{name}_sum"}, now_ms, series.total)
        yield Labelled({**series.labels, METRIC_NAME: f"{name}_count"}, now_ms, series.count)


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise Refused(MALFORMED) from None
    if not math.isfinite(found) or "_" in text:
        raise Refused(MALFORMED)
    return found


def _tag(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    return _named(_NOT_LABEL, name or "_"), value if colon else "true"


def _named(unfit: re.Pattern[str], name: str) -> str:
    found = unfit.sub("_", name)
    return f"_{found}" if found[0].isdigit() else found
