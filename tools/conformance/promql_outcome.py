"""Results of our engine, as the checks of language tests compare them."""

from __future__ import annotations

from collections.abc import Sequence

from firstlight.query.promql.result import Instant, Matrix, Number, Result, String
from firstlight.query.promql.values import Labels
from tools.conformance.promql_check import Outcome, Points


def outcome(result: Result, warnings: Sequence[str], infos: Sequence[str]) -> Outcome:
    """Return a result with what there was to tell of it."""
    match result:
        case Number():
            return Outcome(number=result.value, warnings=warnings, infos=infos)
        case String():
            return Outcome(text=result.value, warnings=warnings, infos=infos)
        case Instant() | Matrix():
            return Outcome(_series(result), warnings=warnings, infos=infos)


def _series(result: Instant | Matrix) -> list[tuple[Labels, Points]]:
    series: list[tuple[Labels, Points]] = []
    match result:
        case Instant(time=time, vector=vector):
            for row, labels in enumerate(vector.labels):
                whole = None if vector.histograms is None else vector.histograms[row, 0]
                series.append((labels, {time: float(vector.floats[row, 0]) if whole is None else whole}))
        case Matrix(samples=samples):
            for row, labels in enumerate(samples.labels):
                points: Points = {}
                for place in range(int(samples.offsets[row]), int(samples.offsets[row + 1])):
                    whole = None if samples.histograms is None else samples.histograms[place]
                    points[int(samples.ts[place])] = float(samples.floats[place]) if whole is None else whole
                series.append((labels, points))
    return series
