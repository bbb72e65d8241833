"""What OpenMetrics demands beyond its syntax, and Prometheus does not look at when it scrapes.

Law: <https://prometheus.io/docs/specs/om/open_metrics_spec/>. For those who want to know whether an exposition is
right; a scrape of one that is not is taken as Prometheus takes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from firstlight.wire.prometheus.entries import Sample, Told, entries, openmetrics_entry
from firstlight.wire.prometheus.exposition import BadExposition
from firstlight.wire.prometheus.families import Group, check_group, check_value
from firstlight.wire.prometheus.labels import METRIC_NAME
from firstlight.wire.prometheus.series_text import Fault

SUFFIXES: Final = {
    "counter": ("_total", "_created"),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "summary": ("", "_sum", "_count", "_created"),
    "info": ("_info",),
    "stateset": ("",),
    "unknown": ("",),
}
"""What the names of a family's samples end with."""

MAX_EXEMPLAR: Final = 128
"""How many characters the labels of an exemplar may have."""

_EXTRA_COMMA: Final = re.compile(rb",\}[ ]*$")
_WITH_EXEMPLARS: Final = (("counter", "_total"), ("histogram", "_bucket"), ("gaugehistogram", "_bucket"))


def check(body: bytes) -> None:
    """Raise BadExposition, with the line and the reason, unless `body` is OpenMetrics in every respect."""
    checker = _Checker()
    at = 0
    try:
        for entry in entries(body, openmetrics_entry, "OpenMetrics"):
            checker.take(entry)
            at = entry.end
        checker.end_family()
    except Fault as fault:
        text = body[at:].split(b"\n", 1)[0]
        raise BadExposition("OpenMetrics", body.count(b"\n", 0, at) + 1, text, str(fault)) from None


@dataclass(slots=True)
class _Checker:
    """Goes through the entries of a body, a family after the other."""

    family: str = ""
    kind: str = "unknown"
    told: set[str] = field(default_factory=set)
    sampled: bool = False
    names: set[str] = field(default_factory=set)
    groups: dict[frozenset[tuple[str, str]], Group] = field(default_factory=dict)
    group: Group | None = None
    unit: str = ""

    def take(self, entry: Told | Sample) -> None:
        if isinstance(entry, Sample):
            self._sample(entry)
            return
        if entry.family != self.family:
            self._begin(entry.family)
        elif self.sampled:
            raise Fault("metadata after the samples of their family")
        if entry.what in self.told:
            raise Fault(f"{entry.what} a second time")
        self.told.add(entry.what)
        if entry.what == "TYPE":
            self.kind = entry.text
        if entry.what == "UNIT":
            self.unit = entry.text
        self._unit()

    def _unit(self) -> None:
        if self.unit and self.kind in ("info", "stateset"):
            raise Fault("a unit of what has none")

    def _begin(self, family: str) -> None:
        self.end_family()
        self.family, self.kind, self.told, self.sampled, self.unit = family, "unknown", set(), False, ""
        self.groups, self.group = {}, None

    def end_family(self) -> None:
        """Check what can be said of a family only when it is whole."""
        for group in self.groups.values():
            check_group(group)
        if self.family or self.sampled:
            taken = {self.family + suffix for suffix in SUFFIXES[self.kind]} | {self.family}
            if taken & self.names:
                raise Fault(f"family {self.family} a second time, or named as the samples of another")
            self.names |= taken

    def _sample(self, sample: Sample) -> None:
        if _EXTRA_COMMA.search(sample.series.rstrip()):
            raise Fault("a comma before }")
        name = sample.labels[METRIC_NAME]
        suffix = name.removeprefix(self.family)
        if not self.family or not name.startswith(self.family) or suffix not in SUFFIXES[self.kind]:
            self._begin(name)
            suffix = ""
        self.sampled = True
        check_value(self.kind, suffix, self.family, sample)
        self._exemplar(suffix, sample)
        key = frozenset(pair for pair in sample.labels.items() if pair[0] not in self._own_labels())
        if self.group is None or self.group.key != key:
            if key in self.groups:
                raise Fault("samples of one metric with those of another between them")
            self.group = self.groups[key] = Group(self.kind, key)
        self.group.add(suffix, sample)

    def _own_labels(self) -> tuple[str, ...]:
        own = {"histogram": "le", "gaugehistogram": "le", "summary": "quantile", "stateset": self.family}
        return METRIC_NAME, own.get(self.kind, METRIC_NAME)

    def _exemplar(self, suffix: str, sample: Sample) -> None:
        if sample.exemplar is None:
            return
        if (self.kind, suffix) not in _WITH_EXEMPLARS:
            raise Fault("an exemplar of what has none")
        if sum(len(part.decode()) for pair in sample.exemplar[2] for part in pair) > MAX_EXEMPLAR:
            raise Fault(f"an exemplar with labels of more than {MAX_EXEMPLAR} characters")
