"""The functions over histograms, native and classic, on vectors made here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from firstlight.errors import Span
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.context import Context, Switches
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.histogram_functions import FUNCTIONS
from firstlight.query.promql.histogram_text import parse_histogram
from firstlight.query.promql.values import Labels, Scalar, Steps, Text, Value, Vector

INF, NAN = math.inf, math.nan
FIXED = "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
LATENCY = {"0.1": 10, "0.5": 20, "1": 40, "+Inf": 50}


def call(name: str, *args: object, delayed: bool = False) -> tuple[dict[Labels, list[float | None]], list[str]]:
    """Call a function with numbers, texts, and series as texts or by bucket; arguments stand 10 columns apart."""
    rows = [list(one.items()) for one in args if isinstance(one, dict)]
    steps = max((len(values) for one in rows for _, values in one), default=1)
    annotations = Annotations()
    spans = tuple(Span(10 * place, 10 * place + 1) for place in range(len(args)))
    context = Context(Steps(0, 60_000, steps), annotations, Switches(delayed_name_removal=delayed), Span(0, 99), spans)
    values = [_value(one, steps) for one in args]
    result = FUNCTIONS[name](values, context)
    assert isinstance(result, Vector)
    found = {
        labels: [float(result.floats[i, t]) if result.present[i, t] else None for t in range(steps)]
        for i, labels in enumerate(result.labels)
    }
    return found, [text.partition(": ")[2] for text in (*annotations.warnings, *annotations.infos)]


def _value(given: object, steps: int) -> Value:
    match given:
        case str():
            return Text(given)
        case int() | float():
            return Scalar(np.full(steps, float(given)))
        case list():
            return Scalar(np.array(given, dtype=np.float64))
        case dict():
            return _vector(given, steps)
    raise TypeError(given)


def _vector(series: dict[Labels, Sequence[object]], steps: int) -> Vector:
    floats, present = np.full((len(series), steps), NAN), np.zeros((len(series), steps), dtype=np.bool_)
    histograms = np.full((len(series), steps), None, dtype=object)
    for row, values in enumerate(series.values()):
        for step, value in enumerate(values):
            present[row, step] = value is not None
            if isinstance(value, str):
                histograms[row, step] = parse_histogram(value)
            elif isinstance(value, int | float):
                floats[row, step] = value
    return Vector(list(series), floats, present, histograms)


def labels(**given: str) -> Labels:
    """Return labels; `name` is the metric's."""
    return tuple(sorted(("__name__" if label == "name" else label, value) for label, value in given.items()))


def classic(buckets: Mapping[str, object], **more: str) -> dict[Labels, list[object]]:
    """Return the series of a classic histogram, each with a value a step."""
    named = {"name": "d_bucket"} | more
    return {labels(**named, le=le): value if isinstance(value, list) else [value] for le, value in buckets.items()}


@pytest.mark.parametrize(
    ("q", "buckets", "wanted"),
    [
        pytest.param(0.5, LATENCY, 0.625, id="within a bucket, on a linear scale"),
        pytest.param(0.1, LATENCY, 0.05, id="the lowest bucket begins at 0"),
        pytest.param(0.2, LATENCY, 0.1, id="at the end of a bucket"),
        pytest.param(0, LATENCY, 0, id="nothing lies below the lowest"),
        pytest.param(0.9, LATENCY, 1, id="what lies beyond all bounds is told to be at the last"),
        pytest.param(1, LATENCY, 1, id="so is the highest of all"),
        pytest.param(0.5, {"-1": 4, "0": 6, "+Inf": 6}, -1, id="a lowest bucket below 0 is its bound"),
        pytest.param(0.9, {"-1": 4, "1": 6, "+Inf": 6}, 0.4, id="a bucket around 0"),
        pytest.param(0.5, {"1": 0, "2": 0, "+Inf": 0}, NAN, id="without observations"),
        pytest.param(0.5, {"1": 5, "2": 10}, NAN, id="without a bucket to infinity"),
        pytest.param(0.5, {"+Inf": 10}, NAN, id="with a bucket to infinity alone"),
        pytest.param(NAN, LATENCY, NAN, id="NaN"),
        pytest.param(-0.1, LATENCY, -INF, id="below 0"),
        pytest.param(1.1, LATENCY, INF, id="above 1"),
        pytest.param(0.5, {"1": 4, "1.0": 4, "2": 16, "+Inf": 16}, 1, id="a bound spelled twice counts twice"),
        pytest.param(0.5, {"10": 10, "2": 5, "Inf": 10}, 2, id="bounds are numbers, not texts"),
        pytest.param(0.5, {"1": 5, "2": 5 - 1e-13, "3": 10, "inf": 10}, 1, id="differences that floats lose are none"),
        pytest.param(0.75, {"0x1p0": 5, "2e0": 10, "Infinity": 10}, 1.5, id="however Go reads numbers"),
        pytest.param(0.5, {"1": NAN, "2": 10, "+Inf": 10}, NAN, id="beside a count that is NaN"),
    ],
)
def test_classic_quantile(q: float, buckets: dict[str, object], wanted: float) -> None:
    """A quantile lies in the first bucket whose count reaches it."""
    found, _ = call("histogram_quantile", q, classic(buckets))
    assert found == {(): [pytest.approx(wanted, nan_ok=True)]}


