"""The syntax tree of LogQL: expressions of logs and of metrics. Those of lines are in `stages_ast`.

Every node is frozen and knows its place in the text. Durations are nanoseconds. What Loki's parser changes is changed
here, too: arithmetic of numbers is done, and parentheses are gone; only the spans remember them.
Language: <https://grafana.com/docs/loki/latest/query/>, version 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from firstlight.query.logql.stages_ast import (
    AndFilter,
    BytesFilter,
    CompareOp,
    Decolorize,
    DropLabels,
    DurationFilter,
    Extraction,
    IpFilter,
    JsonParser,
    KeepLabels,
    LabelAssignment,
    LabelFilter,
    LabelFilterStage,
    LabelFormat,
    LabelPick,
    LineFilter,
    LineFormat,
    LineMatch,
    LineOp,
    LogfmtParser,
    Matcher,
    MatchOp,
    Node,
    NumberFilter,
    OrFilter,
    PatternParser,
    RegexpParser,
    Stage,
    StringFilter,
    UnpackParser,
)

__all__ = [
    "AndFilter",
    "Binary",
    "BytesFilter",
    "CompareOp",
    "Conversion",
    "Decolorize",
    "DropLabels",
    "DurationFilter",
    "Expr",
    "Extraction",
    "Grouping",
    "IpFilter",
    "JsonParser",
    "KeepLabels",
    "LabelAssignment",
    "LabelFilter",
    "LabelFilterStage",
    "LabelFormat",
    "LabelPick",
    "LabelReplace",
    "LineFilter",
    "LineFormat",
    "LineMatch",
    "LineOp",
    "LogQuery",
    "LogRange",
    "LogfmtParser",
    "MatchOp",
    "Matcher",
    "Matching",
    "MetricExpr",
    "Node",
    "NumberFilter",
    "NumberLiteral",
    "OrFilter",
    "PatternParser",
    "RangeAggregate",
    "RangeOp",
    "RegexpParser",
    "Stage",
    "StreamSelector",
    "StringFilter",
    "UnpackParser",
    "Unwrap",
    "Variants",
    "Vector",
    "VectorAggregate",
    "VectorOp",
]


class Conversion(StrEnum):
    """What the text of an unwrapped label is, if it is no plain number. Both durations give seconds."""

    BYTES = "bytes"
    DURATION = "duration"
    DURATION_SECONDS = "duration_seconds"


class RangeOp(StrEnum):
    """What is made of the samples of a range."""

    COUNT_OVER_TIME = "count_over_time"
    RATE = "rate"
    RATE_COUNTER = "rate_counter"
    BYTES_OVER_TIME = "bytes_over_time"
    BYTES_RATE = "bytes_rate"
    AVG_OVER_TIME = "avg_over_time"
    SUM_OVER_TIME = "sum_over_time"
    MIN_OVER_TIME = "min_over_time"
    MAX_OVER_TIME = "max_over_time"
    STDVAR_OVER_TIME = "stdvar_over_time"
    STDDEV_OVER_TIME = "stddev_over_time"
    QUANTILE_OVER_TIME = "quantile_over_time"
    FIRST_OVER_TIME = "first_over_time"
    LAST_OVER_TIME = "last_over_time"
    ABSENT_OVER_TIME = "absent_over_time"


class VectorOp(StrEnum):
    """What is made of the samples of a time."""

    SUM = "sum"
    AVG = "avg"
    COUNT = "count"
    MAX = "max"
    MIN = "min"
    STDDEV = "stddev"
    STDVAR = "stdvar"
    BOTTOMK = "bottomk"
    TOPK = "topk"
    APPROX_TOPK = "approx_topk"
    SORT = "sort"
    SORT_DESC = "sort_desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSelector(Node):
    """The streams whose labels match all of `matchers`."""

    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery(Node):
    """The lines of the selected streams that come out of the stages, one after the other."""

    selector: StreamSelector
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrap(Node):
    """The sample of a line is what its label says, converted; `filters` are asked after that, all of them."""

    label: str
    conversion: Conversion | None = None
    filters: tuple[LabelFilter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRange(Node):
    """The lines of a query in the `range` that ends `offset` before a time, without its beginning."""

    query: LogQuery
    range: int
    """Nanoseconds."""
    offset: int = 0
    """Nanoseconds; negative to look ahead."""
    unwrap: Unwrap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping(Node):
    """`by` the labels, or of all but them. `by ()` is one group."""

    without: bool
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeAggregate(Node):
    """An aggregation over a range of lines. `param` is the quantile."""

    op: RangeOp
    range: LogRange
    param: float | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorAggregate(Node):
    """An aggregation over series at one time. `param` is how many topk and its like give."""

    op: VectorOp
    expr: MetricExpr
    param: int | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """How the sides of a binary operation find each other.

    `on`: only `labels` count; otherwise all but `labels`. `group` says which side may have several for one of the
    other, and `include` which labels it takes over from there.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()


BinaryOp: TypeAlias = Literal["or", "and", "unless", "+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """A binary operation. At most one side is a NumberLiteral; `matching` counts only if none is."""

    op: BinaryOp
    left: MetricExpr
    right: MetricExpr
    matching: Matching = Matching()
    returns_bool: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number: a scalar if it is the whole query."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector(Node):
    """`vector(1)`: a vector of one sample without labels."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReplace(Node):
    """Sets `destination` to `replacement` (with `$1`, `${name}`) where `regex` matches all of the label `source`."""

    expr: MetricExpr
    destination: str
    replacement: str
    source: str
    regex: str


MetricExpr: TypeAlias = RangeAggregate | VectorAggregate | Binary | NumberLiteral | Vector | LabelReplace
"""What gives samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants(Node):
    """Several aggregations of the lines of one range, read once; `__variant__` (0, 1, …) tells the series apart."""

    variants: tuple[MetricExpr, ...]
    of: LogRange


Expr: TypeAlias = LogQuery | MetricExpr | Variants
"""A whole query: LogQuery gives lines, the others samples."""
