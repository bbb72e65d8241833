"""Native histograms as text, as JSON and as columns."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from firstlight.errors import DecodeError
from firstlight.query.promql.go_numbers import answer_text, brief_text, label_text, rough_text
from firstlight.query.promql.histogram import Buckets, Hint, Histogram
from firstlight.query.promql.histogram_columns import from_columns, to_columns
from firstlight.query.promql.histogram_json import histogram_json
from firstlight.query.promql.histogram_ops import bounds, equals
from firstlight.query.promql.histogram_text import label_text as histogram_label
from firstlight.query.promql.histogram_text import notation, parse_histogram

FULL = "{{schema:1 count:10 sum:-2.5 z_bucket:2 z_bucket_w:0.25 counter_reset_hint:gauge offset:-1 buckets:[1 0 2] n_offset:3 n_buckets:[5]}}"
CUSTOM = "{{schema:-53 count:6 sum:9 custom_values:[-1 2.5] buckets:[1 2 3]}}"


@pytest.mark.parametrize("text", ["{{}}", FULL, CUSTOM, "{{sum:NaN}}", "{{count:+Inf sum:-Inf}}", "{{sum:1e+21}}"])
def test_what_is_printed_can_be_read(text: str) -> None:
    """The notation is read and printed alike."""
    assert notation(parse_histogram(text)) == text


def test_keys_may_stand_in_any_order() -> None:
    """What is left out is 0, numbers may be written as in Go."""
    h = parse_histogram("{{ buckets:[ 1  .5 2e1 ] sum:inf schema:-2 }}")
    assert (h.schema, h.sum, h.positive.counts.tolist()) == (-2, math.inf, [1, 0.5, 20])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{sum:1}", "no braces around it; write {{…}}", id="no braces"),
        pytest.param("{{summ:1}}", 'unknown key "summ"; did you mean "sum"?', id="an unknown key"),
        pytest.param("{{sum:1 sum:2}}", "sum stands twice", id="a key twice"),
        pytest.param("{{sum:[1]}}", "write lists in []", id="a list for a number"),
        pytest.param("{{buckets:1}}", "write lists in []", id="a number for a list"),
        pytest.param("{{sum:x}}", "'x' is no number", id="no number"),
        pytest.param("{{buckets:[1 x]}}", "'x' is no number", id="no number in a list"),
        pytest.param("{{offset:1.5}}", "want a whole number", id="a part of a bucket"),
        pytest.param("{{schema:9}}", "schema 9; want -53, or from -4 to 8", id="an unknown schema"),
        pytest.param("{{counter_reset_hint:resett}}", 'did you mean "reset"?', id="an unknown hint"),
        pytest.param("{{sum}}", "is no key with a value", id="a key alone"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, told: str) -> None:
    """The error names what was found, and what is wanted."""
    with pytest.raises(DecodeError) as found:
        parse_histogram(text)
    assert told in str(found.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("{{count:1 sum:2}}", {"count": "1", "sum": "2"}, id="no buckets"),
        pytest.param(
            "{{count:10.5 sum:1e-07 z_bucket:2 z_bucket_w:0.001 buckets:[1 0 2] n_buckets:[5.5]}}",
            {"count": "10.5", "sum": "1e-07", "buckets": [[1, "-1", "-0.5", "5.5"], [3, "-0.001", "0.001", "2"], [0, "0.5", "1", "1"], [0, "2", "4", "2"]]},
            id="buckets of both signs, from the lowest",
        ),
        pytest.param(
            "{{count:3 z_bucket_w:0.75 z_bucket:1 buckets:[2]}}",
            {"count": "3", "sum": "0", "buckets": [[3, "-0.75", "0.75", "1"], [0, "0.75", "1", "2"]]},
            id="a bucket is cut where that of zero ends",
        ),
        pytest.param(CUSTOM, {"count": "6", "sum": "9", "buckets": [[3, "-Inf", "-1", "1"], [0, "-1", "2.5", "2"], [0, "2.5", "+Inf", "3"]]}, id="custom buckets"),
    ],
)  # fmt: skip
def test_json(text: str, wanted: dict[str, object]) -> None:
    """The API answers the buckets that are not empty, and which of their bounds they include."""
    assert histogram_json(parse_histogram(text)) == wanted


def test_as_a_label() -> None:
    """`count_values` writes a histogram so."""
    assert histogram_label(parse_histogram(FULL)) == (
        "{count:10, sum:-2.5, [-2.82842712474619,-2):5, [-0.25,0.25]:2, "
        "(0.5,0.7071067811865475]:1, (1,1.414213562373095]:2}"
    )
    assert histogram_label(parse_histogram(CUSTOM)) == "{count:6, sum:9, [-Inf,-1]:1, (-1,2.5]:2, (2.5,+Inf]:3}"


@pytest.mark.parametrize(
    ("value", "answer", "brief", "label"),
    [
        (0.0, "0", "0", "0.0"),
        (-0.0, "-0", "-0", "-0.0"),
        (1.0, "1", "1", "1.0"),
        (100000.0, "100000", "100000", "100000.0"),
        (1e6, "1000000", "1e+06", "1e+06"),
        (1234567.5, "1234567.5", "1.2345675e+06", "1.2345675e+06"),
        (1e20, "100000000000000000000", "1e+20", "1e+20"),
        (1e21, "1e+21", "1e+21", "1e+21"),
        (1.5e-5, "0.000015", "1.5e-05", "1.5e-05"),
        (1e-6, "0.000001", "1e-06", "1e-06"),
        (1e-7, "1e-07", "1e-07", "1e-07"),
        (0.0001, "0.0001", "0.0001", "0.0001"),
        (0.1, "0.1", "0.1", "0.1"),
        (5e-324, "5e-324", "5e-324", "5e-324"),
        (-math.inf, "-Inf", "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN", "NaN"),
    ],
)
def test_numbers(value: float, answer: str, brief: str, label: str) -> None:
    """Numbers are written as Go writes them, in each place in its way."""
    assert (answer_text(value), brief_text(value), label_text(value)) == (answer, brief, label)


@pytest.mark.parametrize(("value", "text"), [(10, "10"), (123, "1.2e+02"), (0.012345, "0.012"), (math.inf, "+Inf")])
def test_rough_numbers(value: float, text: str) -> None:
    """Two digits are enough for a difference."""
    assert rough_text(value) == text


@pytest.mark.parametrize(
    ("schema", "index", "bound"),
    [
        pytest.param(0, 0, 1.0, id="bucket 0 ends at 1"),
        pytest.param(0, 3, 8.0, id="powers of two"),
        pytest.param(-2, 1, 16.0, id="wide buckets"),
        pytest.param(1, 1, 1.414213562373095, id="a bound whose last digit is Prometheus'"),
        pytest.param(2, -1, 0.8408964152537144, id="one below 1"),
        pytest.param(8, -1, 0.9972960560854698, id="narrow buckets"),
        pytest.param(0, 1024, math.ldexp(1 - 2.0**-53, 1024), id="the last bucket ends at the largest number"),
        pytest.param(-4, 64, math.ldexp(1 - 2.0**-53, 1024), id="of wide buckets, too"),
        pytest.param(0, 1025, math.inf, id="the next is for infinity"),
        pytest.param(0, -1080, 0.0, id="the smallest"),
    ],
)
def test_bounds(schema: int, index: int, bound: float) -> None:
    """Bounds are those that Prometheus answers, to the last digit."""
    assert bounds(schema, np.array([index])).tolist() == [bound]


def test_columns_hold_what_histograms_hold() -> None:
    """What is stored is read again, hints too if their column is there."""
    histograms = [
        parse_histogram(text) for text in (FULL, CUSTOM, "{{}}", "{{schema:8 count:1 offset:-300 buckets:[1]}}")
    ]
    table = pa.table(to_columns(histograms))
    found = from_columns(table)
    assert all(equals(one, other) and one.hint == other.hint for one, other in zip(histograms, found, strict=True))
    assert all(h.hint == Hint.UNKNOWN for h in from_columns(table.drop_columns(["reset_hint"])))
    assert table["positive_offset"].to_pylist() == [-2, 0, -1, -301]


def test_resolutions_that_promql_does_not_know() -> None:
    """OpenTelemetry's finer scales are read at the finest that Prometheus has."""
    fine = Histogram(schema=10, count=8.0, positive=Buckets(1, np.ones(8)))
    assert notation(from_columns(pa.table(to_columns([fine])))[0]) == "{{schema:8 count:8 offset:1 buckets:[4 4]}}"


def test_a_slice_of_a_table() -> None:
    """Rows are found wherever their lists begin."""
    table = pa.table(to_columns([parse_histogram(text) for text in (CUSTOM, FULL, CUSTOM)]))
    assert [notation(h) for h in from_columns(table.slice(1, 2))] == [FULL, CUSTOM]
    chunks = pa.concat_tables([table.slice(2, 1), table.slice(1, 1)])
    assert [notation(h) for h in from_columns(chunks)] == [CUSTOM, FULL]