@pytest.mark.parametrize(
    ("lower", "upper", "buckets", "wanted"),
    [
        pytest.param(0, 0.5, LATENCY, 0.4, id="at bounds"),
        pytest.param(0.3, 0.75, LATENCY, 0.3, id="within buckets"),
        pytest.param(-INF, INF, LATENCY, 1, id="all"),
        pytest.param(-5, 0.1, LATENCY, 0.2, id="nothing lies below 0"),
        pytest.param(0.5, 7, LATENCY, 0.4, id="the last bucket has no inside"),
        pytest.param(7, INF, LATENCY, 0.2, id="and lies beyond what is in it"),
        pytest.param(-INF, -2, {"-1": 4, "0": 6, "+Inf": 8}, 0.5, id="nor has the first if it ends below 0"),
        pytest.param(2, 1, LATENCY, 0, id="ends before it begins"),
        pytest.param(1, 1, LATENCY, 0, id="of no width"),
        pytest.param(NAN, 1, LATENCY, NAN, id="NaN"),
        pytest.param(0, 1, {"1": 0, "+Inf": 0}, NAN, id="without observations"),
        pytest.param(0, 1, {"1": 5}, NAN, id="without a bucket to infinity"),
    ],
)
def test_classic_fraction(lower: float, upper: float, buckets: dict[str, object], wanted: float) -> None:
    """A fraction is what lies between two values, of all."""
    found, _ = call("histogram_fraction", lower, upper, classic(buckets))
    assert found == {(): [pytest.approx(wanted, nan_ok=True)]}


def test_steps_differ() -> None:
    """Every step has its own quantile, and its own buckets where some are missing."""
    buckets = classic(
        {"1": [5, 5, None, None], "2": [10, None, 10, None], "4": [10, 10, 10, None], "+Inf": [20, 10, 10, 10]}
    )
    found, told = call("histogram_quantile", [0.25, 0.75, 0.5, 0.5], buckets)
    assert found == {(): [1, 2.5, 1, pytest.approx(NAN, nan_ok=True)]}
    assert told == []


def test_families_are_told_apart_by_all_other_labels() -> None:
    """The bound and the name go, everything else stays."""
    found, _ = call(
        "histogram_quantile", 0.5, classic({"1": 10, "+Inf": 10}, a="x") | classic({"3": 10, "+Inf": 10}, a="y")
    )
    assert found == {(("a", "x"),): [0.5], (("a", "y"),): [1.5]}
    kept, _ = call("histogram_quantile", 0.5, classic({"1": 10, "+Inf": 10}), delayed=True)
    assert list(kept) == [labels(name="d_bucket")]


def test_names_that_go_must_not_be_all_that_differed() -> None:
    """Two histograms of the same labels cannot both be in the result."""
    both = classic({"1": 1, "+Inf": 1}) | classic({"1": 1, "+Inf": 1}, name="e_bucket")
    with pytest.raises(EvaluationFailed, match="vector cannot contain metrics with the same labelset"):
        call("histogram_quantile", 0.5, both)


