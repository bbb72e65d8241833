"""Numbers are written as Go's strconv and Prometheus' JSON do it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.api.prometheus.numbers import second, texts
from firstlight.query.promql.go_numbers import answer_text

NUMBERS = {
    "a whole number": (5.0, "5"),
    "nothing": (0.0, "0"),
    "negative nothing": (-0.0, "-0"),
    "a fraction": (0.1, "0.1"),
    "a third": (1 / 3, "0.3333333333333333"),
    "a large whole number": (1e16, "10000000000000000"),
    "the largest without an exponent": (123456789012345680000.0, "123456789012345680000"),
    "the smallest large one with an exponent": (1e21, "1e+21"),
    "digits and an exponent": (1.5e300, "1.5e+300"),
    "the smallest without an exponent": (1e-6, "0.000001"),
    "a small one": (1.25e-5, "0.0000125"),
    "a smaller one": (1e-7, "1e-07"),
    "the smallest": (5e-324, "5e-324"),
    "not a number": (math.nan, "NaN"),
    "infinity": (math.inf, "+Inf"),
    "negative infinity": (-math.inf, "-Inf"),
}


@pytest.mark.parametrize(("value", "wanted"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_written_as_prometheus_does(value: float, wanted: str) -> None:
    assert texts(np.array([1.5, value, 2.0])) == [b"1.5", wanted.encode(), b"2"]


@given(st.lists(st.floats()))
def test_many_are_written_like_one_and_read_back_the_same(values: list[float]) -> None:
    found = texts(np.array(values, np.float64))

    assert found == [answer_text(value).encode() for value in values]
    assert np.array_equal(np.array([float(one) for one in found]), np.array(values), equal_nan=True)


TIMES = {
    "a whole second": (1_700_000_000_000, b"1700000000"),
    "milliseconds": (1_700_000_000_123, b"1700000000.123"),
    "a tenth": (1_100, b"1.1"),
    "before 1970": (-1_500, b"-1.5"),
}


@pytest.mark.parametrize(("time", "wanted"), TIMES.values(), ids=TIMES)
def test_a_time_is_written_in_seconds(time: int, wanted: bytes) -> None:
    assert second(time) == wanted
