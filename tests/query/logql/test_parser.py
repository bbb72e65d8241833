"""What LogQL is read as: the tree of each form, and where its parts stand."""

from __future__ import annotations

import math

import pytest

from firstlight.query.logql.ast import (
    Binary,
    Conversion,
    Grouping,
    JsonParser,
    LabelFilterStage,
    LabelReplace,
    LineFilter,
    LineMatch,
    LineOp,
    LogQuery,
    Matcher,
    Matching,
    MatchOp,
    NumberLiteral,
    RangeAggregate,
    RangeOp,
    StringFilter,
    Unwrap,
    Variants,
    Vector,
    VectorAggregate,
    VectorOp,
)
from firstlight.query.logql.parser import parse
from tests.query.logql.trees import ANYWHERE, placeless

SECOND = 1_000_000_000
A = Matcher(label="a", op=MatchOp.EQUAL, value="b", span=ANYWHERE)


def _text(label: str, op: str, value: str) -> StringFilter:
    return StringFilter(matcher=Matcher(label=label, op=MatchOp(op), value=value, span=ANYWHERE), span=ANYWHERE)


Y, Z = _text("y", "=", "2"), _text("z", "=", "3")

UNWRAPPED = [
    ("a label", "| unwrap x", Unwrap(label="x", span=ANYWHERE)),
    ("bytes", "| unwrap bytes(x)", Unwrap(label="x", conversion=Conversion.BYTES, span=ANYWHERE)),
    ("a duration", "| unwrap duration(x)", Unwrap(label="x", conversion=Conversion.DURATION, span=ANYWHERE)),
    (
        "seconds, filtered",
        '| unwrap duration_seconds(x) | y="2" | z="3"',
        Unwrap(label="x", conversion=Conversion.DURATION_SECONDS, filters=(Y, Z), span=ANYWHERE),
    ),
    ("a label that is called as a function", "| unwrap bytes", Unwrap(label="bytes", span=ANYWHERE)),
]


@pytest.mark.parametrize(("text", "unwrap"), [row[1:] for row in UNWRAPPED], ids=[row[0] for row in UNWRAPPED])
def test_unwrap(text: str, unwrap: Unwrap) -> None:
    """What is unwrapped, and how."""
    expr = parse(f'sum_over_time({{a="b"}} | json {text} [1m])')

    assert isinstance(expr, RangeAggregate)
    assert placeless(expr.range.unwrap) == unwrap


RANGES = [
    ("after the stages", '{a="b"} | json | unwrap x [5m] offset 1h'),
    ("before the stages", '{a="b"}[5m] offset 1h | json | unwrap x'),
    ("after parentheses", '({a="b"} | json | unwrap x)[5m] offset 1h'),
    ("in parentheses", '({a="b"} | json | unwrap x [5m] offset 1h)'),
    ("in more parentheses", '(({a="b"} | json | unwrap x)[5m] offset 1h)'),
    ("with comments", '{a="b"} # streams\n | json /* fields */ | unwrap x // one\n [5m] offset 1h'),
    ("other units", '{a="b"} | json | unwrap x [300s] offset 60m'),
]


@pytest.mark.parametrize("text", [row[1] for row in RANGES], ids=[row[0] for row in RANGES])
def test_ranges(text: str) -> None:
    """Wherever the range stands, it is the same."""
    expr = parse(f"max_over_time({text}) by (q)")

    assert isinstance(expr, RangeAggregate)
    assert (expr.range.range, expr.range.offset) == (300 * SECOND, 3600 * SECOND)
    assert placeless(expr.range.unwrap) == Unwrap(label="x", span=ANYWHERE)
    assert placeless(expr.range.query.stages) == (JsonParser(span=ANYWHERE),)
    assert placeless(expr.grouping) == Grouping(without=False, labels=("q",), span=ANYWHERE)


RATE = parse('rate({a="b"}[1m])')
assert isinstance(RATE, RangeAggregate)

MATCHINGS = [
    ("all labels", "/", Matching()),
    ("some", "/ on(x,y)", Matching(on=True, labels=("x", "y"))),
    ("none", "/ on()", Matching(on=True)),
    ("all but some", "/ ignoring (x)", Matching(labels=("x",))),
    ("many on the left", "/ on(x) group_left", Matching(on=True, labels=("x",), group="left")),
    ("many on the right", "/ on(x) group_right()", Matching(on=True, labels=("x",), group="right")),
    (
        "labels taken over",
        "/ ignoring(x) group_left(y,z)",
        Matching(labels=("x",), group="left", include=("y", "z")),
    ),
]


@pytest.mark.parametrize(("op", "matching"), [row[1:] for row in MATCHINGS], ids=[row[0] for row in MATCHINGS])
def test_matching(op: str, matching: Matching) -> None:
    """How the sides of an operation find each other."""
    expr = parse(f'rate({{a="b"}}[1m]) {op} vector(2)')

    assert isinstance(expr, Binary)
    assert expr.matching == matching
    assert placeless(expr.left) == placeless(RATE)
    assert placeless(expr.right) == Vector(value=2.0, span=ANYWHERE)


def test_comparisons_that_give_numbers() -> None:
    """`bool` belongs to the operator."""
    expr = parse("vector(1) > bool 0")

    assert placeless(expr) == Binary(
        op=">",
        left=Vector(value=1.0, span=ANYWHERE),
        right=NumberLiteral(value=0.0, span=ANYWHERE),
        returns_bool=True,
        span=ANYWHERE,
    )


