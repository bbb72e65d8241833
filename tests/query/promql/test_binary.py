"""Operators between scalars and vectors: matching, groups, fill, names, histograms, and what is told or refused."""

from __future__ import annotations

import pytest

from firstlight.query.promql.ast import Matching
from firstlight.query.promql.binary import binary, negated
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.labels import settled
from firstlight.query.promql.values import Scalar, Vector
from tests.query.promql.written import context, lines, scalar, shown, vector

H = "{{count:4,sum:5,buckets:[1,2,1]}}"
TWICE = "{{count:8,sum:10,buckets:[2,4,2]}}"
MINUS = "{{count:-4,sum:-5,counter_reset_hint:gauge,buckets:[-1,-2,-1]}}"
NHCB = "{{schema:-53,count:1,sum:1,custom_values:[5,10],buckets:[1]}}"

SCALARS = [
    ("a power of a negative number", "^", -2.0, 3.0, "-8"),
    ("the remainder has the sign of the left", "%", -7.0, 3.0, "-1"),
    ("a remainder of 0 is NaN", "%", 1.0, 0.0, "NaN"),
    ("division by 0 is infinite", "/", 1.0, 0.0, "+Inf"),
    ("NaN is not NaN", "==", float("nan"), float("nan"), "0"),
    ("NaN differs from NaN", "!=", float("nan"), float("nan"), "1"),
    ("an angle", "atan2", 10.0, 20.0, "0.4636476090008061"),
]


@pytest.mark.parametrize(
    ("op", "left", "right", "wanted"), [row[1:] for row in SCALARS], ids=[row[0] for row in SCALARS]
)
def test_computes_with_scalars(op: str, left: float, right: float, wanted: str) -> None:
    assert shown(binary(op, scalar(left), scalar(right), None, True, context())) == [wanted]


# What it shows, vector, op, scalar, whether the scalar stands first, bool, result
WITH_SCALAR = [
    ("arithmetic drops the name", "a{x=1} 1 2", "+", (1.0, 1.0), False, False, "{x=1} 2 3"),
    ("the scalar may differ by step", "a{x=1} 1 2", "*", (1.0, 3.0), False, False, "{x=1} 1 6"),
    ("the order counts", "a{x=1} 1 2", "-", (5.0, 5.0), True, False, "{x=1} 4 3"),
    ("a comparison keeps name and value", "a{x=1} 1 2", ">", (1.0, 1.0), False, False, "a{x=1} _ 2"),
    ("of the vector, if the scalar is first", "a{x=1} 1 2", "<", (1.0, 1.0), True, False, "a{x=1} _ 2"),
    ("bool says 1 or 0, without a name", "a{x=1} 1 2 _", ">", (1.0, 1.0, 1.0), False, True, "{x=1} 0 1 _"),
    ("NaN differs from itself", "a 1 NaN", "!=", (1.0, float("nan")), False, False, "a _ NaN"),
    ("a histogram times a float", f"h {H} 2", "*", (2.0, 2.0), False, False, f"{{}} {TWICE} 4"),
    ("a float times a histogram", f"h {H} 2", "*", (2.0, 2.0), True, False, f"{{}} {TWICE} 4"),
    ("trimming keeps the name", f"h {H}", "</", (9.0,), False, False, f"h {H}"),
]


@pytest.mark.parametrize(
    ("series", "op", "values", "first", "returns_bool", "wanted"),
    [row[1:] for row in WITH_SCALAR],
    ids=[row[0] for row in WITH_SCALAR],
)
def test_computes_with_a_scalar(
    series: str, op: str, values: tuple[float, ...], first: bool, returns_bool: bool, wanted: str
) -> None:
    sides = vector(series), Scalar(scalar(*values).values)
    left, right = reversed(sides) if first else sides

    assert shown(binary(op, left, right, None, returns_bool, context(len(values)))) == lines(wanted)


ON_X, NO_Y = Matching(on=True, labels=("x",)), Matching(labels=("y",))
LEFT_X = Matching(on=True, labels=("x",), group="left")
RIGHT_X = Matching(on=True, labels=("x",), group="right")
TAKE = Matching(on=True, labels=("x",), group="left", include=("role",))

