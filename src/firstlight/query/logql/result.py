"""What a query of LogQL answers: streams of lines, or one of Prometheus' shapes. Times are nanoseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from firstlight.query.logql.lines import Labels, Times
from firstlight.query.logql.stats import Stats
from firstlight.query.promql.values import Floats


class Direction(StrEnum):
    """Which lines are found first, and in which order they stand."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line. `metadata` and `parsed` are the labels that are no label of its stream in the store."""

    ts: int
    line: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    parsed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """Lines with the same labels, newest first if that is the direction of the query.

    The labels are all that its lines have, or with categorized labels those of the stream in the store only.
    """

    labels: Mapping[str, str]
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Streams:
    """The answer to a log query (`streams`), ordered by labels."""

    streams: Sequence[Stream]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values at some of the steps of a query. A label may be there and be empty."""

    labels: Labels
    times: Times
    values: Floats


@dataclass(frozen=True, slots=True)
class Matrix:
    """The answer to a metric query over a range (`matrix`), ordered by labels; no series is without values."""

    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Sample:
    """A series with its value at the only step."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class VectorResult:
    """The answer to a metric query at an instant (`vector`), ordered by labels, or as `sort` has it."""

    time: int
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class ScalarResult:
    """The answer to a literal at an instant (`scalar`)."""

    time: int
    value: float


Result: TypeAlias = Streams | Matrix | VectorResult | ScalarResult


@dataclass(frozen=True, slots=True)
class Answered:
    """A result, what it took, and what is to be told beside it."""

    result: Result
    stats: Stats
    warnings: Sequence[str] = ()
