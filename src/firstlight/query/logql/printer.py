"""Writes LogQL as Loki does: one line, by which queries can be compared, and which errors show."""

from __future__ import annotations

import math

from firstlight.query.logql.ast import (
    Binary,
    Expr,
    Grouping,
    LabelReplace,
    LogQuery,
    LogRange,
    MetricExpr,
    NumberLiteral,
    RangeAggregate,
    Unwrap,
    Variants,
    Vector,
    VectorAggregate,
)
from firstlight.query.logql.durations import go_duration, prometheus_duration
from firstlight.query.logql.literals import shortest
from firstlight.query.logql.printer_stages import label_filter, matcher, stage
from firstlight.query.promql.gotext import number, quote


def text_of(expr: Expr) -> str:
    """Return `expr` in Loki's canonical form."""
    match expr:
        case LogQuery():
            return log_query(expr)
        case Variants():
            listed = ", ".join(text_of(variant) for variant in expr.variants)
            return f"variants({listed}) of ({log_range(expr.of)})"
        case _:
            return metric(expr)


def metric(expr: MetricExpr) -> str:
    """Return an expression of metrics in canonical form."""
    match expr:
        case NumberLiteral():
            return shortest(expr.value)
        case Vector():
            return vector(expr)
        case RangeAggregate():
            param = "" if expr.param is None else f"{number(expr.param)},"
            groups = "" if expr.grouping is None else grouping(expr.grouping)
            return f"{expr.op}({param}{log_range(expr.range)}){groups}"
        case VectorAggregate():
            shown = expr.grouping is not None and (expr.grouping.without or expr.grouping.labels)
            groups = grouping(expr.grouping) if expr.grouping is not None and shown else ""
            param = "" if expr.param is None else f"{expr.param},"
            return f"{expr.op}{groups}({param}{metric(expr.expr)})"
        case Binary():
            return f"({metric(expr.left)} {operator(expr)} {metric(expr.right)})"
        case LabelReplace():
            return f"label_replace({','.join([metric(expr.expr), *map(quote, label_replace_texts(expr))])})"


def log_query(query: LogQuery) -> str:
    """Return a selector and its stages in canonical form."""
    streams = ", ".join(matcher(one) for one in query.selector.matchers)
    return " ".join([f"{{{streams}}}", *(stage(one) for one in query.stages)])


def log_range(lines: LogRange) -> str:
    """Return a query with its range in canonical form."""
    unwrap = f" {unwrapped(lines.unwrap)}" if lines.unwrap else ""
    offset = f" offset {go_duration(lines.offset)}" if lines.offset else ""
    return f"{log_query(lines.query)}{unwrap}[{prometheus_duration(lines.range)}]{offset}"


def unwrapped(unwrap: Unwrap, between: str = " ") -> str:
    """Return `| unwrap label` and what follows it."""
    label = f"{unwrap.conversion}({unwrap.label})" if unwrap.conversion else unwrap.label
    return between.join([f"| unwrap {label}", *(f"| {label_filter(one)}" for one in unwrap.filters)])


def grouping(groups: Grouping, separator: str = ",") -> str:
    """Return ` by (a,b)`."""
    return f" {'without' if groups.without else 'by'} ({separator.join(groups.labels)})"


def operator(expr: Binary, separator: str = ",") -> str:
    """Return the operator with its modifiers. A blank too many is Loki's."""
    matching = expr.matching
    text = f"{expr.op} bool" if expr.returns_bool else expr.op
    if not (matching.on or matching.labels):
        return text
    group = f"group_{matching.group}" if matching.group else ""
    if matching.include:
        group += f" ({separator.join(matching.include)})"
    word = "on" if matching.on else "ignoring"
    return f"{text} {word} ({separator.join(matching.labels)}) {group}"


def vector(expr: Vector) -> str:
    """Return `vector(1.000000)`."""
    value = expr.value
    return f"vector({number(value) if math.isnan(value) or math.isinf(value) else f'{value:f}'})"


def label_replace_texts(expr: LabelReplace) -> tuple[str, str, str, str]:
    """Return the four texts of `label_replace` in their order."""
    return expr.destination, expr.replacement, expr.source, expr.regex
