"""The grammar of ranges of lines and of the aggregations over them."""

from __future__ import annotations

from typing import Final

from firstlight.query.logql.ast import (
    Conversion,
    LabelFilter,
    LogQuery,
    LogRange,
    RangeAggregate,
    RangeOp,
    StreamSelector,
    Unwrap,
)
from firstlight.query.logql.grammar_filters import label_filter
from firstlight.query.logql.grammar_labels import grouping, selector
from firstlight.query.logql.grammar_stages import begins_stage, stages
from firstlight.query.logql.literals import number
from firstlight.query.logql.parser_cursor import Cursor
from firstlight.query.logql.tokens import (
    CONVERSION_KINDS,
    DURATION,
    FUNCTIONS,
    IDENTIFIER,
    NUMBER,
    RANGE,
    RANGE_KINDS,
)

_CONVERSIONS: Final = {FUNCTIONS[conversion.value]: conversion for conversion in Conversion}
_WITH_GROUPING: Final = frozenset("avg stddev stdvar quantile max min first last".split())
_WITH_UNWRAP: Final = frozenset("avg sum max min stddev stdvar quantile rate rate_counter absent first last".split())
_WITHOUT_UNWRAP: Final = frozenset("bytes bytes_rate count rate absent".split())


def range_aggregate(cursor: Cursor) -> RangeAggregate:
    """Read `rate({…}[5m]) by (…)`."""
    word = cursor.take()
    op = RangeOp(RANGE_KINDS[word.kind])
    cursor.expect("(")
    written = ""
    if cursor.kind == NUMBER:
        written = cursor.take().text
        cursor.expect(",")
        lines = log_range(cursor, "{", "(")
    else:
        lines = log_range(cursor, NUMBER, "{", "(")
    cursor.expect(")")
    groups = grouping(cursor)
    span = cursor.span(word.start)
    fault, param = _param(op, written)
    fault = fault or _misuse(op, grouped=groups is not None, unwrapped=lines.unwrap is not None)
    if fault:
        cursor.faults[span] = fault
    return RangeAggregate(op=op, range=lines, param=param, grouping=groups, span=span)


def _param(op: RangeOp, written: str) -> tuple[str, float | None]:
    if not written:
        needed = op is RangeOp.QUANTILE_OVER_TIME
        return (f"parameter required for operation {op}" if needed else ""), None
    if op is not RangeOp.QUANTILE_OVER_TIME:
        return f"parameter {written} not supported for operation {op}", None
    try:
        return "", number(written)
    except ValueError as error:
        return f"invalid parameter for operation {op}: {error}", None


def _misuse(op: RangeOp, *, grouped: bool, unwrapped: bool) -> str:
    name = op.removesuffix("_over_time")
    if grouped and name not in _WITH_GROUPING:
        return f"grouping not allowed for {op} aggregation"
    if name not in (_WITH_UNWRAP if unwrapped else _WITHOUT_UNWRAP):
        return f"invalid aggregation {op} {'with' if unwrapped else 'without'} unwrap"
    return ""


def log_range(cursor: Cursor, *expected: str) -> LogRange:
    """Read a query with the range of time, which may stand before its stages or after them."""
    if cursor.kind == "(":
        return _in_parentheses(cursor)
    if cursor.kind != "{":
        cursor.unexpected(*expected)
    start = cursor.token.start
    streams = selector(cursor)
    if cursor.kind == RANGE:
        return _range_first(cursor, streams, start)
    query, unwrap = _pipeline(cursor, streams)
    return _range_last(cursor, query, unwrap, start)


def _pipeline(cursor: Cursor, streams: StreamSelector) -> tuple[LogQuery, Unwrap | None]:
    steps = stages(cursor)
    query = LogQuery(selector=streams, stages=steps, span=cursor.span(streams.span.start))
    return query, unwrapped(cursor)


def _range_first(cursor: Cursor, streams: StreamSelector, start: int) -> LogRange:
    length, offset = _range(cursor)
    steps = stages(cursor)
    query = LogQuery(selector=streams, stages=steps, span=cursor.span(start))
    unwrap = unwrapped(cursor)
    return LogRange(query=query, range=length, offset=offset, unwrap=unwrap, span=cursor.span(start))


def _range_last(cursor: Cursor, query: LogQuery, unwrap: Unwrap | None, start: int) -> LogRange:
    if cursor.kind != RANGE:
        cursor.unexpected(*([RANGE, "|"] if unwrap else []))
    length, offset = _range(cursor)
    return LogRange(query=query, range=length, offset=offset, unwrap=unwrap, span=cursor.span(start))


def _range(cursor: Cursor) -> tuple[int, int]:
    length = int(cursor.expect(RANGE).value)
    offset = int(cursor.expect(DURATION).value) if cursor.takes("offset") else 0
    return length, offset


def _in_parentheses(cursor: Cursor) -> LogRange:
    cursor.enter()
    start = cursor.take().start
    if cursor.kind == "(":
        lines = _in_parentheses(cursor)
        cursor.expect(")")
        cursor.leave()
        return lines
    if cursor.kind != "{":
        cursor.unexpected("{", "(")
    streams = selector(cursor)
    if cursor.kind == RANGE:
        lines = _range_first(cursor, streams, streams.span.start)
    else:
        query, unwrap = _pipeline(cursor, streams)
        if cursor.kind == ")":
            cursor.take()
            cursor.leave()
            return _after_parentheses(cursor, query, unwrap, start)
        if unwrap is not None and cursor.kind != RANGE:
            cursor.unexpected(RANGE, ")", "|")
        lines = _range_last(cursor, query, unwrap, streams.span.start)
    cursor.expect(")")
    cursor.leave()
    return lines


def _after_parentheses(cursor: Cursor, query: LogQuery, unwrap: Unwrap | None, start: int) -> LogRange:
    if cursor.kind != RANGE:
        cursor.unexpected(RANGE)
    length, offset = _range(cursor)
    if not query.stages and unwrap is None and cursor.kind == "|":
        if cursor.peek() != "unwrap":
            cursor.take()
            cursor.unexpected("unwrap")
        unwrap = unwrapped(cursor)
    return LogRange(query=query, range=length, offset=offset, unwrap=unwrap, span=cursor.span(start))


def unwrapped(cursor: Cursor) -> Unwrap | None:
    """Read `| unwrap label` and the label filters after it, if it is there."""
    if cursor.kind != "|" or begins_stage(cursor):
        return None
    start = cursor.take().start
    cursor.take()
    conversion = None
    if cursor.kind in CONVERSION_KINDS:
        conversion = _CONVERSIONS[cursor.take().kind]
        cursor.expect("(")
        label = cursor.expect(IDENTIFIER).text
        cursor.expect(")")
    else:
        label = cursor.expect(IDENTIFIER, *CONVERSION_KINDS).text
    filters: list[LabelFilter] = []
    while cursor.takes("|"):
        filters.append(label_filter(cursor))
    return Unwrap(label=label, conversion=conversion, filters=tuple(filters), span=cursor.span(start))
