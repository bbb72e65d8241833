"""What PromQL is read as: the tree of each form, and where its parts stand."""

from __future__ import annotations

import pytest

from firstlight.errors import Span
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    DurationCall,
    DurationOp,
    Matcher,
    Matching,
    MatchOp,
    MatrixSelector,
    NumberDuration,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from firstlight.query.promql.check import type_of
from firstlight.query.promql.parser import parse, parse_selector
from firstlight.query.promql.printer import to_text

NUMBERS = [
    # what                       text                        value
    ("an integer",               "42",                       42.0),
    ("a fraction",               ".5",                       0.5),
    ("a point at the end",       "5.",                       5.0),
    ("an exponent",              "1.5e-3",                   0.0015),
    ("a hexadecimal",            "0x1F",                     31.0),
    ("an octal",                 "010",                      8.0),
    ("no octal after all",       "08",                       8.0),
    ("underscores",              "1_000_000.5",              1000000.5),
    ("more than 64 bits",        "99999999999999999999",     1e20),
    ("infinity, in any case",    "iNf",                      float("inf")),
    ("a sign",                   "-3",                       -3.0),
    ("two signs",                "--3",                      3.0),
    ("a duration",               "1h30m",                    5400.0),
    ("all units",                "1y2w3d4h5m6s7ms",          33019506.007),
    ("half a second",            "500ms",                    0.5),
]  # fmt: skip

STRINGS = [
    # what                       text                        value
    ("double quotes",            r'"a\"b\n"',                'a"b\n'),
    ("single quotes",            r"""'a\'b"'""",             "a'b\""),
    ("backquotes",               "`a\\n\nb`",                "a\\n\nb"),
    ("a byte in octal",          r'"\101"',                  "A"),
    ("bytes in hexadecimal",     r'"\xc3\xbc"',              "ü"),
    ("short unicode",            r'"\u00fc"',                "ü"),
    ("long unicode",             r'"\U0001F600"',            "😀"),
    ("what is no UTF-8",         r'"\xff"',                  "\udcff"),
]  # fmt: skip

# Each is printed with parentheses where the tree has them, so that the print shows the tree.
PRECEDENCE = [
    # what                              text                                    the tree
    ("power before the sign",           "-a ^ 2",                               "-{a ^ 2}"),
    ("power from the right",            "a ^ b ^ c",                            "{a ^ {b ^ c}}"),
    ("the sign before times",           "-a * b",                               "{-a * b}"),
    ("a sign behind an operator",       "a ^ -b * c",                           "{{a ^ -b} * c}"),
    ("times before plus",               "a + b * c - d",                        "{{a + {b * c}} - d}"),
    ("plus before comparison",          "a > b + c",                            "{a > {b + c}}"),
    ("comparison before and",           "a and b > c unless d",                 "{{a and {b > c}} unless d}"),
    ("and before or",                   "a or b and c",                         "{a or {b and c}}"),
    ("atan2 like times",                "a + b atan2 c",                        "{a + {b atan2 c}}"),
    ("trimming like comparison",        "a </ b + c",                           "{a </ {b + c}}"),
    ("offset before all",               "a + b offset 5m ^ c",                  "{a + {b offset 5m ^ c}}"),
]  # fmt: skip

NAMES = [
    # what                                     text
    ("an aggregation",                         "sum + avg{a=\"b\"}"),
    ("a modifier",                             "by + without + offset + anchored + smoothed"),
    ("a set operator",                         "and and or or unless unless and"),
    ("fill where nothing opens",               "fill + fill_left - fill_right"),
    ("what could be a call",                   "start + end + step + range + max_of + min_of"),
    ("colons",                                 ":a:b"),
    ("a function",                             "rate + time"),
    ("in any case",                            "SUM + Sum"),
]  # fmt: skip


def show(expr: object) -> str:
    """Return the tree of `expr`, operations in braces."""
    match expr:
        case Binary():
            return f"{{{show(expr.left)} {expr.op} {show(expr.right)}}}"
        case Unary():
            return f"{expr.op}{show(expr.expr)}"
        case _:
            return to_text(expr)  # type: ignore[arg-type]


