"""What the samples of one metric must be to each other, and to the type of their family, in OpenMetrics."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from firstlight.wire.prometheus.entries import Sample
from firstlight.wire.prometheus.exposition import NO_TIME
from firstlight.wire.prometheus.floats import read_float
from firstlight.wire.prometheus.series_text import Fault

_COUNTS: Final = frozenset({"_total", "_bucket", "_count", "_gcount"})
"""The samples that count, so cannot be negative or nothing."""


@dataclass(slots=True)
class Group:
    """The samples of one metric: those of a family with the same labels but for `le` and the like."""

    kind: str
    key: frozenset[tuple[str, str]]
    bounds: list[float] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    times: dict[frozenset[tuple[str, str]], int] = field(default_factory=dict)
    last: int | None = None

    def add(self, suffix: str, sample: Sample) -> None:
        """Take a sample. Raise Fault if its time cannot come after those before."""
        if self.last is not None:
            if (self.last == NO_TIME) != (sample.time == NO_TIME):
                raise Fault("a timestamp at some samples of a metric and not at others")
            if sample.time < self.last:
                raise Fault("a timestamp before that of the sample before")
            if sample.time > self.last:
                check_group(self)
                self.bounds, self.counts, self.values = [], [], {}
        self.last = sample.time
        one = frozenset(sample.labels.items())
        if one in self.times and sample.time == NO_TIME:
            raise Fault("a sample a second time")
        self.times[one] = sample.time
        self.values[suffix] = sample.value
        if suffix == "_bucket":
            self.bounds.append(read_float(sample.labels["le"].encode()))
            self.counts.append(sample.value)


def check_value(kind: str, suffix: str, family: str, sample: Sample) -> None:
    """Raise Fault if the value of a sample cannot be that of a family of this type, or a label of the type is wrong."""
    value = sample.value
    counts = suffix in _COUNTS or (kind in ("histogram", "summary") and suffix == "_sum")
    if counts and math.isnan(value):
        raise Fault("NaN as a count")
    if (counts or (kind == "summary" and not suffix)) and value < 0:
        raise Fault("a negative count")
    if suffix in ("_bucket", "_count", "_gcount") and value != math.floor(value) and kind != "gaugehistogram":
        raise Fault("a count that is not whole")
    if suffix == "_bucket":
        _check_number(sample, "le", "+Inf")
    if kind == "summary" and not suffix:
        _check_number(sample, "quantile", "")
        if not 0 <= read_float(sample.labels["quantile"].encode()) <= 1:
            raise Fault("a quantile that is not between 0 and 1")
    if kind == "info" and value != 1:
        raise Fault("an info that is not 1")
    if kind == "stateset":
        if value not in (0, 1):
            raise Fault("a state that is not 0 or 1")
        if family not in sample.labels:
            raise Fault(f"a state without the label {family}")


def _check_number(sample: Sample, label: str, infinity: str) -> None:
    text = sample.labels.get(label)
    if text is None:
        raise Fault(f"no label {label}")
    try:
        found = read_float(text.encode())
    except ValueError:
        raise Fault(f"a label {label} that is not a number") from None
    if math.isnan(found) or (math.isinf(found) and text not in (infinity, "-Inf")):
        raise Fault(f"a label {label} that is not written as it must be")


def check_group(group: Group) -> None:
    """Raise Fault if the samples of a metric at one time, now that they are all there, do not fit each other."""
    kind = group.kind
    if kind not in ("histogram", "gaugehistogram"):
        return
    total, count = ("_sum", "_count") if kind == "histogram" else ("_gsum", "_gcount")
    has_total, has_count = total in group.values, count in group.values
    if not group.bounds or group.bounds[-1] != math.inf:
        if group.values.keys() - {"_created"}:
            raise Fault("a histogram without a bucket +Inf at its end")
        return
    if any(after <= before for before, after in zip(group.bounds, group.bounds[1:], strict=False)):
        raise Fault("buckets that are not in the order of their bounds")
    if any(after < before for before, after in zip(group.counts, group.counts[1:], strict=False)):
        raise Fault("a bucket with less than the one before")
    if has_count and group.values[count] != group.counts[-1]:
        raise Fault("a count that is not that of the bucket +Inf")
    negative = group.bounds[0] < 0
    if kind == "histogram" and negative and has_total:
        raise Fault("a sum of a histogram with negative buckets")
    if has_total != has_count and not (kind == "histogram" and negative):
        raise Fault("a sum without a count, or a count without a sum")
    if kind == "gaugehistogram" and has_total:
        found = group.values[total]
        if math.isnan(found) or (found < 0 and not negative):
            raise Fault("a sum that is NaN, or negative without negative buckets")