# What it shows, left, op, right, matching, result
VECTORS = [
    ("equal labels meet", "a{x=1} 1; a{x=2} 2", "+", "b{x=1} 10; b{x=3} 30", Matching(), "{x=1} 11"),
    ("where both are there", "a{x=1} 1 2 _", "+", "b{x=1} _ 10 10", Matching(), "{x=1} _ 12 _"),
    ("on keeps the labels named", "a{x=1,y=1} 4", "/", "b{x=1,z=1} 2", ON_X, "{x=1} 2"),
    ("ignoring drops the labels named", "a{x=1,y=1} 4", "/", "b{x=1,y=2} 2", NO_Y, "{x=1} 2"),
    ("a comparison keeps the left name", "a{x=1} 4", ">", "b{x=1} 2", Matching(), "a{x=1} 4"),
    ("but not with on", "a{x=1} 4", ">", "b{x=1} 2", ON_X, "{x=1} 4"),
    ("and keeps what holds", "a{x=1} 4 1", ">", "b{x=1} 2 2", Matching(), "a{x=1} 4 _"),
    ("a partner may change", "a{x=1} 1 2", "+", "b{x=1,y=1} 10 _; b{x=1,y=2} _ 20", ON_X, "{x=1} 11 22"),
    ("many to one", "a{x=1,y=1} 4; a{x=1,y=2} 6", "/", "b{x=1} 2", LEFT_X, "{x=1,y=1} 2; {x=1,y=2} 3"),
    ("one to many", "b{x=1} 12", "/", "a{x=1,y=1} 4; a{x=1,y=2} 6", RIGHT_X, "{x=1,y=1} 3; {x=1,y=2} 2"),
    ("a label is taken over", "a{x=1} 4", "*", "b{x=1,role=r} 2", TAKE, "{role=r,x=1} 8"),
    ("or taken away", "a{x=1,role=q} 4", "*", "b{x=1} 2", TAKE, "{x=1} 8"),
    ("it may change too", "a{x=1} 1 2", "*", "b{x=1,role=r} 2 _; b{x=1,role=s} _ 2", TAKE, "{role=r,x=1} 2 _; {role=s,x=1} _ 4"),
    ("and", "a{x=1} 1 2; a{x=2} 3 4", "and", "b{x=1} _ 0", Matching(), "a{x=1} _ 2"),
    ("and on nothing: if there is anything", "a{x=1} 1 2; a{x=2} 3 4", "and", "b{z=1} _ 0", Matching(on=True), "a{x=1} _ 2; a{x=2} _ 4"),
    ("unless", "a{x=1} 1 2; a{x=2} 3 4", "unless", "b{x=1} _ 0", Matching(), "a{x=1} 1 _; a{x=2} 3 4"),
    ("or", "a{x=1} 1 _", "or", "b{x=1} 5 6; b{x=2} 7 _", Matching(), "a{x=1} 1 _; b{x=1} _ 6; b{x=2} 7 _"),
    ("or joins what is called the same", "{x=1} 1 _", "or", "{x=1} 5 6", Matching(), "{x=1} 1 6"),
    ("or of nothing", "a{x=1} 1", "and", "", Matching(), ""),
    ("fill both", "a{x=1} 1; a{x=2} 2", "+", "b{x=1} 10; b{x=3} 30", Matching(fill_left=0, fill_right=5), "{x=1} 11; {x=2} 7; {x=3} 30"),
    ("fill where it is missing", "a{x=1} 1 _ 3 _", "+", "b{x=1} _ 20 30 _", Matching(fill_left=0, fill_right=0), "{x=1} 1 20 33 _"),
    ("fill the many", "a{x=1,y=1} 1", "+", "b{x=1} 10; b{x=2} 20", Matching(on=True, labels=("x",), group="left", fill_left=5), "{x=1,y=1} 11; {x=2} 25"),
    ("fill the many, at the right", "b{x=1} 10; b{x=2} 20", "-", "a{x=1,y=1} 1", Matching(on=True, labels=("x",), group="right", fill_left=5), "{x=1,y=1} 9; {x=2} 15"),
    ("histograms are added", f"a{{x=1}} {H}", "+", f"b{{x=1}} {H}", Matching(), f"{{x=1}} {TWICE}"),
    ("and compared", f"a{{x=1}} {H} {H}", "==", f"b{{x=1}} {H} {TWICE}", Matching(), f"a{{x=1}} {H} _"),
    ("and divided by floats", f"a{{x=1}} {TWICE} 4", "/", "b{x=1} 2 2", Matching(), f"{{x=1}} {H} 2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "op", "right", "matching", "wanted"), [row[1:] for row in VECTORS], ids=[row[0] for row in VECTORS]
)
def test_matches_vectors(left: str, op: str, right: str, matching: Matching, wanted: str) -> None:
    steps = vector(left).present.shape[1]

    result = binary(op, vector(left), vector(right, steps), matching, False, context(steps))

    assert shown(result) == lines(wanted)


def test_returns_bool_of_every_pair() -> None:
    """P5: a series that has no partner has no answer, and the name goes."""
    result = binary("==", vector("a{x=1} 1 2; a{x=2} 1 1"), vector("b{x=1} 1 1"), Matching(), True, context(2))

    assert shown(result) == ["{x=1} 1 0"]


# What it shows, left, op, right, matching, the words
REFUSED = [
    (
        "several on the one side",
        "a 1", ">", "b{x=2} 2; b{x=1} 1", Matching(on=True),
        ('found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="b", x="1"}, '
        '{__name__="b", x="2"}];many-to-many matching not allowed: matching labels must be unique on one side'),
    ),
    (
        "several on the left as the one side",
        "b{x=1,y=1} 2; b{x=1,y=2} 1", "*", "a{x=1} 1", RIGHT_X,
        ('found duplicate series for the match group {x="1"} on the left hand-side of the operation: '
        '[{__name__="b", x="1", y="1"}, {__name__="b", x="1", y="2"}]'
        ";many-to-many matching not allowed: matching labels must be unique on one side"),
    ),
    (
        "several on the left, even if none holds",
        "a{x=1,y=1} 0; a{x=1,y=2} 1", ">", "b{x=1} 5", ON_X,
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
    ),
    (
        "results that are called the same",
        "a{x=1,role=q} 1; a{x=1,role=r} 1", "*", "b{x=1,role=s} 1", TAKE,
        "multiple matches for labels: grouping labels must ensure unique matches",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "op", "right", "matching", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refuses(left: str, op: str, right: str, matching: Matching, words: str) -> None:
    with pytest.raises(EvaluationFailed) as raised:
        binary(op, vector(left), vector(right), matching, False, context())

    assert str(raised.value) == words


def test_does_not_refuse_what_never_meets() -> None:
    """Duplicates count only at a step where they are both there, and where the other side is."""
    left, right = vector("a _ 1 1"), vector("b{x=1} 1 1 _; b{x=2} 1 _ 1")

    assert shown(binary("+", left, right, Matching(on=True), False, context(3))) == ["{} _ 2 2"]


# What it shows, left, op, right, warnings, infos
TOLD = [
    ("a histogram and a float", f"a {H}", "+", "b 1", [], ['incompatible sample types encountered for binary operator "+": histogram + float']),
    ("a float and a histogram", "a 1", ">", f"b {H}", [], ['incompatible sample types encountered for binary operator ">": float > histogram']),
    ("floats are not trimmed", "a 1", "</", "b 1", [], ['incompatible sample types encountered for binary operator "</": float </ float']),
    ("two kinds of buckets", f"a {H}", "-", f"b {NHCB}", ["incompatible bucket layout encountered for binary operator -"], []),
    ("histograms have no order", f"a {H}", "<", f"b {H}", [], ['incompatible sample types encountered for binary operator "<": histogram < histogram']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "op", "right", "warnings", "infos"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD]
)
def test_tells(left: str, op: str, right: str, warnings: list[str], infos: list[str]) -> None:
    where = context()

    assert shown(binary(op, vector(left), vector(right), Matching(), False, where)) == []
    assert where.annotations.warnings == [f"PromQL warning: {text} (1:1)" for text in warnings]
    assert where.annotations.infos == [f"PromQL info: {text} (1:1)" for text in infos]


NEGATED = [
    ("the name goes", "a{x=1} 1 _", "{x=1} -1 _"),
    ("what does not overlap is joined", "a{x=1} 2 _; b{x=1} _ 4", "{x=1} -2 -4"),
    ("histograms too", f"a {H}", f"{{}} {MINUS}"),
]


@pytest.mark.parametrize(("series", "wanted"), [row[1:] for row in NEGATED], ids=[row[0] for row in NEGATED])
def test_negates(series: str, wanted: str) -> None:
    steps = vector(series).present.shape[1]

    assert shown(negated(vector(series), context(steps))) == [wanted]


def test_delays_the_removal_of_names() -> None:
    """With delayed name removal two metrics may stand side by side until the query is done."""
    where = context(delayed=True)
    result = negated(vector("a{x=1} 1; b{x=2} 2"), where)
    assert isinstance(result, Vector)

    assert shown(result) == ["a{x=1} -1", "b{x=2} -2"]
    assert shown(settled(result)) == ["{x=1} -1", "{x=2} -2"]
    with pytest.raises(EvaluationFailed, match="vector cannot contain metrics with the same labelset"):
        settled(negated(vector("a{x=1} 1; b{x=1} 2"), where))  # type: ignore[arg-type]


META = [
    ("the name alone", "a{x=1} 1", "{x=1} 1"),
    ("type and unit go with it", "a{__type__=counter,__unit__=s,x=1} 1", "{x=1} 1"),
    ("also without a name", "{__type__=counter,x=1} 1", "{x=1} 1"),
    ("other labels of that kind stay", "a{__other__=1,A=1} 1", "{A=1,__other__=1} 1"),
]


@pytest.mark.parametrize(("series", "wanted"), [row[1:] for row in META], ids=[row[0] for row in META])
def test_drops_what_says_what_is_measured(series: str, wanted: str) -> None:
    assert shown(binary("*", vector(series), scalar(1.0), None, False, context())) == [wanted]
    assert shown(binary("+", vector(series), vector(series), Matching(), False, context())) == [
        wanted.replace(" 1", " 2")
    ]