NATIVE = "{{count:4 sum:6 buckets:[1 2 1]}}"


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        pytest.param("histogram_quantile", (0.5, {labels(name="x", le="fast"): [1]}), ['bucket label "le" is missing or has a malformed value of "fast" for metric name "x" (1:11)'], id="a bound that is none"),
        pytest.param("histogram_fraction", (0, 1, {labels(name="x"): [1]}), ['bucket label "le" is missing or has a malformed value of "" for metric name "x" (1:21)'], id="no bound"),
        pytest.param("histogram_quantile", (0.5, classic({"1": 1, "+Inf": 1}, name="x") | {labels(name="x"): [NATIVE]}), ['vector contains a mix of classic and native histograms for metric name "x" (1:11)'], id="classic and native at once"),
        pytest.param("histogram_quantile", (2, {}), ["quantile value should be between 0 and 1, got 2 (1:1)"], id="a quantile that is none, even of nothing"),
        pytest.param("histogram_quantiles", ({}, "q", 0.5, NAN), ["quantile value should be between 0 and 1, got NaN (1:31)"], id="one of several quantiles"),
        pytest.param("histogram_quantile", (0.5, {labels(name="x"): ["{{count:4 sum:NaN buckets:[3]}}"]}), ['input to histogram_quantile has NaN observations, result is skewed higher for metric name "x" (1:11)'], id="NaN among the observations"),
        pytest.param("histogram_quantile", (0.9, {labels(name="x"): ["{{count:4 sum:NaN buckets:[3]}}"]}), ['input to histogram_quantile has NaN observations, result is NaN for metric name "x" (1:11)'], id="a quantile among observations of NaN"),
        pytest.param("histogram_quantile", (0.5, {labels(name="x"): ["{{count:3 sum:NaN buckets:[3]}}"]}), [], id="a sum of NaN alone is no observation of it"),
        pytest.param("histogram_fraction", (0, 1, {labels(name="x"): ["{{count:4 sum:NaN buckets:[3]}}"]}), ['input to histogram_fraction has NaN observations, which are excluded from all fractions for metric name "x" (1:21)'], id="a fraction with NaN among the observations"),
    ],
)  # fmt: skip
def test_told(name: str, args: tuple[object, ...], told: list[str]) -> None:
    """What may be wrong is told, with the name of the metric if it is still known."""
    assert call(name, *args, delayed=True)[1] == told
    assert call(name, *args)[1] == [text.replace(' for metric name "x"', "") for text in told]


def test_falling_buckets_are_told_once_for_all_steps() -> None:
    """Counts that fall are raised, and what was raised is summed up."""
    buckets = classic({"1": [10, 10, 10], "2": [6, 10, 9], "4": [20, 20, 8], "+Inf": [20, 20, 20]})
    found, told = call("histogram_quantile", 0.75, buckets, delayed=True)
    assert found == {labels(name="d_bucket"): [3, 3, 4]}
    detail = (
        "from buckets 2 to 4, with a max diff of 4, over 2 samples from 1970-01-01T00:00:00Z to 1970-01-01T00:02:00Z"
    )
    assert told == [f'{FIXED} for metric name "d_bucket", {detail} (1:11)']


def test_several_quantiles() -> None:
    """Each quantile has its label, written as OpenMetrics writes it."""
    vector = {
        labels(name="n", a="x"): [NATIVE, None],
        **{key: [*value, *value] for key, value in classic(LATENCY).items()},
    }
    found, _ = call("histogram_quantiles", vector, "q", 0.5, [1, 0])
    assert found == {
        (("a", "x"), ("q", "0.5")): [pytest.approx(2**0.5), None],
        (("q", "0.5"),): [0.625, 0.625],
        (("a", "x"), ("q", "1.0")): [4, None],
        (("a", "x"), ("q", "0.0")): [None, None],
        (("q", "1.0"),): [1, None],
        (("q", "0.0"),): [None, 0],
    }
    with pytest.raises(EvaluationFailed, match="same labelset"):
        call("histogram_quantiles", vector, "q", 0.5, 0.5)


