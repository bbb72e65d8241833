"""Aggregations: groups, sums that lose nothing, ranks, quantiles, values as labels, and what is told or refused."""

from __future__ import annotations

import numpy as np
import pytest

from firstlight.query.promql.aggregate import aggregate
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.label_hash import label_hash, xxh64
from firstlight.query.promql.labels import settled
from firstlight.query.promql.values import Text, Vector
from tests.query.promql.written import context, lines, scalar, shown, vector

H = "{{count:4,sum:5,buckets:[1,2,1]}}"
TWICE = "{{count:8,sum:10,buckets:[2,4,2]}}"
NHCB = "{{schema:-53,count:1,sum:1,custom_values:[5,10],buckets:[1]}}"
FOUR = "a{g=1,i=1} 1 _; a{g=1,i=2} 2 4; a{g=2,i=1} 3 6; a{g=2,i=2} NaN 8"
BIG = "9.98846567431158e+307"

# What it shows, op, vector, labels, without, result
PLAIN = [
    ("sum by", "sum", FOUR, ("g",), False, "{g=1} 3 4; {g=2} NaN 14"),
    ("sum without", "sum", FOUR, ("i",), True, "{g=1} 3 4; {g=2} NaN 14"),
    ("sum of all", "sum", "a{x=1} 1 _; b{x=1} 2 _", (), False, "{} 3 _"),
    ("a label that none has", "sum", FOUR, ("g", "nope"), False, "{g=1} 3 4; {g=2} NaN 14"),
    ("by name", "sum", "a{x=1} 1; a{x=2} 2; b 3", ("__name__",), False, "a 3; b 3"),
    ("without keeps all other labels but the name", "sum", "a{x=1} 1; b{x=1} 2", (), True, "{x=1} 3"),
    ("nothing small is lost in a sum", "sum", "a{i=1} 1e100; a{i=2} 1; a{i=3} -1e100; a{i=4} 1", (), False, "{} 2"),
    ("nor in a mean", "avg", "a{i=1} 2; a{i=2} 8; a{i=3} 1e100; a{i=4} -1e100", (), False, "{} 2.5"),
    ("a mean may have a sum beyond floats", "avg", f"a{{i=1}} {BIG}; a{{i=2}} {BIG}; a{{i=3}} {BIG}; a{{i=4}} {BIG}", (), False, f"{{}} {BIG}"),
    ("a sum may not", "sum", f"a{{i=1}} {BIG}; a{{i=2}} {BIG}", (), False, "{} +Inf"),
    ("infinities of both signs", "avg", "a{i=1} inf; a{i=2} -inf", (), False, "{} NaN"),
    ("infinity and a number", "avg", "a{i=1} 1; a{i=2} inf", (), False, "{} +Inf"),
    ("min passes over NaN", "min", FOUR, ("g",), False, "{g=1} 1 4; {g=2} 3 6"),
    ("max passes over NaN", "max", FOUR, ("g",), False, "{g=1} 2 4; {g=2} 3 8"),
    ("only NaN is NaN", "max", "a NaN", (), False, "{} NaN"),
    ("count", "count", FOUR, ("g",), False, "{g=1} 2 1; {g=2} 2 2"),
    ("count counts histograms", "count", f"a {H}; b 1", (), False, "{} 2"),
    ("group", "group", FOUR, ("g",), False, "{g=1} 1 1; {g=2} 1 1"),
    ("deviation", "stddev", "a{i=1} 1; a{i=2} 3", (), False, "{} 1"),
    ("variance", "stdvar", "a{i=1} 1; a{i=2} 5", (), False, "{} 4"),
    ("equal values do not vary at all", "stdvar", "a{i=1} 13.3; a{i=2} 13.3; a{i=3} 13.3", (), False, "{} 0"),
    ("an infinite value varies by NaN", "stddev", "a{i=1} 1; a{i=2} inf", (), False, "{} NaN"),
    ("variance where the first is absent", "stdvar", "a{i=1} _ 1; a{i=2} 3 5", (), False, "{} 0 4"),
    ("histograms are added", "sum", f"a{{i=1}} {H}; a{{i=2}} {H}", (), False, f"{{}} {TWICE}"),
    ("and averaged", "avg", f"a{{i=1}} {H}; a{{i=2}} {H}", (), False, f"{{}} {H}"),
    ("one after the other", "sum", f"a{{i=1}} {H} 1", (), False, f"{{}} {H} 1"),
    ("of nothing", "sum", "", (), False, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "series", "names", "without", "wanted"), [row[1:] for row in PLAIN], ids=[row[0] for row in PLAIN]
)
def test_aggregates(op: str, series: str, names: tuple[str, ...], without: bool, wanted: str) -> None:
    steps = vector(series).present.shape[1]

    assert shown(aggregate(op, vector(series), None, names, without, context(steps))) == lines(wanted)


