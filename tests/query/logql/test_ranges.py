"""Range aggregations give what Loki gives, window by window (P3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.query.logql.ast import RangeOp
from firstlight.query.logql.ranges import absent, aggregated
from firstlight.query.promql.values import Samples
from firstlight.query.promql.vectors import empty

SECOND = 10**9
INF, NAN = math.inf, math.nan

CASES = [
    # what                                          the operation                     param  times and values                    value
    ("a sum",                                       RangeOp.SUM_OVER_TIME,            None, [(5, -3), (6, 5), (7, 10)],           12),
    ("NaN in a sum",                                RangeOp.SUM_OVER_TIME,            None, [(5, 7), (6, NAN)],                  NAN),
    ("both infinities in a sum",                    RangeOp.SUM_OVER_TIME,            None, [(5, INF), (6, -INF)],               NAN),
    ("a mean",                                      RangeOp.AVG_OVER_TIME,            None, [(5, 7), (6, 13)],                    10),
    ("infinity takes the mean",                     RangeOp.AVG_OVER_TIME,            None, [(5, INF), (6, 5)],                  INF),
    ("also if it comes later",                      RangeOp.AVG_OVER_TIME,            None, [(5, 5), (6, INF), (7, 1)],          INF),
    ("both infinities in a mean",                   RangeOp.AVG_OVER_TIME,            None, [(5, INF), (6, -INF)],               NAN),
    ("the least, NaN not counted",                  RangeOp.MIN_OVER_TIME,            None, [(5, NAN), (6, 7), (7, 13)],           7),
    ("the most, NaN not counted",                   RangeOp.MAX_OVER_TIME,            None, [(5, 7), (6, NAN), (7, 3)],            7),
    ("nothing but NaN",                             RangeOp.MAX_OVER_TIME,            None, [(5, NAN), (6, NAN)],                NAN),
    ("a variance",                                  RangeOp.STDVAR_OVER_TIME,         None, [(5, 2), (6, 6)],                      4),
    ("a deviation",                                 RangeOp.STDDEV_OVER_TIME,         None, [(5, 2), (6, 6)],                      2),
    ("of one sample",                               RangeOp.STDVAR_OVER_TIME,         None, [(5, 5)],                              0),
    ("the first",                                   RangeOp.FIRST_OVER_TIME,          None, [(5, 4), (6, NAN)],                    4),
    ("the last, though it is NaN",                  RangeOp.LAST_OVER_TIME,           None, [(5, 4), (6, NAN)],                  NAN),
    ("a median between two",                        RangeOp.QUANTILE_OVER_TIME,        0.5, [(5, 4), (6, 5)],                    4.5),
    ("a quantile of one",                           RangeOp.QUANTILE_OVER_TIME,        0.9, [(5, 4)],                              4),
    ("a quantile above 1",                          RangeOp.QUANTILE_OVER_TIME,        1.5, [(5, 4)],                            INF),
    ("how many",                                    RangeOp.COUNT_OVER_TIME,          None, [(5, 1), (6, 1)],                      2),
    ("by the second",                               RangeOp.RATE,                     None, [(5, 1), (6, 1)],                    0.2),
    ("values by the second",                        RangeOp.RATE,                     None, [(5, 3), (6, 4)],                    0.7),
    ("bytes by the second",                         RangeOp.BYTES_RATE,               None, [(5, 10), (6, 5)],                   1.5),
    ("a window is open on the left",                RangeOp.COUNT_OVER_TIME,          None, [(0, 1), (1, 1), (10, 1), (11, 1)],    2),
    ("a counter that was seen once",                RangeOp.RATE_COUNTER,             None, [(5, 100)],                            0),
    ("a counter, extrapolated to both ends",        RangeOp.RATE_COUNTER,             None, [(2, 102), (4, 104), (6, 106), (8, 108)], 1),
    ("a counter that was reset",                    RangeOp.RATE_COUNTER,             None, [(2, 104), (4, 106), (6, 2), (8, 4)],   1),
    ("a counter is not taken to begin below zero",  RangeOp.RATE_COUNTER,             None, [(3, 1), (5, 3), (7, 5), (9, 7)],     0.8),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "param", "pairs", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_window(op: RangeOp, param: float | None, pairs: Sequence[tuple[float, float]], expected: float) -> None:
    """Of ten seconds, which ends at the tenth."""
    vector = aggregated(op, _samples(pairs), np.array([10 * SECOND]), 10 * SECOND, param)

    assert vector.present.tolist() == [[True]]
    assert vector.floats[0, 0] == pytest.approx(expected, nan_ok=True)


def test_a_window_without_samples_has_no_value() -> None:
    """A series that has no window with samples is not there at all."""
    ends = np.array([10, 20, 30]) * SECOND

    some = aggregated(RangeOp.SUM_OVER_TIME, _samples([(15, 1.0)]), ends, 10 * SECOND)
    none = aggregated(RangeOp.SUM_OVER_TIME, _samples([(45, 1.0)]), ends, 10 * SECOND)

    assert some.present.tolist() == [[False, True, False]]
    assert len(none) == 0


def test_absence() -> None:
    """It is told where nothing is, and not at all where something always is."""
    ends = np.array([10, 20]) * SECOND
    labels = (("app", "a"),)

    half = absent(aggregated(RangeOp.COUNT_OVER_TIME, _samples([(15, 1.0)]), ends, 10 * SECOND), labels)
    never = absent(aggregated(RangeOp.COUNT_OVER_TIME, _samples([(5, 1.0), (15, 1.0)]), ends, 10 * SECOND), labels)

    assert (half.present.tolist(), half.labels) == ([[True, False]], [labels])
    assert absent(empty(2), labels).present.tolist() == [[True, True]]
    assert len(never) == 0


NAIVE: dict[RangeOp, Callable[[list[float]], float]] = {
    RangeOp.COUNT_OVER_TIME: len,
    RangeOp.SUM_OVER_TIME: sum,
    RangeOp.AVG_OVER_TIME: lambda values: sum(values) / len(values),
    RangeOp.MIN_OVER_TIME: min,
    RangeOp.MAX_OVER_TIME: max,
    RangeOp.FIRST_OVER_TIME: lambda values: values[0],
    RangeOp.LAST_OVER_TIME: lambda values: values[-1],
    RangeOp.STDVAR_OVER_TIME: lambda values: float(np.var(values)),
}


@given(
    st.sampled_from(sorted(NAIVE)),
    st.lists(st.tuples(st.integers(-50, 150), st.integers(-1000, 1000)), max_size=40),
    st.integers(1, 60),
    st.integers(1, 30),
    st.integers(1, 10),
)
def test_windows_are_as_if_each_was_looked_at(
    op: RangeOp, pairs: list[tuple[int, int]], span: int, step: int, count: int
) -> None:
    """Whatever windows overlap, and wherever samples lie."""
    pairs = sorted(pairs, key=lambda pair: pair[0])
    ends = np.array([step * place for place in range(count)])
    expected: list[float | None] = []
    for end in ends.tolist():
        inside = [float(value) for at, value in pairs if end - span < at <= end]
        expected.append(NAIVE[op](inside) if inside else None)

    vector = aggregated(op, _samples(pairs), ends * SECOND, span * SECOND)

    found: list[float | None] = [None] * count
    if len(vector):
        there = zip(vector.floats[0].tolist(), vector.present[0].tolist(), strict=True)
        found = [value if present else None for value, present in there]
    assert found == [None if value is None else pytest.approx(value, abs=1e-6) for value in expected]


def _samples(pairs: Sequence[tuple[float, float]]) -> Samples:
    ts = np.array([round(at * SECOND) for at, _ in pairs], np.int64)
    return Samples([()], np.array([0, len(pairs)]), ts, np.array([value for _, value in pairs], float))