ZERO = "{{count:8 sum:3 z_bucket:4 z_bucket_w:0.5 offset:1 buckets:[4]}}"
BOTH = "{{count:8 sum:0 buckets:[4] n_buckets:[4]}}"
CUSTOM = "{{schema:-53 count:10 sum:33 custom_values:[4 8] buckets:[2 4 4]}}"


@pytest.mark.parametrize(
    ("name", "numbers", "text", "wanted"),
    [
        pytest.param("histogram_count", (), NATIVE, 4, id="count"),
        pytest.param("histogram_sum", (), NATIVE, 6, id="sum"),
        pytest.param("histogram_avg", (), NATIVE, 1.5, id="avg"),
        pytest.param("histogram_avg", (), "{{}}", NAN, id="avg of none"),
        pytest.param("histogram_stdvar", (), "{{count:2 sum:4 offset:1 buckets:[1 0 1]}}", ((2**0.5 - 2) ** 2 + (32**0.5 - 2) ** 2) / 2, id="variance"),
        pytest.param("histogram_stddev", (), "{{schema:-53 count:2 sum:8 custom_values:[2 4 10] buckets:[0 1 1]}}", math.sqrt(5), id="deviation of custom buckets"),
        pytest.param("histogram_stddev", (), "{{}}", NAN, id="deviation of none"),
        pytest.param("histogram_quantile", (0.25,), ZERO, 0.25, id="quantile in the zero bucket beside positive ones"),
        pytest.param("histogram_quantile", (0.75,), ZERO, 2**0.5, id="quantile in a positive bucket"),
        pytest.param("histogram_quantile", (0.25,), BOTH, -(0.5**0.5), id="quantile in a negative bucket"),
        pytest.param("histogram_quantile", (0.5,), BOTH, 0.5, id="quantile between buckets is where the upper begins"),
        pytest.param("histogram_quantile", (0.1,), CUSTOM, 2, id="quantile in the first custom bucket"),
        pytest.param("histogram_quantile", (0.5,), CUSTOM, 7, id="quantile in a custom bucket"),
        pytest.param("histogram_quantile", (0.9,), CUSTOM, 8, id="quantile in the last custom bucket"),
        pytest.param("histogram_quantile", (0.1,), "{{schema:-53 count:2 custom_values:[-4 8] buckets:[2]}}", -4, id="quantile in a first custom bucket below 0"),
        pytest.param("histogram_quantile", (0.5,), "{{}}", NAN, id="quantile of none"),
        pytest.param("histogram_quantile", (0.25,), "{{count:8 sum:NaN buckets:[4 2]}}", 0.5**0.5, id="quantile beside observations of NaN"),
        pytest.param("histogram_fraction", (-INF, 0.25), ZERO, 0.25, id="fraction in the zero bucket"),
        pytest.param("histogram_fraction", (2**0.5, INF), ZERO, 0.25, id="fraction in a positive bucket"),
        pytest.param("histogram_fraction", (-1, -(0.5**0.5)), BOTH, 0.25, id="fraction in a negative bucket"),
        pytest.param("histogram_fraction", (2, 6), CUSTOM, 0.3, id="fraction in custom buckets"),
        pytest.param("histogram_fraction", (0, 100), CUSTOM, 0.6, id="fraction into the last custom bucket"),
        pytest.param("histogram_fraction", (-INF, INF), "{{count:4 sum:NaN buckets:[3]}}", 0.75, id="NaN is in no fraction"),
        pytest.param("histogram_fraction", (1, 0), "{{}}", NAN, id="fraction of none"),
    ],
)  # fmt: skip
def test_native(name: str, numbers: tuple[float, ...], text: str, wanted: float) -> None:
    """What is estimated of a native histogram; floats are left out."""
    found, _ = call(name, *numbers, {labels(name="n", a="x"): [text, None]})
    assert found == {(("a", "x"),): [pytest.approx(wanted, nan_ok=True), None]}


def test_floats_are_no_native_histograms() -> None:
    """The functions of native histograms leave floats out."""
    assert call("histogram_count", {labels(name="n"): [1.0]})[0] == {}
    assert call("histogram_sum", {labels(name="n"): [1.0, NATIVE]})[0] == {(): [None, 6]}
