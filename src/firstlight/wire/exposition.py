"""The texts that Prometheus scrapes, from families of samples: its own format 0.0.4, and OpenMetrics 1.0.

Formats: <https://prometheus.io/docs/instrumenting/exposition_formats/>,
<https://prometheus.io/docs/specs/om/open_metrics_spec/>. A family is given in the terms of OpenMetrics, and says less
in 0.0.4, which has no units, infos or created times. Names are written as they are: whoever makes a family has checked
them. Any text will do as help or as the value of a label; what is not Unicode becomes question marks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TEXT_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

Labels = tuple[tuple[str, str], ...]
"""Names and values, in the order in which they are shown."""


class FamilyType(StrEnum):
    """What a family's samples are, in the words of OpenMetrics."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value. Its name is the family's and `suffix`: ``_total``, ``_bucket``, ``_sum``, ``_created``."""

    suffix: str
    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """The samples of one name. A counter's or info's name lacks the suffix of its samples, which all have it.

    The name ends in the `unit`, if there is one: ``request_duration_seconds``. A histogram has, for each set of labels,
    its buckets in rising order of ``le`` up to ``+Inf``, then sum and count.
    """

    name: str
    type: FamilyType
    help: str
    samples: tuple[Sample, ...]
    unit: str = ""


def encode_text(families: Iterable[Family]) -> bytes:
    """Return `families` in the Prometheus text format 0.0.4."""
    return _encoded(line for family in families for line in _text_lines(family))


def encode_openmetrics(families: Iterable[Family]) -> bytes:
    """Return `families` in the OpenMetrics text format 1.0."""
    lines = (line for family in families for line in _openmetrics_lines(family))
    return _encoded(lines) + b"# EOF\n"


def float_text(value: float) -> str:
    """Return `value` as both formats write numbers, and buckets their bounds."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


# What 0.0.4 calls a family by is what its samples are called, and an info is a gauge.
_TEXT_SUFFIXES: Final = {FamilyType.COUNTER: "_total", FamilyType.INFO: "_info"}
_TEXT_TYPES: Final = {FamilyType.INFO: "gauge", FamilyType.UNKNOWN: "untyped"}


def _text_lines(family: Family) -> Iterator[str]:
    name = family.name + _TEXT_SUFFIXES.get(family.type, "")
    if family.help:
        yield f"# HELP {name} {_escaped(family.help)}\n"
    yield f"# TYPE {name} {_TEXT_TYPES.get(family.type, family.type.value)}\n"
    for sample in family.samples:
        if sample.suffix != "_created":
            yield _sample_line(family.name, sample)


def _openmetrics_lines(family: Family) -> Iterator[str]:
    yield f"# TYPE {family.name} {family.type.value}\n"
    if family.unit:
        yield f"# UNIT {family.name} {family.unit}\n"
    if family.help:
        yield f"# HELP {family.name} {_quotable(family.help)}\n"
    for sample in family.samples:
        yield _sample_line(family.name, sample)


def _sample_line(name: str, sample: Sample) -> str:
    pairs = ",".join([f'{label}="{_quotable(value)}"' for label, value in sample.labels])
    labels = f"{{{pairs}}}" if pairs else ""
    return f"{name}{sample.suffix}{labels} {float_text(sample.value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quotable(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _encoded(lines: Iterable[str]) -> bytes:
    return "".join(lines).encode("utf-8", "replace")
