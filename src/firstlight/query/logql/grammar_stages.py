"""The grammar of pipelines: line filters and the stages after a bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firstlight.query.logql.ast import (
    Decolorize,
    DropLabels,
    JsonParser,
    KeepLabels,
    LabelFilterStage,
    LabelFormat,
    LineFilter,
    LineFormat,
    LineMatch,
    LineOp,
    LogfmtParser,
    PatternParser,
    RegexpParser,
    Stage,
    UnpackParser,
)
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.grammar_filters import ip_pattern, label_filter
from firstlight.query.logql.grammar_labels import assignments, extractions, picks
from firstlight.query.logql.parser_cursor import Cursor
from firstlight.query.logql.pattern_stage import compile_pattern
from firstlight.query.logql.regexp_stage import compile_regexp
from firstlight.query.logql.tokens import FLAG, IDENTIFIER, LINE_FILTERS, STRING


def begins_stage(cursor: Cursor) -> bool:
    """Return whether a stage comes here; `| unwrap` is none."""
    return cursor.kind in LINE_FILTERS or (cursor.kind == "|" and cursor.peek() != "unwrap")


def stages(cursor: Cursor) -> tuple[Stage, ...]:
    """Read stages, as many as come."""
    found: list[Stage] = []
    while begins_stage(cursor):
        found.append(_line_filter(cursor) if cursor.kind in LINE_FILTERS else _stage(cursor))
    return tuple(found)


def _line_filter(cursor: Cursor) -> LineFilter:
    op = cursor.take()
    matches = [_line_match(cursor)]
    while cursor.takes("or"):
        matches.append(_line_match(cursor))
    return LineFilter(op=LineOp(op.kind), matches=tuple(matches), span=cursor.span(op.start))


def _line_match(cursor: Cursor) -> LineMatch:
    start = cursor.token.start
    if cursor.kind == "ip":
        return LineMatch(text=ip_pattern(cursor), is_ip=True, span=cursor.span(start))
    return LineMatch(text=str(cursor.expect(STRING, "ip").value), span=cursor.span(start))


def _stage(cursor: Cursor) -> Stage:
    start = cursor.take().start
    if cursor.kind in (IDENTIFIER, "("):
        return LabelFilterStage(filter=label_filter(cursor), span=cursor.span(start))
    if cursor.kind not in _STAGES:
        cursor.unexpected()
    return _STAGES[cursor.take().kind](cursor, start)


def _json(cursor: Cursor, start: int) -> Stage:
    return JsonParser(extractions=extractions(cursor), span=cursor.span(start))


def _logfmt(cursor: Cursor, start: int) -> Stage:
    flags = set()
    while cursor.kind == FLAG:
        flags.add(cursor.take().text)
    found = extractions(cursor)
    return LogfmtParser(
        strict="--strict" in flags,
        keep_empty="--keep-empty" in flags,
        extractions=found,
        span=cursor.span(start),
    )


def _regexp(cursor: Cursor, start: int) -> Stage:
    stage = RegexpParser(regex=str(cursor.expect(STRING).value), span=cursor.span(start))
    try:
        compile_regexp(stage, None)
    except BadStage as error:
        cursor.refuse(f"invalid regexp parser: {error}", stage.span)
    return stage


def _pattern(cursor: Cursor, start: int) -> Stage:
    stage = PatternParser(pattern=str(cursor.expect(STRING).value), span=cursor.span(start))
    try:
        compile_pattern(stage, None)
    except BadStage as error:
        cursor.refuse(f"invalid pattern parser: {error}", stage.span)
    return stage


def _unpack(cursor: Cursor, start: int) -> Stage:
    return UnpackParser(span=cursor.span(start))


def _decolorize(cursor: Cursor, start: int) -> Stage:
    return Decolorize(span=cursor.span(start))


def _line_format(cursor: Cursor, start: int) -> Stage:
    return LineFormat(template=str(cursor.expect(STRING).value), span=cursor.span(start))


def _label_format(cursor: Cursor, start: int) -> Stage:
    return LabelFormat(assignments=assignments(cursor), span=cursor.span(start))


def _drop(cursor: Cursor, start: int) -> Stage:
    return DropLabels(picks=picks(cursor), span=cursor.span(start))


def _keep(cursor: Cursor, start: int) -> Stage:
    return KeepLabels(picks=picks(cursor), span=cursor.span(start))


_STAGES: Final[dict[str, Callable[[Cursor, int], Stage]]] = {
    "json": _json,
    "logfmt": _logfmt,
    "regexp": _regexp,
    "pattern": _pattern,
    "unpack": _unpack,
    "decolorize": _decolorize,
    "line_format": _line_format,
    "label_format": _label_format,
    "drop": _drop,
    "keep": _keep,
}
"""What follows a bar, and who reads the rest of it."""
