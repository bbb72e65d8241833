"""The syntax tree of PromQL.

Every node is frozen and knows its place in the text. Durations are milliseconds; where arithmetic of
durations is used, an expression stands in their place until `durations.resolve` has put numbers there.
Language: <https://prometheus.io/docs/prometheus/latest/querying/basics/>, version 3.14.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from firstlight.errors import Span


class ValueType(StrEnum):
    """What an expression evaluates to, in the words of Prometheus."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "instant vector"
    MATRIX = "range vector"


class MatchOp(StrEnum):
    """How a label is compared. A regular expression (RE2) must match the whole value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label of a series must be; a label that a series has not is the empty text."""

    label: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberDuration(Node):
    """A duration in seconds, written as a number, or if `is_duration` as a duration such as `5m`."""

    seconds: float
    is_duration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationCall(Node):
    """`step()`, `range()`, `min_of(…)`, `max_of(…)` within a duration."""

    name: Literal["step", "range", "min", "max"]
    args: tuple[DurationExpr, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationOp(Node):
    """Arithmetic within a duration; without a `left` it is a sign. `wrapped` if it stood in parentheses."""

    op: Literal["+", "-", "*", "/", "%", "^"]
    left: DurationExpr | None
    right: DurationExpr
    wrapped: bool = False


DurationExpr: TypeAlias = NumberDuration | DurationCall | DurationOp
Duration: TypeAlias = int | DurationExpr
"""Milliseconds, or what they are to be computed from."""

At: TypeAlias = int | Literal["start", "end"]
"""`@`: a time in milliseconds, or the start or the end of the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number; `is_duration` if it was written as a duration such as `1h`, which counts in seconds."""

    value: float
    is_duration: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    """A text."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSelector(Node):
    """Series by name and labels. `matchers` contain that of the name, too, if `name` is given."""

    name: str
    matchers: tuple[Matcher, ...]
    offset: Duration = 0
    at: At | None = None
    edges: Literal["", "anchored", "smoothed"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSelector(Node):
    """The samples of `selector`, which carries offset and `@`, over a range. `span` covers all of it."""

    selector: VectorSelector
    range: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Node):
    """An expression evaluated over a range, at times that are multiples of `step`; the default step if that is None."""

    expr: Expr
    range: Duration
    step: Duration | None = None
    offset: Duration = 0
    at: At | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A function of `signatures.FUNCTIONS`."""

    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Node):
    """An aggregation. With `without`, `grouping` are the labels left out. `param` is that of topk and its like."""

    op: str
    expr: Expr
    param: Expr | None = None
    grouping: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True)
class Matching:
    """How the sides of a binary operation find each other.

    `on`: only `labels` count; otherwise all but `labels`. `group` says which side may have several for one of the
    other, and `include` which labels it takes over from there. `fill_left` and `fill_right` are the values of
    experimental `fill`: what a side is taken to be where it has nothing.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    group: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """A binary operation; `matching` is None unless both sides are vectors."""

    op: str
    left: Expr
    right: Expr
    matching: Matching | None = None
    returns_bool: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """A sign."""

    op: Literal["+", "-"]
    expr: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Paren(Node):
    """Parentheses."""

    expr: Expr


Expr: TypeAlias = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Call
    | Aggregate
    | Binary
    | Unary
    | Paren
)
