"""The part of LogQL's syntax tree that is about lines: matchers, line filters, parsers, label filters, formats.

Import the names from `firstlight.query.logql.ast`, which has them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from firstlight.errors import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have."""

    span: Span


class MatchOp(StrEnum):
    """How a label is compared with a text. A regular expression (RE2) must match the whole value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class CompareOp(StrEnum):
    """How a label is compared with a number, a duration, a size, a range of addresses. `=` has become `==`."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    GREATER = ">"
    GREATER_EQUAL = ">="
    LESS = "<"
    LESS_EQUAL = "<="


class LineOp(StrEnum):
    """How a line is filtered. A regular expression (RE2) may match anywhere in the line."""

    CONTAINS = "|="
    NOT_CONTAINS = "!="
    REGEX = "|~"
    NOT_REGEX = "!~"
    PATTERN = "|>"
    NOT_PATTERN = "!>"

    @property
    def negated(self) -> bool:
        """Whether lines that match are dropped."""
        return self.value[0] == "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher(Node):
    """What a label must be; a label that is not there is the empty text."""

    label: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMatch(Node):
    """What is sought in a line: `text` by the filter's operator, or if `is_ip` an address within the range `text`."""

    text: str
    is_ip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter(Node):
    """Keeps the lines that one of `matches` is in; with a negated operator those that none is in. Never empty."""

    op: LineOp
    matches: tuple[LineMatch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction(Node):
    """A label and the path (json) or the key (logfmt) that it is taken from; written alone, both are the same."""

    label: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonParser(Node):
    """`| json`: every field of the line is a label, or only `extractions` if there are some."""

    extractions: tuple[Extraction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogfmtParser(Node):
    """`| logfmt`: every key of the line is a label, or only `extractions` if there are some."""

    strict: bool = False
    keep_empty: bool = False
    extractions: tuple[Extraction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexpParser(Node):
    """`| regexp "…"`: the named groups of a regular expression are labels."""

    regex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternParser(Node):
    """`| pattern "<ip> - <_>"`: the named captures are labels."""

    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackParser(Node):
    """`| unpack`: the line is a JSON object of labels and, as `_entry`, the line itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decolorize(Node):
    """`| decolorize`: the line without ANSI's colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StringFilter(Node):
    """A label compared with a text."""

    matcher: Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFilter(Node):
    """A label that is a number, compared."""

    label: str
    op: CompareOp
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationFilter(Node):
    """A label that is a duration (Go's `ParseDuration`), compared."""

    label: str
    op: CompareOp
    nanoseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesFilter(Node):
    """A label that is a size such as `20MB`, compared."""

    label: str
    op: CompareOp
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IpFilter(Node):
    """A label that is an address, within `pattern` (an address, `a-b`, or CIDR) or not; `op` is EQUAL or NOT_EQUAL."""

    label: str
    op: CompareOp
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AndFilter(Node):
    """Both; written `and`, with a comma, or one after the other."""

    left: LabelFilter
    right: LabelFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class OrFilter(Node):
    """Either; the right one is not asked if the left one is true."""

    left: LabelFilter
    right: LabelFilter


LabelFilter: TypeAlias = StringFilter | NumberFilter | DurationFilter | BytesFilter | IpFilter | AndFilter | OrFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFilterStage(Node):
    """`| status >= 500 and method = "GET"`: keeps the lines whose labels pass."""

    filter: LabelFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFormat(Node):
    """`| line_format "{{.method}}"`: the line is what the template (Go's text/template) gives."""

    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAssignment(Node):
    """`label="{{.template}}"`, or without `is_template` `label=source`: the label `source` is renamed."""

    label: str
    source: str
    is_template: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFormat(Node):
    """`| label_format a=b, c="{{.d}}"`: labels renamed and made, in this order."""

    assignments: tuple[LabelAssignment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPick(Node):
    """A label that is dropped or kept; with a matcher only if its value matches."""

    label: str
    matcher: Matcher | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLabels(Node):
    """`| drop a, b="x"`."""

    picks: tuple[LabelPick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepLabels(Node):
    """`| keep a, b="x"`: all other labels go."""

    picks: tuple[LabelPick, ...]


Stage: TypeAlias = (
    LineFilter
    | JsonParser
    | LogfmtParser
    | RegexpParser
    | PatternParser
    | UnpackParser
    | Decolorize
    | LabelFilterStage
    | LineFormat
    | LabelFormat
    | DropLabels
    | KeepLabels
)
"""A step of a pipeline."""