VALUES = "a{i=1} 3; a{i=2} 9; b{i=3} 5; b{i=4} NaN; a{i=5} 5"

# What it shows, op, parameter, vector, labels, result
RANKED = [
    ("the largest first", "topk", (2.0,), VALUES, (), "a{i=2} 9; b{i=3} 5"),
    ("the smallest first", "bottomk", (2.0,), VALUES, (), "a{i=1} 3; b{i=3} 5"),
    ("NaN comes last", "topk", (5.0,), VALUES, (), "a{i=2} 9; b{i=3} 5; a{i=5} 5; a{i=1} 3; b{i=4} NaN"),
    ("in either direction", "bottomk", (9.0,), VALUES, (), "a{i=1} 3; b{i=3} 5; a{i=5} 5; a{i=2} 9; b{i=4} NaN"),
    ("of each group", "topk", (1.0,), VALUES, ("__name__",), "a{i=2} 9; b{i=3} 5"),
    ("none", "topk", (0.9,), VALUES, (), ""),
    ("none of none", "topk", (float("-inf"),), VALUES, (), ""),
    ("a number for each step", "topk", (1.0, 2.0, 0.0), "a{i=1} 1 1 1; a{i=2} 2 2 2; a{i=3} 3 NaN _", (), "a{i=1} _ 1 _; a{i=2} _ 2 _; a{i=3} 3 _ _"),
    ("NaN only if there is room", "bottomk", (2.0, 2.0), "a{i=1} NaN 1; a{i=2} _ NaN; a{i=3} 3 3", (), "a{i=1} NaN 1; a{i=3} 3 3"),
    ("the first of them", "limitk", (2.0,), VALUES, (), "a{i=1} 3; a{i=2} 9"),
    ("of each group, histograms too", "limitk", (1.0,), f"a{{i=1}} {H}; b{{i=2}} 1; b{{i=3}} 2", ("__name__",), f"a{{i=1}} {H}; b{{i=2}} 1"),
    ("all of them", "limit_ratio", (1.0,), "a{i=1} 1; a{i=2} 2", (), "a{i=1} 1; a{i=2} 2"),
    ("none of them", "limit_ratio", (0.0,), "a{i=1} 1; a{i=2} 2", (), ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "param", "series", "names", "wanted"), [row[1:] for row in RANKED], ids=[row[0] for row in RANKED]
)
def test_keeps_some(op: str, param: tuple[float, ...], series: str, names: tuple[str, ...], wanted: str) -> None:
    assert shown(aggregate(op, vector(series), scalar(*param), names, False, context(len(param)))) == lines(wanted)


def test_a_ratio_and_what_it_leaves_are_all() -> None:
    everything = vector("; ".join(f"a{{i={number}}} 1" for number in range(200)))
    some = shown(aggregate("limit_ratio", everything, scalar(0.3), (), False, context()))
    others = shown(aggregate("limit_ratio", everything, scalar(-0.7), (), False, context()))

    assert 40 < len(some) < 80
    assert sorted(some + others) == sorted(shown(everything))


