"""Functions of instant vectors and scalars: numbers, labels, time, order, presence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from firstlight.errors import Span
from firstlight.query.promql.ast import Matcher, MatchOp, MatrixSelector, NumberLiteral, VectorSelector
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.functions import FUNCTIONS
from firstlight.query.promql.presence import absent, absent_labels
from firstlight.query.promql.signatures import FUNCTIONS as SIGNATURES
from firstlight.query.promql.signatures import MATRIX
from firstlight.query.promql.sorting import precedes
from firstlight.query.promql.values import Steps, Text, Value, Vector
from tests.query.promql.written import context, lines, scalar, shown, vector

H = "{{count:4,sum:5,buckets:[1,2,1]}}"
NAN, INF = float("nan"), float("inf")
A_DAY = 1_709_210_096.0  # 2024-02-29 12:34:56 UTC, a Thursday


def test_has_every_function_of_the_language() -> None:
    """P5: those of ranges, and those that need the expression, are the evaluator's."""
    elsewhere = {name for name, signature in SIGNATURES.items() if MATRIX in signature.args} | {"absent", "info"}

    assert set(SIGNATURES) - elsewhere <= set(FUNCTIONS)


# What it shows, function, vector, further scalars, result
NUMBERS = [
    ("the name goes, and histograms", "abs", f"a{{i=1}} -2; a{{i=2}} {H}", (), "{i=1} 2"),
    ("a half is rounded up", "round", "a{i=1} 2.5; a{i=2} -2.5", (), "{i=1} 3; {i=2} -2"),
    ("to a multiple", "round", "a 22", (5.0,), "{} 20"),
    ("to a part", "round", "a 5.25", (0.1,), "{} 5.3"),
    ("up", "ceil", "a 1.2", (), "{} 2"),
    ("down", "floor", "a -1.2", (), "{} -2"),
    ("the sign of nothing", "sgn", "a{i=1} 0; a{i=2} NaN; a{i=3} -inf", (), "{i=1} 0; {i=2} NaN; {i=3} -1"),
    ("the logarithm of 0", "ln", "a 0", (), "{} -Inf"),
    ("the logarithm of less", "log2", "a -1", (), "{} NaN"),
    ("degrees", "deg", "a 3.141592653589793", (), "{} 180"),
    ("radians", "rad", "a 180", (), "{} 3.141592653589793"),
    ("between two", "clamp", "a{i=1} -5; a{i=2} 5; a{i=3} 50", (0.0, 10.0), "{i=1} 0; {i=2} 5; {i=3} 10"),
    ("nothing is between what is crossed", "clamp", "a 1", (5.0, -5.0), ""),
    ("nor known between what is none", "clamp", "a 1", (NAN, 5.0), "{} NaN"),
    ("at least", "clamp_min", "a{i=1} -5; a{i=2} NaN", (0.0,), "{i=1} 0; {i=2} NaN"),
    ("infinity is larger than NaN, as in Go", "clamp_min", "a NaN", (INF,), "{} +Inf"),
    ("at most", "clamp_max", "a{i=1} 50; a{i=2} 5", (10.0,), "{i=1} 10; {i=2} 5"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "series", "numbers", "wanted"), [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS]
)
def test_numbers(name: str, series: str, numbers: tuple[float, ...], wanted: str) -> None:
    args: list[Value] = [vector(series), *(scalar(number) for number in numbers)]

    assert shown(FUNCTIONS[name](args, context())) == lines(wanted)


SCALARS = [
    ("max_of", (3.0, 5.0), "5"),
    ("max_of", (NAN, 3.0), "NaN"),
    ("min_of", (-2.0, -5.0), "-5"),
    ("min_of", (3.0, NAN), "NaN"),
    ("pi", (), "3.141592653589793"),
    ("time", (), "0"),
]


@pytest.mark.parametrize(("name", "numbers", "wanted"), SCALARS)
def test_scalars(name: str, numbers: tuple[float, ...], wanted: str) -> None:
    assert shown(FUNCTIONS[name]([scalar(number) for number in numbers], context())) == [wanted]


QUERY = [
    ("time", "100 110 120"),
    ("start", "100 100 100"),
    ("end", "120 120 120"),
    ("range", "20 20 20"),
    ("step", "10 10 10"),
]


@pytest.mark.parametrize(("name", "wanted"), QUERY)
def test_times_of_the_query(name: str, wanted: str) -> None:
    where = replace(context(3), steps=Steps(100_000, 10_000, 3))

    assert shown(FUNCTIONS[name]([], where)) == [wanted]


