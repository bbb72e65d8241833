"""PromQL is written as Prometheus writes it, on one line and on several, and as JSON."""

from __future__ import annotations

import pytest

from firstlight.query.promql.parser import parse
from firstlight.query.promql.pretty import format_query
from firstlight.query.promql.printer import to_text
from firstlight.query.promql.syntax_json import to_json

LINE = [
    # what                               text                                               printed
    ("matchers are sorted",              'up{b="1",a=~"2"}',                                'up{a=~"2",b="1"}'),
    ("a name as a matcher",              '{__name__="up"}',                                 '{__name__="up"}'),
    ("a quoted name",                    '{"a.b", "l.x"!~"y"}',                             '{"l.x"!~"y",__name__="a.b"}'),
    ("strings",                          "'a\"\\n\\u00fc\\x01'",                            r'"a\"\nü\x01"'),
    ("bytes that are no text",           r'"\xff"',                                         r'"\xff"'),
    ("numbers",                          "0x10 + 1e21 + .5 + Inf + NaN + 1_0",              "16 + 1000000000000000000000 + 0.5 + +Inf + NaN + 10"),
    ("signs of numbers",                 "- 1 - -2h + +3",                                  "-1 - -2h + 3"),
    ("durations",                        "a[90m] offset 36h",                               "a[1h30m] offset 1d12h"),
    ("weeks and years",                  "a[14d:365d]",                                     "a[2w:1y]"),
    ("numbers as durations",             "a[300:60] offset -0.5",                           "a[5m:1m] offset -500ms"),
    ("a time before an offset",          "a offset 5m @ 1.5",                               "a @ 1.500 offset 5m"),
    ("edges of the query",               "a[5m] offset 5m @ end()",                         "a[5m] @ end() offset 5m"),
    ("edges before a time in a range",   "a[5m] @ 1 smoothed",                              "a[5m] smoothed @ 1.000"),
    ("edges behind a time without",      "a anchored @ 1",                                  "a @ 1.000 anchored"),
    ("labels before",                    "SUM(a) BY (x,)",                                  "sum by (x) (a)"),
    ("labels that need quotes",          'sum without ("x.y", z) (a)',                      'sum without ("x.y", z) (a)'),
    ("no labels",                        "sum by () (a) + sum without () (b)",              "sum(a) + sum without () (b)"),
    ("a parameter",                      "topk(5,a)",                                       "topk(5, a)"),
    ("matching",                         "a==bool on(x,y)group_left b",                     "a == bool on (x, y) group_left () b"),
    ("matching on nothing",              "a + on() b - ignoring() c",                       "a + on () b - c"),
    ("fill",                             "a + fill(1e7) b - fill_right(2) fill_left(-1) c", "a + fill (1e+07) b - fill_left (-1) fill_right (2) c"),
    ("words for operators",              "a AND b Or c ATAN2 d",                            "a and b or c atan2 d"),
    ("parentheses stay",                 "((a))+(-b)",                                      "((a)) + (-b)"),
    ("calls",                            "round( a,2 )",                                    "round(a, 2)"),
    ("arithmetic of durations",          "a[(step()+5)*-2m:max_of(1,range())]",             "a[(step() + 5) * -2m:max_of(1, range())]"),
    ("an offset that is computed",       "a offset -(5m - step())",                         "a offset -(5m - step())"),
    ("labels for info",                  "info(a, {})",                                     "info(a, {})"),
    ("comments go",                      "a # b\n + c",                                     "a + c"),
]  # fmt: skip