# From the reference implementation: `xxhsum -H64`.
HASHES = [
    ("nothing", b"", 0xEF46DB3751D8E999),
    ("three bytes", b"abc", 0x44BC2CF5AD770999),
    ("more than 32", b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
]


@pytest.mark.parametrize(("data", "wanted"), [row[1:] for row in HASHES], ids=[row[0] for row in HASHES])
def test_hashes(data: bytes, wanted: int) -> None:
    assert xxh64(data) == wanted


def test_hashes_labels_with_their_lengths() -> None:
    assert label_hash((("a", "x" * 300),)) == xxh64(b"\x01a\xff\x2c\x01\x00" + b"x" * 300)


QUANTILES = [
    ("between two", 0.8, "a{i=1} 0; a{i=2} 1", "0.8"),
    ("NaN is the least", 0.8, "a{i=1} 0; a{i=2} 1; a{i=3} NaN", "0.6000000000000001"),
    ("between NaN and a number", 0.2, "a{i=1} 0; a{i=2} 1; a{i=3} NaN", "NaN"),
    ("below the least", -1.0, "a 1", "-Inf"),
    ("above the largest", 2.0, "a 1", "+Inf"),
    ("no share", float("nan"), "a 1", "NaN"),
    ("next to infinity, as Prometheus has it", 0.5, "a{i=1} 1; a{i=2} 7; a{i=3} inf", "NaN"),
]


@pytest.mark.parametrize(
    ("share", "series", "wanted"), [row[1:] for row in QUANTILES], ids=[row[0] for row in QUANTILES]
)
def test_quantiles(share: float, series: str, wanted: str) -> None:
    assert shown(aggregate("quantile", vector(series), scalar(share), (), False, context())) == [f"{{}} {wanted}"]


def test_quantiles_differ_by_group_and_step() -> None:
    series = vector("a{g=1,i=1} 0 0; a{g=1,i=2} 10 _; a{g=2,i=1} 1 5")

    result = aggregate("quantile", series, scalar(0.5, 1.0), ("g",), False, context(2))

    assert shown(result) == ["{g=1} 5 0", "{g=2} 1 5"]


COUNTED = [
    ("each value", "v", "a{i=1} 6 6; a{i=2} 6 7; a{i=3} 0.5 _", (), False, "{v=6} 2 1; {v=7} _ 1; {v=0.5} 1 _"),
    ("in each group", "v", "a{g=1} 6; a{g=2} 6", ("g",), False, "{g=1,v=6} 1; {g=2,v=6} 1"),
    ("over a label there is", "g", "a{g=1} 6; a{g=2} 6", ("g",), False, "{g=6} 2"),
    ("which is not one to leave out", "g", "a{g=1} 6; a{g=2} 7", ("g",), True, "{} 2"),
    ("a histogram is a value", "v", f"a {H}", (), False, "{v={count:4, sum:5, (0.5,1]:1, (1,2]:2, (2,4]:1}} 1"),
    ("large and odd ones", "v", "a{i=1} 1e21; a{i=2} NaN; a{i=3} inf; a{i=4} -0.0", (), False, "{v=1000000000000000000000} 1; {v=NaN} 1; {v=+Inf} 1; {v=-0} 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "series", "names", "without", "wanted"), [row[1:] for row in COUNTED], ids=[row[0] for row in COUNTED]
)
def test_counts_values(label: str, series: str, names: tuple[str, ...], without: bool, wanted: str) -> None:
    steps = vector(series).present.shape[1]

    assert sorted(shown(aggregate("count_values", vector(series), Text(label), names, without, context(steps)))) == (
        sorted(lines(wanted))
    )


# What it shows, op, parameter, vector, warnings, infos
TOLD = [
    ("max ignores histograms", "max", None, f"a {H}; b 1", [], ["ignored histogram in max aggregation"]),
    ("topk ignores histograms", "topk", 1.0, f"a {H}; b 1", [], ["ignored histogram in topk aggregation"]),
    ("topk of none does not look", "topk", 0.0, f"a {H}; b 1", [], []),
    ("floats and histograms have no sum", "sum", None, f"a {H}; b 1", ["encountered a mix of histograms and floats for aggregation"], []),
    ("nor have two kinds of buckets", "avg", None, f"a {H}; b {NHCB}", ['vector contains a mix of histograms with exponential and custom buckets schemas for metric name "b"'], []),
    ("a share beyond 1", "quantile", 1.5, "a 1", ["quantile value should be between 0 and 1, got 1.5"], []),
    ("a share that is none", "quantile", float("nan"), "a 1", ["quantile value should be between 0 and 1, got NaN"], []),
    ("a ratio beyond -1", "limit_ratio", -1.1, "a 1", ["ratio value should be between -1 and 1, got -1.1, capping to -1"], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "param", "series", "warnings", "infos"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD]
)
def test_tells(op: str, param: float | None, series: str, warnings: list[str], infos: list[str]) -> None:
    where = context()

    aggregate(op, vector(series), None if param is None else scalar(param), (), False, where)

    assert where.annotations.warnings == [f"PromQL warning: {text} (1:1)" for text in warnings]
    assert where.annotations.infos == [f"PromQL info: {text} (1:1)" for text in infos]


REFUSED = [
    ("a number that is none", "topk", float("nan"), "Parameter value is NaN"),
    ("a number too large", "limitk", 1e19, "Scalar value 1e+19 overflows int64"),
    ("a ratio that is none", "limit_ratio", float("nan"), "Ratio value is NaN"),
]


@pytest.mark.parametrize(("op", "param", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(op: str, param: float, words: str) -> None:
    with pytest.raises(EvaluationFailed) as raised:
        aggregate(op, vector(""), scalar(param), (), False, context())

    assert str(raised.value) == words


def test_refuses_a_label_that_is_none() -> None:
    with pytest.raises(EvaluationFailed, match="invalid label name"):
        aggregate("count_values", vector("a 1"), Text("a\udcc5z"), (), False, context())


def test_a_name_that_no_longer_applies_goes_from_the_group_too() -> None:
    """With delayed name removal the name still groups."""
    named = vector("a{i=1} 1; a{i=2} 2; b 3")
    nameless = Vector(named.labels, named.floats, named.present, nameless=np.array([True, False, False]))
    result = aggregate("sum", nameless, None, ("__name__",), False, context(delayed=True))

    assert shown(settled(result)) == ["{} 3", "b 3"]