BINDING = [
    ("power from the right", "2 ^ 3 ^ 2", 512.0),
    ("minus from the left", "10 - 4 - 3", 3.0),
    ("times before plus", "1 + 2 * 3", 7.0),
    ("power before times", "2 * 3 ^ 2", 18.0),
    ("comparison last", "1 + 1 == 2", 1.0),
    ("parentheses", "(1 + 2) * 3", 9.0),
    ("a sign", "2 * -3", -6.0),
    ("a remainder", "7 % 4", 3.0),
    ("division by zero", "1 / 0", math.nan),
    ("remainder of zero", "1 % 0", math.nan),
    ("a root of what is negative", "-8 ^ 0.5", math.nan),
    ("a comparison with bool", "1 > bool 2", 0.0),
]


@pytest.mark.parametrize(("text", "value"), [row[1:] for row in BINDING], ids=[row[0] for row in BINDING])
def test_arithmetic_of_numbers_is_done(text: str, value: float) -> None:
    """What is between numbers is a number, by Loki's precedences."""
    expr = parse(text)

    assert isinstance(expr, NumberLiteral)
    assert expr.value == pytest.approx(value, nan_ok=True)


AGGREGATES = [
    ("groups before", "sum by (x) (vector(1))", VectorOp.SUM, None, Grouping(without=False, labels=("x",), span=ANYWHERE)),
    ("groups after", "sum(vector(1)) without (x)", VectorOp.SUM, None, Grouping(without=True, labels=("x",), span=ANYWHERE)),
    ("no groups", "max by () (vector(1))", VectorOp.MAX, None, Grouping(without=False, labels=(), span=ANYWHERE)),
    ("as it is", "SORT_DESC(vector(1))", VectorOp.SORT_DESC, None, None),
    ("how many", "topk(3, vector(1))", VectorOp.TOPK, 3, None),
    ("about how many", "approx_topk(3, vector(1))", VectorOp.APPROX_TOPK, 3, None),
    ("a number is no parameter", "sum(1)", VectorOp.SUM, None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "op", "param", "groups"), [row[1:] for row in AGGREGATES], ids=[row[0] for row in AGGREGATES]
)
def test_aggregations(text: str, op: VectorOp, param: int | None, groups: Grouping | None) -> None:
    """Aggregations over series, with what groups them before or after."""
    expr = parse(text)

    assert isinstance(expr, VectorAggregate)
    assert (expr.op, expr.param, placeless(expr.grouping)) == (op, param, groups)


def test_quantiles() -> None:
    """The parameter of a quantile is a number."""
    expr = parse('quantile_over_time(0.99, {a="b"} | unwrap x [1m]) without (y)')

    assert isinstance(expr, RangeAggregate)
    assert (expr.op, expr.param) == (RangeOp.QUANTILE_OVER_TIME, 0.99)


def test_label_replace() -> None:
    """Its texts are destination, replacement, source and expression."""
    expr = parse('label_replace(vector(1), "d", "$1", "s", "(.*)")')

    assert placeless(expr) == LabelReplace(
        expr=Vector(value=1.0, span=ANYWHERE),
        destination="d",
        replacement="$1",
        source="s",
        regex="(.*)",
        span=ANYWHERE,
    )


def test_variants() -> None:
    """Several aggregations of one range."""
    expr = parse('variants(rate({a="b"}[1m]), count_over_time({a="b"}[1m])) of ({a="b"} |= "x" [1m])')

    assert isinstance(expr, Variants)
    assert [variant.op for variant in expr.variants if isinstance(variant, RangeAggregate)] == [
        "rate",
        "count_over_time",
    ]
    assert placeless(expr.of.query.stages) == (
        LineFilter(op=LineOp.CONTAINS, matches=(LineMatch(text="x", span=ANYWHERE),), span=ANYWHERE),
    )


STRINGS = [
    ("escapes", r'"a\t\"\\é"', 'a\t"\\é'),
    ("raw", r"`a\t`", r"a\t"),
    ("over lines", "`a\nb`", "a\nb"),
    ("a byte", r'"\x41\101"', "AA"),
    ("a rune", r'"\u00e9\U0001F600"', "é\U0001f600"),
]


@pytest.mark.parametrize(("text", "value"), [row[1:] for row in STRINGS], ids=[row[0] for row in STRINGS])
def test_strings(text: str, value: str) -> None:
    """Strings mean what they mean in Go."""
    expr = parse(f"{{a={text}}}")

    assert isinstance(expr, LogQuery)
    assert expr.selector.matchers[0].value == value


def test_names_of_functions_are_labels_where_nothing_is_called() -> None:
    """`sum` is a label unless a parenthesis, `by` or `without` follows."""
    expr = parse('sum by (rate, ip) (rate({bytes="1"} | max="2" | unwrap avg [1m]))')

    assert isinstance(expr, VectorAggregate)
    assert expr.grouping is not None
    assert expr.grouping.labels == ("rate", "ip")


def test_spans() -> None:
    """Every node knows its place in the text."""
    text = 'sum by (x) (\n  rate({a="b"} |= "é" | y > 5 [1m])\n) / 2'
    expr = parse(text)

    assert isinstance(expr, Binary)
    total = expr.left
    assert isinstance(total, VectorAggregate)
    rate = total.expr
    assert isinstance(rate, RangeAggregate)
    lines = rate.range.query
    stage = lines.stages[1]
    assert isinstance(stage, LabelFilterStage)
    assert total.grouping is not None
    shown = [
        text[one.span.start : one.span.end] for one in (expr.right, total.grouping, rate, lines, stage, stage.filter)
    ]
    assert shown == [
        "2",
        "by (x)",
        'rate({a="b"} |= "é" | y > 5 [1m])',
        '{a="b"} |= "é" | y > 5',
        "| y > 5",
        "y > 5",
    ]
    assert placeless(lines.selector.matchers) == (A,)
