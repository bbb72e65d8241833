"""What a range aggregation makes of lines: one line, one window, one series at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from firstlight.query.logql.ast import (
    Conversion,
    DropLabels,
    Grouping,
    KeepLabels,
    LabelFilterStage,
    LabelFormat,
    LineFilter,
    LogRange,
    MatchOp,
    RangeAggregate,
    RangeOp,
    VectorAggregate,
    VectorOp,
)
from tests.query.logql.reference.comparing import bytes_of, matches, number_of, passes, seconds_of
from tests.query.logql.reference.labels import ERROR, Labels, LineLabels, as_labels
from tests.query.logql.reference.stages import PARSERS, processed
from tools.conformance.logql_script import Entry

SAMPLE_ERROR: Final = "SampleExtractionErr"
SECOND: Final = 10**9
CONVERSIONS: Final[dict[Conversion | None, Callable[[str], float]]] = {
    None: number_of,
    Conversion.BYTES: bytes_of,
    Conversion.DURATION: seconds_of,
    Conversion.DURATION_SECONDS: seconds_of,
}
PUSHED: Final = frozenset(
    [RangeOp.BYTES_OVER_TIME, RangeOp.BYTES_RATE, RangeOp.SUM_OVER_TIME, RangeOp.RATE, RangeOp.COUNT_OVER_TIME]
)
"""What a sum around it groups at once."""

Vector = dict[Labels, float]


class Failed(Exception):
    """A query that cannot be answered."""


def selected(entries: Sequence[Entry], lines: LogRange) -> list[Entry]:
    """Return the lines of the selected streams, the oldest first."""
    matchers = lines.query.selector.matchers
    return sorted(
        (
            entry
            for entry in entries
            if all(matches(one, dict(entry.labels).get(one.label, ""), dot_all=True) for one in matchers)
        ),
        key=lambda entry: entry.ts,
    )


def range_vector(expr: RangeAggregate, entries: Sequence[Entry], at: int, outer: VectorAggregate | None) -> Vector:
    """Return the value of each series in the window that ends at `at`; raise Failed if a line had an error."""
    end = at - expr.range.offset
    windows: dict[Labels, list[tuple[int, float]]] = {}
    for entry in selected(entries, expr.range):
        if end - expr.range.range < entry.ts <= end:
            found = _sample(expr, entry, _grouping(expr, outer))
            if found is not None:
                windows.setdefault(found[0], []).append((entry.ts, found[1]))
    for labels in windows:
        if dict(labels).get(ERROR):
            raise Failed(f"pipeline error: {dict(labels)[ERROR]}")
    if expr.op is RangeOp.ABSENT_OVER_TIME:
        return {} if windows else {absent_labels(expr): 1.0}
    return {labels: value(expr, end, samples) for labels, samples in windows.items()}


def _grouping(expr: RangeAggregate, outer: VectorAggregate | None) -> Grouping | None:
    if expr.grouping is not None or outer is None or outer.op is not VectorOp.SUM or expr.op not in PUSHED:
        return expr.grouping
    return outer.grouping or Grouping(without=False, labels=(), span=outer.span)


def _sample(expr: RangeAggregate, entry: Entry, grouping: Grouping | None) -> tuple[Labels, float] | None:
    lines = expr.range
    labels = LineLabels(dict(entry.labels), dict(entry.metadata))
    no_labels = grouping is not None and not grouping.without and not grouping.labels
    needs_labels = lines.unwrap is not None or any(map(_needs_labels, lines.query.stages))
    parsing = needs_labels or not (no_labels or expr.op is RangeOp.ABSENT_OVER_TIME)
    line = processed(lines.query.stages, entry.line, entry.ts, labels, parsing=parsing)
    if line is None:
        return None
    result = 1.0
    if expr.op in (RangeOp.BYTES_OVER_TIME, RangeOp.BYTES_RATE):
        result = float(len(line.encode()))
    if lines.unwrap is not None:
        text = labels.get(lines.unwrap.label)
        if not text:
            return None
        try:
            result = CONVERSIONS[lines.unwrap.conversion](text)
        except ValueError as error:
            result = 0.0
            labels.fail(SAMPLE_ERROR, str(error))
        verdicts = [passes(one, labels) for one in lines.unwrap.filters]
        if not all(verdicts):
            return None
    return _grouped(labels, grouping, lines.unwrap.label if lines.unwrap else None), result


def _needs_labels(stage: object) -> bool:
    """Return whether a stage reads labels, so that parsers before it must run; those that only drop or keep do not."""
    return not isinstance(stage, (LineFilter, DropLabels, KeepLabels, *PARSERS)) and isinstance(
        stage, LabelFilterStage | LabelFormat
    )


def _grouped(labels: LineLabels, grouping: Grouping | None, unwrapped: str | None) -> Labels:
    found = labels.visible()
    if labels.error:
        return as_labels(found)
    if grouping is not None and not grouping.without:
        return as_labels({name: value for name, value in found.items() if name in grouping.labels})
    gone = {*(grouping.labels if grouping is not None else ()), *([unwrapped] if unwrapped else [])}
    return as_labels({name: value for name, value in found.items() if name not in gone})


def absent_labels(expr: RangeAggregate) -> Labels:
    """Return the labels of what is not there: those that the selector tells."""
    told: dict[str, str] = {}
    unknown = set()
    for one in expr.range.query.selector.matchers:
        if one.op is MatchOp.EQUAL and one.label not in told:
            told[one.label] = one.value
        else:
            unknown.add(one.label)
    return as_labels({name: text for name, text in told.items() if name not in unknown and text})


def value(expr: RangeAggregate, end: int, samples: Sequence[tuple[int, float]]) -> float:
    """Return what an operation makes of the samples of the window that ends at `end`."""
    values = [sample for _, sample in samples]
    match expr.op:
        case RangeOp.COUNT_OVER_TIME:
            return float(len(values))
        case RangeOp.RATE | RangeOp.BYTES_RATE:
            return sum(values) / (expr.range.range / SECOND)
        case RangeOp.RATE_COUNTER:
            return rate_of_counter(samples, end - expr.range.range, end)
        case RangeOp.QUANTILE_OVER_TIME:
            return quantile(expr.param or 0.0, values)
        case _:
            return PLAIN[expr.op](values)


def mean(values: Sequence[float]) -> float:
    """Return the mean."""
    return sum(values) / len(values)


def smallest(values: Sequence[float]) -> float:
    """Return the smallest value that is a number."""
    return min((value for value in values if not math.isnan(value)), default=math.nan)


def largest(values: Sequence[float]) -> float:
    """Return the largest value that is a number."""
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def variance(values: Sequence[float]) -> float:
    """Return the variance of a whole population."""
    middle = mean(values)
    return sum((one - middle) ** 2 for one in values) / len(values)


def quantile(q: float, values: Sequence[float]) -> float:
    """Return the quantile, between two values if it falls there."""
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (rank - low)) + ordered[high] * (rank - low)


def rate_of_counter(samples: Sequence[tuple[int, float]], start: int, end: int) -> float:
    """Return how fast a counter rose, extrapolated to the edges of the window as Prometheus does it."""
    rise, last = samples[-1][1] - samples[0][1], 0.0
    for _, sample in samples:
        rise += last if sample < last else 0.0
        last = sample
    covered = samples[-1][0] - samples[0][0]
    if not covered:
        return 0.0
    between = covered / (len(samples) - 1)
    before, after = samples[0][0] - start, end - samples[-1][0]
    lead = float(before) if before < between * 1.1 else between / 2
    if rise > 0 and samples[0][1] >= 0:
        lead = min(lead, covered * samples[0][1] / rise)
    tail = float(after) if after < between * 1.1 else between / 2
    return rise * (covered + lead + tail) / covered / ((end - start) / SECOND)


PLAIN: Final[Mapping[RangeOp, Callable[[Sequence[float]], float]]] = {
    RangeOp.BYTES_OVER_TIME: sum,
    RangeOp.SUM_OVER_TIME: sum,
    RangeOp.AVG_OVER_TIME: mean,
    RangeOp.MIN_OVER_TIME: smallest,
    RangeOp.MAX_OVER_TIME: largest,
    RangeOp.STDVAR_OVER_TIME: variance,
    RangeOp.STDDEV_OVER_TIME: lambda values: math.sqrt(variance(values)),
    RangeOp.FIRST_OVER_TIME: lambda values: values[0],
    RangeOp.LAST_OVER_TIME: lambda values: values[-1],
}
"""What is made of values whatever their times."""