@pytest.mark.parametrize(("what", "text", "value"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_number(what: str, text: str, value: float) -> None:
    expr = parse(text)
    assert isinstance(expr, NumberLiteral)
    assert expr.value == pytest.approx(value, rel=1e-15, abs=0)
    assert expr.span == Span(0, len(text))


@pytest.mark.parametrize(("what", "text", "value"), STRINGS, ids=[row[0] for row in STRINGS])
def test_string(what: str, text: str, value: str) -> None:
    assert parse(text) == StringLiteral(value=value, span=Span(0, len(text)))


@pytest.mark.parametrize(("what", "text", "tree"), PRECEDENCE, ids=[row[0] for row in PRECEDENCE])
def test_precedence(what: str, text: str, tree: str) -> None:
    assert show(parse(text)) == tree


@pytest.mark.parametrize(("what", "text"), NAMES, ids=[row[0] for row in NAMES])
def test_keyword_may_be_the_name_of_a_metric(what: str, text: str) -> None:
    assert type_of(parse(text)) is ValueType.VECTOR


def test_selector_keeps_its_name_among_its_matchers() -> None:
    name, label = Matcher("__name__", MatchOp.EQUAL, "a:b"), Matcher("l.x", MatchOp.NOT_REGEX, "y|z")
    expected = VectorSelector(name="a:b", matchers=(label, name), span=Span(1, 18))
    assert parse(' a:b{"l.x"!~"y|z"} # that is all') == expected


def test_quoted_name_is_a_matcher_only() -> None:
    matchers = (Matcher("__name__", MatchOp.EQUAL, "a.b"), Matcher("c", MatchOp.EQUAL, "d"))
    assert parse('{"a.b", c="d",}') == VectorSelector(name="", matchers=matchers, span=Span(0, 15))


@pytest.mark.parametrize(
    "text", ["a[5m] offset -1h @ 10.5", "a[300] @ 10.5 offset -3600", "a[5m] offset -1h @ 10500ms"]
)
def test_range_takes_offset_and_time_in_any_order(text: str) -> None:
    expr = parse(text)
    assert isinstance(expr, MatrixSelector)
    assert (expr.range, expr.selector.offset, expr.selector.at) == (300_000, -3_600_000, 10_500)
    assert expr.span == Span(0, len(text))


@pytest.mark.parametrize(("edge", "at"), [("start", "start"), ("end", "end")], ids=["start", "end"])
def test_time_may_be_an_edge_of_the_query(edge: str, at: str) -> None:
    expr = parse(f"a @ {edge}()")
    assert isinstance(expr, VectorSelector)
    assert expr.at == at


def test_subquery() -> None:
    expr = parse("max(a)[1h:] @ -5 offset 1ms")
    assert isinstance(expr, Subquery)
    assert (expr.range, expr.step, expr.offset, expr.at) == (3_600_000, None, 1, -5000)
    assert parse("a[1h:5]") == Subquery(
        expr=VectorSelector(name="a", matchers=(Matcher("__name__", MatchOp.EQUAL, "a"),), span=Span(0, 1)),
        range=3_600_000,
        step=5000,
        span=Span(0, 7),
    )


@pytest.mark.parametrize("text", ["topk by (x, on) (5, a)", 'topk(5, a) by ("x", on,)', "TOPK(5, a) BY (x, on)"])
def test_aggregation_takes_its_labels_before_or_behind(text: str) -> None:
    expr = parse(text)
    assert isinstance(expr, Aggregate)
    assert (expr.op, expr.grouping, expr.without) == ("topk", ("x", "on"), False)
    assert isinstance(expr.param, NumberLiteral)
    assert expr.span == Span(0, len(text))


def test_matching_of_two_vectors() -> None:
    expr = parse("a == bool ignoring(x) group_right(y) b")
    assert isinstance(expr, Binary)
    assert expr.returns_bool
    assert expr.matching == Matching(labels=("x",), group="right", include=("y",))


def test_matching_means_nothing_unless_both_sides_are_vectors() -> None:
    expr = parse("a + on() 1")
    assert isinstance(expr, Binary)
    assert expr.matching is None


def test_fill() -> None:
    expr = parse("a + on(x) fill_right(-1) fill_left(5m) b", experimental=True)
    assert isinstance(expr, Binary)
    assert expr.matching == Matching(on=True, labels=("x",), fill_left=300.0, fill_right=-1.0)


def test_arithmetic_of_durations() -> None:
    expr = parse("a[2 * (step() + 5m)]")
    assert isinstance(expr, MatrixSelector)
    inner = DurationOp(
        op="+",
        left=DurationCall(name="step", span=Span(7, 13)),
        right=NumberDuration(seconds=300.0, is_duration=True, span=Span(16, 18)),
        wrapped=True,
        span=Span(7, 18),
    )
    two = NumberDuration(seconds=2.0, span=Span(2, 3))
    assert expr.range == DurationOp(op="*", left=two, right=inner, span=Span(2, 18))


@pytest.mark.parametrize("text", ["a offset 5 * 2", "a offset step() * 2", "a offset -min_of(step(), 1) * 2"])
def test_arithmetic_behind_an_offset_is_not_of_it(text: str) -> None:
    assert isinstance(parse(text), Binary)


def test_info_takes_labels_that_select_nothing_by_themselves() -> None:
    expr = parse('info(a, {x=~".*"})', experimental=True)
    assert isinstance(expr, Call)
    assert len(expr.args) == 2


@pytest.mark.parametrize("edges", ["anchored", "smoothed"])
def test_edges(edges: str) -> None:
    expr = parse(f"a[5m] {edges} offset 1m", experimental=True)
    assert isinstance(expr, MatrixSelector)
    assert expr.selector.edges == edges


def test_types() -> None:
    assert [type_of(parse(text)) for text in ("(1 + -2)", "1 + a", '"x"', "a[5m]", "a[5m:]", "vector(1)", "pi()")] == [
        ValueType.SCALAR, ValueType.VECTOR, ValueType.STRING, ValueType.MATRIX, ValueType.MATRIX, ValueType.VECTOR, ValueType.SCALAR,
    ]  # fmt: skip


def test_parentheses_and_signs_stay() -> None:
    expr = parse("-(a)")
    assert isinstance(expr, Unary)
    assert isinstance(expr.expr, Paren)


def test_selector_alone() -> None:
    assert parse_selector('{a=""}') == (Matcher("a", MatchOp.EQUAL, ""),)
    assert parse_selector("sum") == (Matcher("__name__", MatchOp.EQUAL, "sum"),)
