"""Writes LogQL for reading, as Loki's `format_query` does: what is longer than a line is broken and indented.

Where Loki's form would mean something else than the query, which it does of operations within operations, of `on ()`,
and of `or` between line filters, the query counts.
"""

from __future__ import annotations

from typing import Final

from firstlight.query.logql.ast import (
    Binary,
    Decolorize,
    Expr,
    Grouping,
    LabelReplace,
    LineFilter,
    LogQuery,
    LogRange,
    RangeAggregate,
    Stage,
    Variants,
    VectorAggregate,
)
from firstlight.query.logql.durations import prometheus_duration
from firstlight.query.logql.grammar_binary import BINARY_OPERATORS
from firstlight.query.logql.literals import shortest
from firstlight.query.logql.printer import grouping, label_replace_texts, operator, text_of, unwrapped
from firstlight.query.logql.printer_stages import line_filter, matcher, stage
from firstlight.query.promql.gotext import quote

LINE: Final = 100
"""How many bytes a line may have before it is broken."""

_INDENT: Final = "  "


def pretty(expr: Expr, level: int = 0) -> str:
    """Return `expr` over several lines, indented by `level`."""
    margin = _INDENT * level
    short = text_of(expr)
    if isinstance(expr, Variants):
        return _variants(expr, level)
    if not _is_long(short):
        return margin + short
    match expr:
        case LogQuery():
            return _log_query(expr, level)
        case RangeAggregate():
            return _range_aggregate(expr, level)
        case VectorAggregate():
            return _vector_aggregate(expr, level)
        case Binary():
            return _binary(expr, level)
        case LabelReplace():
            inside = _INDENT * (level + 1)
            listed = [pretty(expr.expr, level + 1), *(inside + quote(text) for text in label_replace_texts(expr))]
            return _call(f"{margin}label_replace", listed, level)
        case _:
            return margin + short


def _is_long(text: str) -> bool:
    return len(text.encode("utf-8", "surrogateescape")) > LINE


def _call(name: str, args: list[str], level: int) -> str:
    listed = ",\n".join(args)
    return f"{name}(\n{listed}\n{_INDENT * level})"


def _log_query(query: LogQuery, level: int) -> str:
    streams = ", ".join(matcher(one) for one in query.selector.matchers)
    lines = [f"{_INDENT * level}{{{streams}}}"]
    filters: list[LineFilter] = []
    for one in query.stages:
        if isinstance(one, LineFilter):
            filters.append(one)
            continue
        lines += _line_filters(filters, level + 1)
        filters = []
        lines.append(_stage(one, level + 1))
    return "\n".join([*lines, *_line_filters(filters, level + 1)])


def _stage(one: Stage, level: int) -> str:
    # Loki does not indent this one.
    return stage(one) if isinstance(one, Decolorize) else _INDENT * level + stage(one)


def _line_filters(filters: list[LineFilter], level: int) -> list[str]:
    """Return filters that follow each other as one line, but for the last ones if it is too long."""
    texts = [line_filter(one) for one in filters]
    last: list[str] = []
    while len(texts) > 1 and _is_long(" ".join(texts)):
        last.insert(0, texts.pop())
    lines = [" ".join(texts), *last] if texts else []
    return [_INDENT * level + line for line in lines]


def _log_range(lines: LogRange, level: int) -> str:
    text = pretty(lines.query, level)
    if lines.unwrap:
        margin = _INDENT * (level + 1)
        text += f"\n{margin}{unwrapped(lines.unwrap, between=f'{chr(10)}{margin}')}"
    text += f" [{prometheus_duration(lines.range)}]"
    if lines.offset:
        sign = "-" if lines.offset < 0 else ""
        text += f" offset {sign}{prometheus_duration(abs(lines.offset))}"
    return text


def _range_aggregate(expr: RangeAggregate, level: int) -> str:
    param = [] if expr.param is None else [f"{_INDENT * (level + 1)}{shortest(expr.param)}"]
    text = _call(f"{_INDENT * level}{expr.op}", [*param, _log_range(expr.range, level + 1)], level)
    return text if expr.grouping is None else text + grouping(expr.grouping, ", ")


def _vector_aggregate(expr: VectorAggregate, level: int) -> str:
    param = [] if expr.param is None else [f"{_INDENT * (level + 1)}{expr.param}"]
    name = f"{_INDENT * level}{expr.op}{_vector_grouping(expr.grouping)}"
    return _call(name, [*param, pretty(expr.expr, level + 1)], level)


def _vector_grouping(groups: Grouping | None) -> str:
    return grouping(groups, ", ") if groups is not None and (groups.without or groups.labels) else ""


def _binary(expr: Binary, level: int) -> str:
    left, right = (_leg(expr, leg, level) for leg in (expr.left, expr.right))
    return f"{left}\n{_INDENT * level}{operator(expr, ', ')}\n{right}"


def _leg(expr: Binary, leg: Expr, level: int) -> str:
    if not (isinstance(leg, Binary) and _is_long(text_of(leg)) and _needs_parentheses(expr, leg)):
        return pretty(leg, level + 1)
    margin = _INDENT * (level + 1)
    return f"{margin}(\n{pretty(leg, level + 2)}\n{margin})"


def _needs_parentheses(expr: Binary, leg: Binary) -> bool:
    outer, inner = BINARY_OPERATORS[expr.op], BINARY_OPERATORS[leg.op]
    if outer.tightness != inner.tightness:
        return inner.tightness < outer.tightness
    return (leg is expr.left) == outer.from_right


def _variants(expr: Variants, level: int) -> str:
    margin = _INDENT * level
    listed = _call(f"{margin}variants", [pretty(variant, level + 1) for variant in expr.variants], level)
    return _call(f"{listed} of ", [_log_range(expr.of, level + 1)], level)
