"""Operations and aggregations of series give what Loki gives, where that is not what Prometheus gives (P3)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from firstlight.errors import Span
from firstlight.query.logql.aggregations import vector_aggregate
from firstlight.query.logql.ast import Grouping, Matching, VectorAggregate, VectorOp
from firstlight.query.logql.ast import Vector as VectorLiteral
from firstlight.query.logql.evaluate_binary import binary
from firstlight.query.logql.evaluate_faults import LogqlFailed
from firstlight.query.promql.values import Floats, Labels, Scalar, Steps, Vector

INF, NAN = math.inf, math.nan
AT_ONCE = Steps(0, 0, 1)
HERE = Span(0, 0)

Told = dict[str, float]

OPERATIONS = [
    # what                                  left                        op   right                  matching                            the result
    ("a sum",                               {"a=1": 1, "a=2": 2},       "+", {"a=1": 10, "a=3": 1}, Matching(),                         {"a=1": 11}),
    ("division by zero",                    {"a=1": 1, "a=2": 0},       "/", {"a=1": 0, "a=2": 0},  Matching(),                         {"a=1": NAN, "a=2": NAN}),
    ("labels that count",                   {"a=1,b=1": 6},             "/", {"a=1,b=2": 3},        Matching(on=True, labels=("a",)),   {"a=1": 2}),
    ("labels that do not count",            {"a=1,b=1": 6},             "-", {"a=1,b=2": 3},        Matching(labels=("b",)),            {"a=1": 3}),
    ("none that counts",                    {"a=1": 6},                 "-", {"b=2": 3},            Matching(on=True),                  {"": 3}),
    ("an empty label is as good as none",   {"a=1,b=": 6},              "-", {"a=1": 3},            Matching(),                         {"a=1": 3}),
    ("many to one",                         {"a=1,b=1": 6, "a=1,b=2": 4}, "/", {"a=1,c=x": 2},      Matching(on=True, labels=("a",), group="left"),
     {"a=1,b=1": 3, "a=1,b=2": 2}),
    ("a label that is taken over",          {"a=1,b=1": 6},             "/", {"a=1,c=x": 2},        Matching(on=True, labels=("a",), group="left", include=("c",)),
     {"a=1,b=1,c=x": 3}),
    ("a label that is not there to take",   {"a=1,c=y": 6},             "/", {"a=1": 2},            Matching(on=True, labels=("a",), group="left", include=("c",)),
     {"a=1": 3}),
    ("one to many",                         {"a=1": 2},                 "/", {"a=1,b=1": 4},        Matching(on=True, labels=("a",), group="right"),
     {"a=1,b=1": 0.5}),
    ("a comparison keeps the left",         {"a=1": 6, "a=2": 1},       ">", {"a=1": 3, "a=2": 3},  Matching(),                         {"a=1": 6}),
    ("also if the right is the many",       {"a=1": 6},                 ">", {"a=1,b=1": 4},        Matching(on=True, labels=("a",), group="right"),
     {"a=1,b=1": 6}),
    ("and",                                 {"a=1": 6, "a=2": 1},     "and", {"a=1": 0},            Matching(),                         {"a=1": 6}),
    ("or",                                  {"a=1": 6},                "or", {"a=1": 0, "a=2": 3},  Matching(),                         {"a=1": 6, "a=2": 3}),
    ("unless",                              {"a=1": 6, "a=2": 1},  "unless", {"a=1": 0},            Matching(),                         {"a=2": 1}),
    ("a set by some labels",                {"a=1,b=1": 6, "b=2": 1}, "and", {"b=1": 0},            Matching(on=True, labels=("b",)),   {"a=1,b=1": 6}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "op", "right", "matching", "expected"),
    [case[1:] for case in OPERATIONS],
    ids=[case[0] for case in OPERATIONS],
)
def test_operations_of_vectors(left: Told, op: str, right: Told, matching: Matching, expected: Told) -> None:
    """At one step."""
    found = binary(op, _vector(left), _vector(right), matching, False)

    assert isinstance(found, Vector)
    assert _told(found) == pytest.approx(expected, nan_ok=True)


WITH_NUMBERS = [
    # what                                   left                  op   right             bool   the result
    ("a vector and a number",                {"a=1": 3, "a=": 4},  "*", 2.0,              False, {"a=1": 6, "a=": 8}),
    ("a number and a vector",                2.0,                  "-", {"a=1": 3},       False, {"a=1": -1}),
    ("a number divided by zero",             2.0,                  "/", {"a=1": 0},       False, {"a=1": NAN}),
    ("a power",                              2.0,                  "^", {"a=1": 3},       False, {"a=1": 8}),
    ("a comparison",                         {"a=1": 3, "a=2": 1}, ">", 2.0,              False, {"a=1": 3}),
    ("a comparison the other way round",     2.0,                  ">", {"a=1": 3, "a=2": 1}, False, {"a=2": 1}),
    ("a comparison that is a number",        {"a=1": 3, "a=2": 1}, ">", 2.0,              True,  {"a=1": 1, "a=2": 0}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "op", "right", "returns_bool", "expected"),
    [case[1:] for case in WITH_NUMBERS],
    ids=[case[0] for case in WITH_NUMBERS],
)
def test_operations_with_numbers(
    left: Told | float, op: str, right: Told | float, returns_bool: bool, expected: Told
) -> None:
    """At one step; a comparison keeps the vector's value, on whichever side that stands."""
    found = binary(op, _value(left), _value(right), Matching(), returns_bool)

    assert isinstance(found, Vector)
    assert _told(found) == pytest.approx(expected, nan_ok=True)


