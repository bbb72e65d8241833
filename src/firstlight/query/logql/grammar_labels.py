"""The grammar of labels: matchers, selectors, groups, what is dropped, kept, extracted and assigned."""

from __future__ import annotations

from typing import Final

from firstlight.errors import Span
from firstlight.model.regex import BadRegex
from firstlight.model.regex import check as check_regex
from firstlight.query.logql.ast import (
    Extraction,
    Grouping,
    LabelAssignment,
    LabelPick,
    Matcher,
    MatchOp,
    StreamSelector,
)
from firstlight.query.logql.parser_cursor import Cursor
from firstlight.query.logql.tokens import IDENTIFIER, STRING, Token

MATCH_MARKS: Final = ("=", "=~", "!~", "!=")


def selector(cursor: Cursor) -> StreamSelector:
    """Read `{a="b", …}`."""
    start = cursor.expect("{").start
    matchers = []
    if cursor.kind not in (IDENTIFIER, "}"):
        cursor.unexpected(IDENTIFIER, "}")
    while cursor.kind != "}":
        matchers.append(matcher(cursor, cursor.expect(IDENTIFIER)))
        if cursor.kind not in ("}", ","):
            cursor.unexpected("}", ",")
        if cursor.takes(",") and cursor.kind != IDENTIFIER:
            cursor.unexpected(IDENTIFIER)
    cursor.take()
    return StreamSelector(matchers=tuple(matchers), span=cursor.span(start))


def matcher(cursor: Cursor, label: Token) -> Matcher:
    """Read what follows `label` in a matcher."""
    op = MatchOp(cursor.expect(*MATCH_MARKS).kind)
    return matcher_of(cursor, label, op, cursor.expect(STRING))


def matcher_of(cursor: Cursor, label: Token, op: MatchOp, text: Token) -> Matcher:
    """Return the matcher, whose regular expression is checked."""
    value = str(text.value)
    if op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
        try:
            check_regex(value)
        except BadRegex as error:
            cursor.refuse(str(error), Span(text.start, text.end))
    return Matcher(label=label.text, op=op, value=value, span=cursor.span(label.start))


def labels(cursor: Cursor) -> tuple[str, ...]:
    """Read `(a, b)`."""
    cursor.expect("(")
    if cursor.takes(")"):
        return ()
    names = [cursor.expect(IDENTIFIER, ")").text]
    while cursor.takes(","):
        names.append(cursor.expect(IDENTIFIER).text)
    cursor.expect(",", ")")
    return tuple(names)


def grouping(cursor: Cursor) -> Grouping | None:
    """Read `by (…)` or `without (…)`, if it is there."""
    if cursor.kind not in ("by", "without"):
        return None
    word = cursor.take()
    return Grouping(without=word.kind == "without", labels=labels(cursor), span=cursor.span(word.start))


def picks(cursor: Cursor) -> tuple[LabelPick, ...]:
    """Read what is dropped or kept."""
    found = [_pick(cursor)]
    while cursor.takes(","):
        found.append(_pick(cursor))
    return tuple(found)


def _pick(cursor: Cursor) -> LabelPick:
    name = cursor.expect(IDENTIFIER)
    if cursor.kind not in MATCH_MARKS:
        return LabelPick(label=name.text, span=cursor.span(name.start))
    return LabelPick(label=name.text, matcher=matcher(cursor, name), span=cursor.span(name.start))


def extractions(cursor: Cursor) -> tuple[Extraction, ...]:
    """Read `label="path", label`, if it is there."""
    if cursor.kind != IDENTIFIER:
        return ()
    found = [_extraction(cursor)]
    while cursor.takes(","):
        found.append(_extraction(cursor))
    return tuple(found)


def _extraction(cursor: Cursor) -> Extraction:
    name = cursor.expect(IDENTIFIER)
    path = str(cursor.expect(STRING).value) if cursor.takes("=") else name.text
    return Extraction(label=name.text, path=path, span=cursor.span(name.start))


def assignments(cursor: Cursor) -> tuple[LabelAssignment, ...]:
    """Read `a=b, c="{{.d}}"`."""
    found = [_assignment(cursor)]
    while cursor.takes(","):
        found.append(_assignment(cursor))
    return tuple(found)


def _assignment(cursor: Cursor) -> LabelAssignment:
    name = cursor.expect(IDENTIFIER)
    cursor.expect("=")
    source = cursor.expect(IDENTIFIER, STRING)
    is_template = source.kind == STRING
    text = str(source.value) if is_template else source.text
    return LabelAssignment(label=name.text, source=text, is_template=is_template, span=cursor.span(name.start))
