"""A query of LogQL from its tree to its result, once what it needs was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from firstlight.query.logql.ast import (
    Binary,
    Expr,
    Grouping,
    LabelReplace,
    LineFilter,
    LineOp,
    LogQuery,
    MetricExpr,
    Stage,
    Unwrap,
    Variants,
    VectorAggregate,
    VectorOp,
)
from firstlight.query.logql.errors_stage import BadStage
from firstlight.query.logql.evaluate import Given, evaluate
from firstlight.query.logql.evaluate_faults import too_many_series
from firstlight.query.logql.lines import Labels
from firstlight.query.logql.parser import parse
from firstlight.query.logql.parser_cursor import refusal
from firstlight.query.logql.pipeline import compile_stages
from firstlight.query.logql.printer_stages import stage as stage_text
from firstlight.query.logql.result import (
    Direction,
    Entry,
    Matrix,
    Sample,
    ScalarResult,
    Series,
    Stream,
    Streams,
    VectorResult,
)
from firstlight.query.logql.samples_plan import leaves
from firstlight.query.logql.source_newest import Line
from firstlight.query.promql.labels import label_text
from firstlight.query.promql.values import Scalar, Steps, Vector


def prepare(text: str) -> Expr:
    """Return the tree of a query all of whose stages can be run; raise QueryError."""
    expr = parse(text)
    if isinstance(expr, LogQuery):
        _check(text, expr.stages, None, None)
    else:
        for leaf in leaves(expr):
            _check(text, leaf.range.query.stages, leaf.range.unwrap, leaf.grouping)
    return expr


def _check(text: str, stages: Sequence[Stage], unwrap: Unwrap | None, grouping: Grouping | None) -> None:
    """Raise QueryError if the stages of the query `text` cannot be run, in Loki's words."""
    try:
        _check_addresses(stages)
        compile_stages(stages, unwrap=unwrap, grouping=grouping)
    except BadStage as bad:
        wrong = (one for one in stages if one.span.start <= bad.span.start and bad.span.end <= one.span.end)
        words = next((f"stage '{stage_text(one)}' : {bad}" for one in wrong), str(bad))
        raise refusal(words, text, bad.span) from None


def _check_addresses(stages: Sequence[Stage]) -> None:
    """Raise BadStage where an address is sought by an expression or a pattern."""
    for stage in stages:
        if isinstance(stage, LineFilter) and stage.op not in (LineOp.CONTAINS, LineOp.NOT_CONTAINS):
            for sought in stage.matches:
                if sought.is_ip:
                    raise BadStage("ip: invalid operation", span=sought.span)


def finish(
    expr: MetricExpr | Variants, steps: Steps, given: Given, max_series: int
) -> Matrix | VectorResult | ScalarResult:
    """Return the answer to a metric query, given its range aggregations. Raise LogqlFailed."""
    value = evaluate(expr, steps, given)
    if not steps.step:
        return _instant(value, steps, max_series, in_order=_is_sorted(expr))
    if isinstance(value, Scalar):
        value = Vector([()], value.values[np.newaxis], np.ones((1, steps.count), bool))
    return Matrix(_series(value, steps, max_series))


def spaced(lines: Sequence[Line], interval: int, last: int | None, direction: Direction) -> Iterator[Line]:
    """Yield the lines, which are in order, that are at least `interval` from the one before; `last` came before all."""
    for line in lines:
        distance = 0 if last is None else line.ts - last
        if last is None or (distance if direction is Direction.FORWARD else -distance) >= interval:
            last = line.ts
            yield line


def streams_of(lines: Sequence[Line], *, categorize: bool) -> Streams:
    """Return lines by their labels: all of them, or only those of their stream in the store."""
    found: dict[tuple[tuple[str, str], ...], list[Entry]] = {}
    keys: dict[int, tuple[tuple[str, str], ...]] = {}
    for line in lines:
        labels = line.labels
        key = keys.get(id(labels))
        if key is None:
            key = keys[id(labels)] = tuple(sorted((labels.stream if categorize else labels.all).items()))
        found.setdefault(key, []).append(Entry(line.ts, line.text, labels.metadata, labels.parsed))
    # As in Loki by the text of the labels, in which a label more comes before an end.
    ordered = sorted(found.items(), key=lambda stream: label_text(stream[0]))
    return Streams([Stream(dict(key), entries) for key, entries in ordered])


def _instant(value: Vector | Scalar, steps: Steps, max_series: int, *, in_order: bool) -> VectorResult | ScalarResult:
    if isinstance(value, Scalar):
        return ScalarResult(steps.start, float(value.values[0]))
    rows = np.flatnonzero(value.present[:, 0]).tolist()
    if len(rows) > max_series:
        raise too_many_series(max_series)
    if not in_order:
        rows.sort(key=lambda row: value.labels[row])
    floats = value.floats[:, 0].tolist()
    return VectorResult(steps.start, [Sample(value.labels[row], floats[row]) for row in rows])


def _series(value: Vector, steps: Steps, max_series: int) -> Sequence[Series]:
    by_labels: dict[Labels, list[int]] = {}
    for row in np.flatnonzero(value.present.any(axis=1)).tolist():
        by_labels.setdefault(value.labels[row], []).append(row)
    if len(by_labels) > max_series:
        raise too_many_series(max_series)
    times = steps.times
    found = []
    for labels, rows in sorted(by_labels.items()):
        # Series of equal labels are one, each with what it has at a step.
        places, at = np.nonzero(value.present[rows].T)[::-1], np.nonzero(value.present[rows].T)[0]
        found.append(Series(labels, times[at], value.floats[np.array(rows)[places[0]], at]))
    return found


def _is_sorted(expr: Expr) -> bool:
    """Return whether a query sorts anything: then its answer keeps the order that it has."""
    match expr:
        case VectorAggregate():
            return expr.op in (VectorOp.SORT, VectorOp.SORT_DESC) or _is_sorted(expr.expr)
        case LabelReplace():
            return _is_sorted(expr.expr)
        case Binary():
            return _is_sorted(expr.left) or _is_sorted(expr.right)
    return False