REFUSED = [
    # what                          left                            right                       matching     what is said
    ("two on the right",            {"a=1": 1},                     {"a=1,b=1": 1, "a=1,b=2": 2}, "",        "on the right hand-side"),
    ("two on the left",             {"a=1,b=1": 1, "a=1,b=2": 2},   {"a=1": 1},                 "",          "many-to-one matching must be explicit"),
    ("two where one is wanted",     {"a=1,b=1": 1, "a=1,b=2": 2},   {"a=1,c=1": 1},             "right",     "on the left hand-side"),
    ("labels that become equal",    {"a=1,b=1": 1, "a=1,b=2": 2},   {"a=1,b=3": 1},             "left",      "grouping labels must ensure unique matches"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "group", "told"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_does_not_match(left: Told, right: Told, group: str, told: str) -> None:
    """In Loki's words."""
    assert group in ("", "left", "right")
    matching = Matching(on=True, labels=("a",), group=group, include=("b",) if group == "left" else ())  # type: ignore[arg-type] # one of them

    with pytest.raises(LogqlFailed, match=told):
        binary("+", _vector(left), _vector(right), matching, False)


AGGREGATIONS = [
    # what                                op                  param  grouping                 of                                     the result
    ("a sum",                             VectorOp.SUM,       None, None,                     {"a=1": 1, "a=2": 2},                  {"": 3}),
    ("by a label",                        VectorOp.SUM,       None, (False, ("a",)),          {"a=1,b=1": 1, "a=1,b=2": 2, "b=1": 5}, {"a=1": 3, "": 5}),
    ("by a label that is empty",          VectorOp.SUM,       None, (False, ("a",)),          {"a=,b=1": 1, "b=1": 5},               {"a=": 1, "": 5}),
    ("without a label",                   VectorOp.COUNT,     None, (True, ("a",)),           {"a=1,b=1": 1, "a=2,b=1": 2},          {"b=1": 2}),
    ("without, and empty labels go",      VectorOp.COUNT,     None, (True, ("a",)),           {"a=1,c=": 1},                         {"": 1}),
    ("a mean",                            VectorOp.AVG,       None, None,                     {"a=1": 1, "a=2": 3},                  {"": 2}),
    ("the most, NaN not counted",         VectorOp.MAX,       None, None,                     {"a=1": NAN, "a=2": 3},                {"": 3}),
    ("the least, NaN not counted",        VectorOp.MIN,       None, None,                     {"a=1": 1, "a=2": NAN},                {"": 1}),
    ("a variance",                        VectorOp.STDVAR,    None, None,                     {"a=1": 2, "a=2": 6},                  {"": 4}),
    ("a deviation",                       VectorOp.STDDEV,    None, None,                     {"a=1": 2, "a=2": 6},                  {"": 2}),
    ("of one that is infinite",           VectorOp.STDVAR,    None, None,                     {"a=1": INF},                          {"": 0}),
    ("the largest",                       VectorOp.TOPK,      2,    None,                     {"a=1": 1, "a=2": 3, "a=3": 2},        {"a=2": 3, "a=3": 2}),
    ("more than there are",               VectorOp.TOPK,      9,    None,                     {"a=1": 1},                            {"a=1": 1}),
    ("none",                              VectorOp.TOPK,      0,    None,                     {"a=1": 1},                            {}),
    ("NaN is the last of the largest",    VectorOp.TOPK,      1,    None,                     {"a=1": NAN, "a=2": 3},                {"a=2": 3}),
    ("the smallest of each group",        VectorOp.BOTTOMK,   1,    (False, ("b",)),          {"a=1,b=1": 1, "a=2,b=1": 2, "a=3,b=2": 9}, {"a=1,b=1": 1, "a=3,b=2": 9}),
    ("of equal ones the first by labels", VectorOp.TOPK,      1,    None,                     {"a=2": 1, "a=1": 1},                  {"a=1": 1}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "param", "grouping", "of", "expected"),
    [case[1:] for case in AGGREGATIONS],
    ids=[case[0] for case in AGGREGATIONS],
)
def test_aggregations(
    op: VectorOp, param: int | None, grouping: tuple[bool, tuple[str, ...]] | None, of: Told, expected: Told
) -> None:
    """At one step."""
    groups = None if grouping is None else Grouping(without=grouping[0], labels=grouping[1], span=HERE)
    node = VectorAggregate(op=op, expr=VectorLiteral(value=0, span=HERE), param=param, grouping=groups, span=HERE)

    assert _told(vector_aggregate(node, _vector(of), AT_ONCE)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("op", "expected"), [(VectorOp.SORT, "3 1 2 4"), (VectorOp.SORT_DESC, "2 1 3 4")])
def test_order(op: VectorOp, expected: str) -> None:
    """By value, NaN last; of equal ones by labels."""
    node = VectorAggregate(op=op, expr=VectorLiteral(value=0, span=HERE), span=HERE)

    found = vector_aggregate(node, _vector({"a=4": NAN, "a=2": 5, "a=1": 3, "a=3": 1}), AT_ONCE)

    assert [labels[0][1] for labels in found.labels] == expected.split()


def _labels(text: str) -> Labels:
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return tuple((name, value) for name, _, value in pairs)


def _vector(told: Told) -> Vector:
    floats: Floats = np.array(list(told.values()), np.float64).reshape(-1, 1)
    return Vector([_labels(text) for text in told], floats, np.ones((len(told), 1), bool))


def _value(told: Told | float) -> Vector | Scalar:
    return Scalar(np.array([told])) if isinstance(told, float) else _vector(told)


def _told(vector: Vector) -> Told:
    rows = np.flatnonzero(vector.present[:, 0]).tolist()
    return {
        ",".join(f"{name}={value}" for name, value in vector.labels[row]): float(vector.floats[row, 0]) for row in rows
    }
