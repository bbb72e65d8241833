"""The kinds of tokens that PromQL has, and what each is called."""

from __future__ import annotations

from typing import Final, NamedTuple

from firstlight.query.promql.gotext import quote

IDENTIFIER: Final = "identifier"
METRIC_IDENTIFIER: Final = "metric identifier"
NUMBER: Final = "number"
DURATION: Final = "duration"
STRING: Final = "string"
ERROR: Final = "error"
EOF: Final = "end of input"

AGGREGATORS: Final = frozenset(
    "avg bottomk count count_values group limit_ratio limitk max min quantile stddev stdvar sum topk".split()
)
MODIFIERS: Final = frozenset(
    "anchored bool by fill fill_left fill_right group_left group_right ignoring offset on smoothed without".split()
)
PREPROCESSORS: Final = frozenset("start end step range max_of min_of".split())
WORD_OPERATORS: Final = frozenset("and or unless atan2".split())
KEYWORDS: Final = AGGREGATORS | MODIFIERS | PREPROCESSORS | WORD_OPERATORS

OPERATORS: Final = WORD_OPERATORS | {*"+-*/%^@<>", "==", "!=", "<=", ">=", "=~", "!~", "</", ">/"}
METRIC_NAMES: Final = (
    AGGREGATORS
    | PREPROCESSORS
    | frozenset("anchored and by fill fill_left fill_right offset or smoothed unless without".split())
    | {IDENTIFIER, METRIC_IDENTIFIER}
)
"""The kinds that may be the name of a metric."""

BEGINNINGS: Final = METRIC_NAMES | {NUMBER, DURATION, STRING, "(", "{", "+", "-"}
"""The kinds that an expression may begin with."""

LABEL_NAMES: Final = (KEYWORDS - {"without"}) | {IDENTIFIER, METRIC_IDENTIFIER}
"""The kinds that may be a label where labels are listed in parentheses."""


class Token(NamedTuple):
    """A token: its kind, which is the token itself for marks and keywords (in lower case), its text and its place."""

    kind: str
    text: str
    start: int
    end: int


def describe(token: Token) -> str:
    """Return how Prometheus names a token that it did not expect."""
    kind, text = token.kind, token.text
    if kind == EOF:
        return EOF
    if kind in (IDENTIFIER, METRIC_IDENTIFIER):
        return f"{kind} {quote(text)}"
    if kind in MODIFIERS:
        return f"<{text}>"
    if kind in OPERATORS:
        return f"<op:{text}>"
    if kind in AGGREGATORS:
        return f"<aggr:{text}>"
    shown = f"{quote(text[:10])}..." if len(text.encode()) > 10 else quote(text)
    return f"{kind} {shown}" if kind in (NUMBER, DURATION, STRING) else shown
