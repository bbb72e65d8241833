"""Every type of result is JSON as Prometheus writes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pytest

from firstlight.api.prometheus.render import TOGETHER, rendered, result_type
from firstlight.query.promql.histogram import Buckets, Histogram
from firstlight.query.promql.result import Instant, Matrix, Number, Result, String
from firstlight.query.promql.values import Labels, Samples, Vector

TIME = 1_700_000_000_000
METRIC = {"__name__": "up", "job": "a"}
UP = (("__name__", "up"), ("job", "a"))


def instant(*rows: tuple[Labels, float]) -> Instant:
    floats = np.array([[value] for _, value in rows]).reshape(-1, 1)
    return Instant(TIME, Vector([labels for labels, _ in rows], floats, np.ones(floats.shape, np.bool_)))


def matrix(*rows: tuple[Labels, Sequence[tuple[int, float | Histogram]]]) -> Matrix:
    samples = [sample for _, some in rows for sample in some]
    whole = np.full(len(samples), None, object)
    whole[:] = [value if isinstance(value, Histogram) else None for _, value in samples]
    return Matrix(
        Samples(
            [labels for labels, _ in rows],
            np.cumsum([0, *(len(some) for _, some in rows)]),
            np.array([time for time, _ in samples], np.int64),
            np.array([0.0 if isinstance(value, Histogram) else value for _, value in samples]),
            whole if whole.any() else None,
        )
    )


def histogram() -> Histogram:
    return Histogram(
        schema=0,
        count=3.0,
        sum=4.5,
        zero_threshold=0.0,
        zero_count=0.0,
        positive=Buckets(1, np.array([1.0, 2.0])),
        negative=Buckets(0, np.zeros(0)),
    )


HISTOGRAM = {"count": "3", "sum": "4.5", "buckets": [[0, "1", "2", "1"], [0, "2", "4", "2"]]}

CASES: dict[str, tuple[Result, str, Any]] = {
    "a scalar": (Number(TIME, 2.0), "scalar", [1700000000, "2"]),
    "a string": (String(TIME, 'a "b"'), "string", [1700000000, 'a "b"']),
    "a vector": (instant((UP, math.nan)), "vector", [{"metric": METRIC, "value": [1700000000, "NaN"]}]),
    "an empty vector": (instant(), "vector", []),
    "a histogram in a vector": (
        Instant(TIME, Vector([UP], np.zeros((1, 1)), np.ones((1, 1), np.bool_), np.array([[histogram()]], object))),
        "vector",
        [{"metric": METRIC, "histogram": [1700000000, HISTOGRAM]}],
    ),
    "a matrix": (
        matrix((UP, [(TIME + 500, 1.0), (TIME + 2_500, 1e21)]), ((), [(TIME, 0.5)])),
        "matrix",
        [
            {"metric": METRIC, "values": [[1700000000.5, "1"], [1700000002.5, "1e+21"]]},
            {"metric": {}, "values": [[1700000000, "0.5"]]},
        ],
    ),
    "an empty matrix": (matrix(), "matrix", []),
    "floats and histograms": (
        matrix((UP, [(TIME, 1.0), (TIME + 1_000, histogram()), (TIME + 2_000, 2.0)])),
        "matrix",
        [
            {
                "metric": METRIC,
                "values": [[1700000000, "1"], [1700000002, "2"]],
                "histograms": [[1700000001, HISTOGRAM]],
            }
        ],
    ),
    "histograms alone": (
        matrix((UP, [(TIME, histogram())])),
        "matrix",
        [{"metric": METRIC, "histograms": [[1700000000, HISTOGRAM]]}],
    ),
}


@pytest.mark.parametrize(("found", "kind", "wanted"), CASES.values(), ids=CASES)
def test_a_result_is_written(found: Result, kind: str, wanted: Any) -> None:
    assert result_type(found) == kind
    assert orjson.loads(b"".join(rendered(found))) == wanted


@pytest.mark.parametrize("count", [TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER])
def test_many_series_come_in_pieces(count: int) -> None:
    many = instant(*((((("n", str(row)),)), float(row)) for row in range(count)))

    pieces = list(rendered(many))

    assert len(pieces) >= count // TOGETHER
    assert [one["metric"]["n"] for one in orjson.loads(b"".join(pieces))] == [str(row) for row in range(count)]