DATES = [
    ("minute", A_DAY, "34"),
    ("hour", A_DAY, "12"),
    ("day_of_week", A_DAY, "4"),
    ("day_of_month", A_DAY, "29"),
    ("day_of_year", A_DAY, "60"),
    ("days_in_month", A_DAY, "29"),
    ("month", A_DAY, "2"),
    ("year", A_DAY, "2024"),
    ("year", -1.0, "1969"),
    ("day_of_year", -1.0, "365"),
    ("days_in_month", -2_205_100_800.0, "28"),
    ("year", -62_167_219_201.0, "-1"),
    ("hour", -0.5, "0"),
]


@pytest.mark.parametrize(("name", "seconds", "wanted"), DATES)
def test_dates(name: str, seconds: float, wanted: str) -> None:
    assert shown(FUNCTIONS[name]([vector(f"a{{x=1}} {seconds!r}")], context())) == [f"{{x=1}} {wanted}"]


def test_dates_are_those_of_the_steps() -> None:
    where = replace(context(2), steps=Steps(int(A_DAY) * 1000, 3_600_000, 2))

    assert shown(FUNCTIONS["hour"]([], where)) == ["{} 12 13"]


def test_timestamps_of_what_is_computed_are_the_steps() -> None:
    assert shown(FUNCTIONS["timestamp"]([vector(f"a{{x=1}} 7 {H} _")], context(3))) == ["{x=1} 0 60 _"]


def test_a_vector_of_a_scalar_and_back() -> None:
    assert shown(FUNCTIONS["vector"]([scalar(1, 2)], context(2))) == ["{} 1 2"]
    assert shown(FUNCTIONS["scalar"]([vector(f"a 1 1 _ -0.0; b _ 2 _ {H}")], context(4))) == ["1 NaN NaN -0"]
    assert shown(FUNCTIONS["scalar"]([vector("", 2)], context(2))) == ["NaN NaN"]


TESTED = "t{src=source-10,dst=d} 0; t{src=source-20,dst=d} 1"

