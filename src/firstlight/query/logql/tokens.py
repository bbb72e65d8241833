"""The kinds of tokens that LogQL has, named as Loki names them in its errors."""

from __future__ import annotations

from typing import Final, NamedTuple

IDENTIFIER: Final = "IDENTIFIER"
STRING: Final = "STRING"
NUMBER: Final = "NUMBER"
BYTES: Final = "BYTES"
DURATION: Final = "DURATION"
RANGE: Final = "RANGE"
FLAG: Final = "FUNCTION_FLAG"
ERROR: Final = "error"
END: Final = "$end"

RANGE_OPERATIONS: Final = frozenset(
    """
    rate rate_counter count_over_time bytes_rate bytes_over_time avg_over_time sum_over_time min_over_time
    max_over_time stdvar_over_time stddev_over_time quantile_over_time first_over_time last_over_time
    absent_over_time
    """.split()
)
VECTOR_OPERATIONS: Final = frozenset(
    "sum avg max min count stddev stdvar bottomk topk sort sort_desc approx_topk".split()
)
CONVERSIONS: Final = frozenset("bytes duration duration_seconds".split())

FUNCTIONS: Final = {
    **{name: name.upper() for name in (*RANGE_OPERATIONS, *VECTOR_OPERATIONS, "vector")},
    **{name: f"{name.upper()}_CONV" for name in CONVERSIONS},
    "label_replace": "label_replace",
    "ip": "ip",
}
"""Words that mean something only before a parenthesis, `by` or `without`, and the kinds of their tokens."""

KEYWORDS: Final = frozenset(
    """
    unwrap by without bool offset on ignoring group_left group_right or and unless json regexp logfmt unpack pattern
    label_format line_format decolorize drop keep variants of
    """.split()
)
"""Words that mean something everywhere, and so can be no label's name."""

MARKS: Final = frozenset([*"""{}=|()[],.+-*/%^<>""", "!=", "=~", "!~", "!>", "|=", "|~", "|>", "==", ">=", "<="])

CONVERSION_KINDS: Final = tuple(FUNCTIONS[name] for name in ("bytes", "duration", "duration_seconds"))
RANGE_KINDS: Final = {FUNCTIONS[name]: name for name in RANGE_OPERATIONS}
VECTOR_KINDS: Final = {FUNCTIONS[name]: name for name in VECTOR_OPERATIONS}
LINE_FILTERS: Final = frozenset(["|=", "!=", "|~", "!~", "|>", "!>"])


class Token(NamedTuple):
    """A token: its kind, its text, its place, and what its text says if that is not the text itself.

    `line` is the one that Loki gives for it: 0, by an oversight of its lexer, for tokens that it reads in two steps.
    """

    kind: str
    text: str
    start: int
    end: int
    value: str | int = ""
    stepwise: bool = False