LINES = [
    # what                               text                                                          lines
    ("what fits",                        "sum(a)   by (x)",                                            "sum by (x) (a)"),
    ("an operation",                     f"{'a' * 60} + on (x) {'b' * 60}",                            f"  {'a' * 60}\n+ on (x)\n  {'b' * 60}"),
    ("calls in calls",                   f"sum by (x) (rate({'a' * 60}[5m])) / abs({'b' * 30})",       f"  sum by (x) (rate({'a' * 60}[5m]))\n/\n  abs({'b' * 30})"),
    ("an aggregation",                   f"topk(5, rate({'a' * 90}[5m]))",                             f"topk(\n  5,\n  rate({'a' * 90}[5m])\n)"),
    ("arguments",                        f'label_replace({"a" * 90}, "b", "c", "d", "e")',             f'label_replace(\n  {"a" * 90},\n  "b",\n  "c",\n  "d",\n  "e"\n)'),
    ("parentheses",                      f"-({'a' * 60} + {'b' * 60})",                                f"-(\n    {'a' * 60}\n  +\n    {'b' * 60}\n)"),
    ("a subquery",                       f"max_over_time(({'a' * 60} + {'b' * 60})[1h:])",             f"max_over_time(\n  (\n      {'a' * 60}\n    +\n      {'b' * 60}\n  )[1h:]\n)"),
    ("bytes count, not letters",         f'a{{x="{"ü" * 48}"}} + b',                                   f'  a{{x="{"ü" * 48}"}}\n+\n  b'),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "printed"), LINE, ids=[row[0] for row in LINE])
def test_line(what: str, text: str, printed: str) -> None:
    assert to_text(parse(text, experimental=True)) == printed
    assert to_text(parse(printed, experimental=True)) == printed


@pytest.mark.parametrize(("what", "text", "lines"), LINES, ids=[row[0] for row in LINES])
def test_lines(what: str, text: str, lines: str) -> None:
    assert format_query(parse(text)) == lines
    assert format_query(parse(lines)) == lines


def test_json_of_a_selector() -> None:
    assert to_json(parse('up{a!~"b"}[5m] offset 1m @ end()')) == {
        "type": "matrixSelector",
        "name": "up",
        "range": 300_000,
        "offset": 60_000,
        "matchers": [{"name": "a", "value": "b", "type": "!~"}, {"name": "__name__", "value": "up", "type": "="}],
        "timestamp": None,
        "startOrEnd": "end",
        "anchored": False,
        "smoothed": False,
    }


def test_json_of_an_operation() -> None:
    number = {"type": "numberLiteral", "val": "0.1"}
    expr = parse("a > bool on(x) group_left(y) max_over_time(sum by (z) (b)[5m:1m])")
    assert to_json(expr) == {
        "type": "binaryExpr",
        "op": ">",
        "bool": True,
        "lhs": {**_selector("a"), "type": "vectorSelector"},
        "rhs": {
            "type": "call",
            "func": {"name": "max_over_time", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector"},
            "args": [
                {
                    "type": "subquery",
                    "expr": {
                        "type": "aggregation",
                        "op": "sum",
                        "expr": {**_selector("b"), "type": "vectorSelector"},
                        "param": None,
                        "grouping": ["z"],
                        "without": False,
                    },
                    "range": 300_000,
                    "step": 60_000,
                    "offset": 0,
                    "timestamp": None,
                    "startOrEnd": None,
                }
            ],
        },
        "matching": {
            "card": "many-to-one",
            "labels": ["x"],
            "on": True,
            "include": ["y"],
            "fillValues": {"lhs": None, "rhs": None},
        },
    }
    assert to_json(parse("-(0.1)")) == {"type": "unaryExpr", "op": "-", "expr": {"type": "parenExpr", "expr": number}}
    assert to_json(parse('"x"')) == {"type": "stringLiteral", "val": "x"}
    assert to_json(parse("a or b"))["matching"]["card"] == "many-to-many"
    assert to_json(parse("a + 1"))["matching"] is None


def _selector(name: str) -> dict[str, object]:
    return {
        "name": name,
        "offset": 0,
        "matchers": [{"name": "__name__", "value": name, "type": "="}],
        "timestamp": None,
        "startOrEnd": None,
        "anchored": False,
        "smoothed": False,
    }