# What it shows, vector, dst, replacement, src, regex, result
REPLACED = [
    ("a group", TESTED, "dst", "to-$1", "src", "source-(.*)", "t{dst=to-10,src=source-10} 0; t{dst=to-20,src=source-20} 1"),
    ("a named group", TESTED, "dst", "${n}0", "src", "source-(?P<n>.)0", "t{dst=10,src=source-10} 0; t{dst=20,src=source-20} 1"),
    ("only where all of it matches", TESTED, "dst", "to-$1", "src", "(1.)", "t{dst=d,src=source-10} 0; t{dst=d,src=source-20} 1"),
    ("a label there is not is empty", TESTED, "dst", "to-$1", "nope", "(.*)", "t{dst=to-,src=source-10} 0; t{dst=to-,src=source-20} 1"),
    ("what is set to nothing goes", TESTED, "dst", "", "dst", ".*", "t{src=source-10} 0; t{src=source-20} 1"),
    ("the name", "t{x=1} 1", "__name__", "u", "x", ".*", "u{x=1} 1"),
    ("what becomes equal is joined", "t{i=1} 1 _; t{i=2} _ 2", "i", "", "i", ".*", "t 1 2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("series", "texts", "wanted"), [(row[1], row[2:6], row[6]) for row in REPLACED], ids=[row[0] for row in REPLACED]
)
def test_replaces_labels(series: str, texts: Sequence[str], wanted: str) -> None:
    args: list[Value] = [vector(series), *map(Text, texts)]
    steps = vector(series).present.shape[1]

    assert shown(FUNCTIONS["label_replace"](args, context(steps))) == lines(wanted)


JOINED = [
    ("in order", ("dst", "-", "b", "a"), "t{a=1,b=2,dst=2-1} 0"),
    ("a label there is not is empty", ("dst", "-", "a", "nope", "b"), "t{a=1,b=2,dst=1--2} 0"),
    ("nothing takes the label away", ("a", ", "), "t{b=2} 0"),
]


@pytest.mark.parametrize(("texts", "wanted"), [row[1:] for row in JOINED], ids=[row[0] for row in JOINED])
def test_joins_labels(texts: Sequence[str], wanted: str) -> None:
    assert shown(FUNCTIONS["label_join"]([vector("t{a=1,b=2} 0"), *map(Text, texts)], context())) == [wanted]


REFUSED = [
    (
        "a bad expression",
        "label_replace",
        ("dst", "", "src", "(.*"),
        "invalid regular expression in label_replace(): (.*",
    ),
    ("no label", "label_replace", ("", "", "src", ".*"), "invalid destination label name in label_replace(): "),
    ("equal series", "label_replace", ("i", "", "i", ".*"), "vector cannot contain metrics with the same labelset"),
    ("no label to join to", "label_join", ("", "-", "i"), "invalid destination label name in label_join(): "),
    ("no label to join", "label_join", ("i", "-", ""), "invalid source label name in label_join(): "),
]


@pytest.mark.parametrize(("name", "texts", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refuses(name: str, texts: Sequence[str], words: str) -> None:
    with pytest.raises(EvaluationFailed) as raised:
        FUNCTIONS[name]([vector("t{i=1} 0; t{i=2} 0"), *map(Text, texts)], context())

    assert str(raised.value) == words


def test_refuses_what_becomes_equal_without_its_name() -> None:
    with pytest.raises(EvaluationFailed, match="vector cannot contain metrics with the same labelset"):
        FUNCTIONS["abs"]([vector("a{x=1} 1; b{x=1} 1")], context())


SORTED = [
    ("by value", "sort", (), "a{i=3} 1; a{i=10} 2; a{i=1} NaN"),
    ("by value, down", "sort_desc", (), "a{i=10} 2; a{i=3} 1; a{i=1} NaN"),
    ("by label", "sort_by_label", ("i",), "a{i=1} NaN; a{i=3} 1; a{i=10} 2"),
    ("by label, down", "sort_by_label_desc", ("i",), "a{i=10} 2; a{i=3} 1; a{i=1} NaN"),
    ("by a label there is not", "sort_by_label", ("nope",), "a{i=1} NaN; a{i=10} 2; a{i=3} 1"),
]


@pytest.mark.parametrize(("name", "texts", "wanted"), [row[1:] for row in SORTED], ids=[row[0] for row in SORTED])
def test_sorts(name: str, texts: Sequence[str], wanted: str) -> None:
    series = vector("a{i=1} NaN; a{i=10} 2; a{i=3} 1")

    assert shown(FUNCTIONS[name]([series, *map(Text, texts)], context())) == lines(wanted)


def test_tells_that_a_range_has_its_own_order() -> None:
    where = context(2)
    FUNCTIONS["sort"]([vector("a 1 2")], where)

    assert where.annotations.warnings == [
        "PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)"
    ]


PRECEDES = [
    ("numbers by size", "node2", "node10", True),
    ("texts by letter", "a", "b", True),
    ("a beginning before the whole", "a", "a1", True),
    ("nothing has no place", "", "a", False),
    ("parts one after the other", "1.2.3", "1.11.3", True),
    ("a number before letters", "4m5", "4m1000", True),
]


@pytest.mark.parametrize(("a", "b", "wanted"), [row[1:] for row in PRECEDES], ids=[row[0] for row in PRECEDES])
def test_orders_labels(a: str, b: str, wanted: bool) -> None:
    assert precedes(a, b) == wanted


def _selector(*matchers: tuple[str, MatchOp, str]) -> VectorSelector:
    return VectorSelector(span=Span(0, 1), name="", matchers=tuple(Matcher(*matcher) for matcher in matchers))


IS, LIKE = MatchOp.EQUAL, MatchOp.REGEX
ABSENT = [
    ("what must be equal", _selector(("__name__", IS, "a"), ("x", IS, "1"), ("y", LIKE, ".")), (("x", "1"),)),
    ("but not twice", _selector(("x", IS, "1"), ("x", IS, "2"), ("y", IS, "1")), (("y", "1"),)),
    ("nor matched otherwise", _selector(("x", IS, "1"), ("x", LIKE, "2")), ()),
    ("of a range", MatrixSelector(span=Span(0, 1), selector=_selector(("x", IS, "1")), range=1), (("x", "1"),)),
    ("of anything else", NumberLiteral(span=Span(0, 1), value=1.0), ()),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "wanted"), [row[1:] for row in ABSENT], ids=[row[0] for row in ABSENT])
def test_names_what_is_absent(expr: VectorSelector, wanted: tuple[tuple[str, str], ...]) -> None:
    assert absent_labels(expr) == wanted


def test_tells_when_nothing_is_there() -> None:
    assert shown(absent(vector("a 1 _ _; b _ _ 1"), (("x", "1"),))) == ["{x=1} _ 1 _"]
    assert shown(absent(Vector([], np.zeros((0, 2)), np.zeros((0, 2), dtype=bool)), ())) == ["{} 1 1"]
