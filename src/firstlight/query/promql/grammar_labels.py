"""Labels in a query: the matchers of a selector, and the names that group or match series."""

from __future__ import annotations

from typing import Final

from firstlight.errors import Span
from firstlight.model import regex
from firstlight.query.promql import literals
from firstlight.query.promql.ast import Matcher, MatchOp, VectorSelector
from firstlight.query.promql.cursor import Cursor
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.tokens import IDENTIFIER, LABEL_NAMES, METRIC_NAMES, STRING, Token

NAME: Final = "__name__"

_OPS: Final = {op.value: op for op in MatchOp}
_GROUPING: Final = "grouping opts"
_MATCHING: Final = "label matching"


def selector(cursor: Cursor) -> VectorSelector:
    """Read a selector, from the name of its metric or its brace on."""
    if cursor.kind in METRIC_NAMES:
        return named_selector(cursor, cursor.take())
    if cursor.kind != "{":
        cursor.unexpected()
    start = cursor.token.start
    matchers, end = _matchers(cursor)
    return VectorSelector(name="", matchers=tuple(matchers), span=Span(start, end))


def named_selector(cursor: Cursor, name: Token) -> VectorSelector:
    """Read what follows the name of a metric."""
    matchers, end = _matchers(cursor) if cursor.kind == "{" else ([], name.end)
    matchers.append(Matcher(NAME, MatchOp.EQUAL, name.text))
    return VectorSelector(name=name.text, matchers=tuple(matchers), span=Span(name.start, end))


def _matchers(cursor: Cursor) -> tuple[list[Matcher], int]:
    """Read matchers in braces; return them and where they end."""
    cursor.take()
    matchers: list[Matcher] = []
    while cursor.kind != "}":
        matchers.append(_matcher(cursor))
        if not cursor.takes(","):
            break
    if cursor.kind != "}":
        cursor.unexpected(_MATCHING, '"," or "}"')
    return matchers, cursor.take().end


def _matcher(cursor: Cursor) -> Matcher:
    first = cursor.token
    if cursor.kind == STRING:
        name = literals.string(cursor.take().text)
        if cursor.kind not in _OPS:
            return Matcher(NAME, MatchOp.EQUAL, name)
    elif cursor.kind == IDENTIFIER:
        name = cursor.take().text
        if cursor.kind not in _OPS:
            cursor.unexpected(_MATCHING, "label matching operator")
    else:
        cursor.unexpected(_MATCHING, 'identifier or "}"')
    op = _OPS[cursor.take().kind]
    last = cursor.expect(STRING, _MATCHING, "string")
    value = literals.string(last.text)
    if op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
        try:
            regex.check(value)
        except regex.BadRegex as error:
            cursor.refuse(str(error), Span(first.start, last.end))
    return Matcher(name, op, value)


def label_names(cursor: Cursor) -> tuple[str, ...]:
    """Read names of labels in parentheses."""
    if cursor.kind != "(":
        cursor.unexpected(_GROUPING, '"("')
    cursor.take()
    names: list[str] = []
    while cursor.kind != ")":
        names.append(_label_name(cursor))
        if not cursor.takes(","):
            break
    if cursor.kind != ")":
        cursor.unexpected(_GROUPING, '"," or ")"')
    cursor.take()
    return tuple(names)


def _label_name(cursor: Cursor) -> str:
    token = cursor.token
    if cursor.kind == STRING:
        name = literals.string(token.text)
    elif cursor.kind in LABEL_NAMES:
        name = token.text
    else:
        cursor.unexpected(_GROUPING, "label")
    if not name or not regex.is_utf8(name):
        cursor.refuse(f"invalid label name for grouping: {quote(name)}", Span(token.start, token.end))
    cursor.take()
    return name
