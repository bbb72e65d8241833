"""Whether two answers are the same, as far as an answer is determined."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from firstlight.query.logql.result import Matrix, Result, ScalarResult, Streams, VectorResult
from tests.query.logql.reference.evaluate import Points, Shown
from tests.query.logql.reference.labels import ERROR_DETAILS, as_labels

TOLERANCE: Final = 1e-9
_RANKED: Final = re.compile(r"\b(?:topk|bottomk|approx_topk)\b")


def without_details(lines: Sequence[Shown]) -> list[Shown]:
    """Return lines in order, without the words that tell of errors, which are each parser's own."""
    return sorted((ts, tuple(pair for pair in labels if pair[0] != ERROR_DETAILS), line) for ts, labels, line in lines)


def lines_in(result: Result, origin: int) -> list[Shown]:
    """Return the lines of an answer, their times counted from `origin`."""
    assert isinstance(result, Streams)
    return [
        (entry.ts - origin, as_labels(stream.labels), entry.line)
        for stream in result.streams
        for entry in stream.entries
    ]


def points_in(result: Result, origin: int, at: int) -> Points:
    """Return the series of an answer, their times counted from `origin`; an instant query was asked for `at`."""
    match result:
        case Matrix():
            return {
                one.labels: {
                    time - origin: value for time, value in zip(one.times.tolist(), one.values.tolist(), strict=True)
                }
                for one in result.series
            }
        case VectorResult():
            return {one.labels: {at: one.value} for one in result.samples}
        case ScalarResult():
            return {(): {at: result.value}}
        case _:
            raise AssertionError(f"found lines: {result}")


def agree(query: str, found: Points, wanted: Points) -> bool:
    """Return whether the series are the same; which of equals are the topmost is nobody's business."""
    if _RANKED.search(query):
        return _values(found).keys() == _values(wanted).keys() and all(
            len(_values(found)[at]) == len(values) and all(map(close, _values(found)[at], values))
            for at, values in _values(wanted).items()
        )
    return found.keys() == wanted.keys() and all(_same(found[labels], wanted[labels]) for labels in wanted)


def _same(found: dict[int, float], wanted: dict[int, float]) -> bool:
    return found.keys() == wanted.keys() and all(close(found[at], wanted[at]) for at in wanted)


def _values(points: Points) -> dict[int, list[float]]:
    by_time: dict[int, list[float]] = {}
    for series in points.values():
        for at, value in series.items():
            by_time.setdefault(at, []).append(value)
    return {at: sorted(values, key=lambda value: (math.isnan(value), value)) for at, values in by_time.items()}


def close(found: float, wanted: float) -> bool:
    """Return whether two values are the same but for the order in which they were added up."""
    if math.isnan(wanted):
        return math.isnan(found)
    return math.isclose(found, wanted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
