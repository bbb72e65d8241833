"""Durations that are computed: what they come to, and which are impossible."""

from __future__ import annotations

import pytest

from firstlight.errors import QueryError
from firstlight.query.promql.ast import MatrixSelector, Subquery, VectorSelector
from firstlight.query.promql.durations import resolve
from firstlight.query.promql.parser import parse
from firstlight.query.promql.printer import to_text
from firstlight.query.promql.values import Steps

STEPS = Steps(start=0, step=15_000, count=5)

RANGES = [
    # what                            range                               milliseconds
    ("a sum",                         "26m + 4m",                         1_800_000),
    ("a sum with a sign",             "-5m + 35m",                        1_800_000),
    ("times before plus",             "1 + 2 * 3",                        7000),
    ("power before the sign",         "20 - -2 ^ 2",                      24_000),
    ("power from the right",          "2 ^ 3 ^ 0",                        2000),
    ("the rest of a division",        "1h30m % 1h",                       1_800_000),
    ("parts of milliseconds",         "1 / 3",                            333),
    ("half a millisecond",            "0.0005 + 0",                       1),
    ("the step",                      "step() * 4",                       60_000),
    ("the range of the query",        "range()",                          60_000),
    ("the lesser",                    "min_of(step(), 1s)",               1000),
    ("the greater",                   "max_of(min_of(step(), 1s), 5)",    5000),
    ("in any case",                   "STEP()",                           15_000),
]  # fmt: skip

OFFSETS = [
    # what                            offset                              milliseconds
    ("a number",                      "-2",                               -2000),
    ("parentheses",                   "(2 ^ 2)",                          4000),
    ("a sign",                        "-step()",                          -15_000),
    ("a sign of parentheses",         "-(step() - 20s)",                  5000),
    ("nothing",                       "(1 - 1)",                          0),
    ("half a millisecond",            "-(0.0005 + 0)",                    -1),
]  # fmt: skip

IMPOSSIBLE = [
    # what                            query                               complaint
    ("less than nothing",             "a[5m - step() * 100]",             "duration must be greater than 0"),
    ("nothing",                       "a[step() - 15s]",                  "duration must be greater than 0"),
    ("a step of nothing",             "a[5m:step() - 15s]",               "duration must be greater than 0"),
    ("a division by nothing",         "a[5m / (step() - 15s)]",           "division by zero"),
    ("the rest of it",                "a[5m % (step() - 15s)]",           "modulo by zero"),
    ("ages",                          "a offset (10 ^ 300 ^ 2)",          "duration is out of range"),
    ("no number at all",              "a offset ((0 - 8) ^ 0.5)",         "duration is out of range"),
    ("within a call",                 "sum(rate(a[0 * step()]))",         "duration must be greater than 0"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "milliseconds"), RANGES, ids=[row[0] for row in RANGES])
def test_range(what: str, text: str, milliseconds: int) -> None:
    expr = resolve(parse(f"a[{text}]"), STEPS)
    assert isinstance(expr, MatrixSelector)
    assert expr.range == milliseconds


@pytest.mark.parametrize(("what", "text", "milliseconds"), OFFSETS, ids=[row[0] for row in OFFSETS])
def test_offset(what: str, text: str, milliseconds: int) -> None:
    expr = resolve(parse(f"a offset {text}"), STEPS)
    assert isinstance(expr, VectorSelector)
    assert expr.offset == milliseconds


@pytest.mark.parametrize(("what", "query", "complaint"), IMPOSSIBLE, ids=[row[0] for row in IMPOSSIBLE])
def test_impossible(what: str, query: str, complaint: str) -> None:
    with pytest.raises(QueryError, match=complaint) as caught:
        resolve(parse(query), STEPS, query)
    assert caught.value.query == query


def test_subquery_has_numbers_everywhere() -> None:
    expr = resolve(parse("max(a offset step())[1 * range():step() * 2] offset -step()"), STEPS)
    assert isinstance(expr, Subquery)
    assert (expr.range, expr.step, expr.offset) == (60_000, 30_000, -15_000)
    assert to_text(expr) == "max(a offset 15s)[1m:30s] offset -15s"


def test_everything_else_stays_as_it_is() -> None:
    expr = parse(
        'sum by (x) (rate(a[5m])) / -(b offset 1m) + topk(5, max_over_time(c[1h:5m])) + 1 + label_join(d, "x", "y")'
    )
    assert resolve(expr, STEPS) is expr


def test_durations_within_all_kinds_of_expressions() -> None:
    expr = resolve(parse('topk(scalar(rate(a[step()])), -(b offset step())) + label_join(c, "x", "y")'), STEPS)
    assert to_text(expr) == 'topk(scalar(rate(a[15s])), -(b offset 15s)) + label_join(c, "x", "y")'
