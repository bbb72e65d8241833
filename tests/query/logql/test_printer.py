"""LogQL written as Loki writes it: on one line, and over several."""

from __future__ import annotations

import pytest

from firstlight.query.logql.durations import go_duration, prometheus_duration, size_text
from firstlight.query.logql.grammar_regex import is_literal_search
from firstlight.query.logql.literals import shortest
from firstlight.query.logql.parser import parse
from firstlight.query.logql.pretty import pretty
from firstlight.query.logql.printer import text_of

S = '{a="b"}'

CANONICAL = [
    # what                            text                                                canonical
    ("blanks in a selector",          '{ a = "b",c!~`d` }',                               '{a="b", c!~"d"}'),
    ("parentheses around lines",      '(({a="b"}))',                                      S),
    ("quotation marks",               f"{S} |= `x\"\\y`",                                 f'{S} |= "x\\"\\\\y"'),
    ("one of several texts",          f'{S}|="x" or "y"',                                 f'{S} |= "x" or "y"'),
    ("none of several texts",         f'{S}!="x" or "y"',                                 f'{S} != "x" != "y"'),
    ("addresses",                     f'{S} |= ip("::1") | x != ip("1.1.1.1")',           f'{S} |= ip("::1") | x!=ip("1.1.1.1")'),
    ("parsers",                       f'{S} | json a, b="c" | logfmt --keep-empty --strict', f'{S} | json a="a",b="c" | logfmt --strict --keep-empty'),
    ("a text and numbers",            f'{S} | x="1" and y>1.50 and z=2',                  f'{S} | ( ( x="1" , y>1.5 ) , z==2 )'),
    ("units",                         f"{S} | x>90m or y<1500KB or z>=1d",                f"{S} | ( ( x>1h30m0s or y<1.5MB ) or z>=24h0m0s )"),
    ("a search for texts",            f'{S} | x=~"foo|.*bar.*"',                          f'{S} | x=~"foo|.*bar.*"'),
    ("an expression for the engine",  f'{S} | x=~"5.."',                                  f"{S} | x=~`5..`"),
    ("one with backquotes",           f'{S} | x=~"`+"',                                   f'{S} | x=~"`+"'),
    ("not that expression",           f'{S} | x!~"5.."',                                  f'{S} | x!~"5.."'),
    ("formats",                       f'{S} | label_format a=b , c="d" | line_format "x"', f'{S} | label_format a=b,c="d" | line_format "x"'),
    ("labels dropped and kept",       f'{S} | drop a, b = "x" | keep c,d',                f'{S} | drop a,b="x" | keep c,d'),
    ("the range at the end",          f"rate({S}[60s] | json)",                           f"rate({S} | json[1m])"),
    ("an offset",                     f"rate({S}[1h30m] offset -90s)",                    f"rate({S}[1h30m] offset -1m30s)"),
    ("weeks only if nothing remains", f"rate({S}[8d])",                                   f"rate({S}[8d])"),
    ("unwrap",                        f'sum_over_time({S} | unwrap duration ( x ) | y="1" [1w])', f'sum_over_time({S} | unwrap duration(x) | y="1"[1w])'),
    ("a quantile",                    f"quantile_over_time(0.50,{S} | unwrap x [1m]) by (y)", f"quantile_over_time(0.5,{S} | unwrap x[1m]) by (y)"),
    ("groups",                        "sum(vector(1)) by (x, y)",                         "sum by (x,y)(vector(1.000000))"),
    ("all but groups",                "sum without () (vector(1))",                       "sum without ()(vector(1.000000))"),
    ("one group",                     "sum by () (vector(1))",                            "sum(vector(1.000000))"),
    ("how many",                      "topk( 3 , vector(1) )",                            "topk(3,vector(1.000000))"),
    ("operations in parentheses",     "vector(1) + 2 * vector(3)",                        "(vector(1.000000) + (2 * vector(3.000000)))"),
    ("matching",                      "vector(1) > bool on(x) group_left(y,z) vector(2)", "(vector(1.000000) > bool on (x) group_left (y,z) vector(2.000000))"),
    ("matching without groups",       "vector(1) / ignoring(x) vector(2)",                "(vector(1.000000) / ignoring (x)  vector(2.000000))"),
    ("large and small numbers",       "vector(1) * 1e21 + 1e-7",                          "((vector(1.000000) * 1e+21) + 1e-07)"),
    ("arithmetic",                    "1 + 2 * 3",                                        "7"),
    ("label_replace",                 'label_replace( vector(1), "a","b", `c`, "d" )',    'label_replace(vector(1.000000),"a","b","c","d")'),
    ("variants",                      f"variants(vector(1),vector(2)) of ({S}[1m])",      f"variants(vector(1.000000), vector(2.000000)) of ({S}[1m])"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical"), [row[1:] for row in CANONICAL], ids=[row[0] for row in CANONICAL])
def test_canonical_text(text: str, canonical: str) -> None:
    """The canonical text is Loki's, and is read as what it was written from."""
    assert text_of(parse(text)) == canonical
    assert text_of(parse(canonical)) == canonical


LONG = "x" * 60

PRETTY = [
    ("short", f"{S}  |=  `x`", f'{S} |= "x"'),
    (
        "stages",
        f'{S} |= "{LONG}" | json | decolorize | x="{LONG}"',
        f'{S}\n  |= "{LONG}"\n  | json\n| decolorize\n  | x="{LONG}"',
    ),
    (
        "line filters",
        f'{S} |= "{LONG}" != "{LONG}"',
        f'{S}\n  |= "{LONG}"\n  != "{LONG}"',
    ),
    (
        "short line filters share a line",
        f'{S} |= "x" != "y" | json | a="{LONG}" and b="{LONG}"',
        f'{S}\n  |= "x" != "y"\n  | json\n  | ( a="{LONG}" , b="{LONG}" )',
    ),
    (
        "aggregations",
        f'topk(5, sum by (x,y) (quantile_over_time(0.5, {S} |= "{LONG}" | json | unwrap z | __error__="" [5m] offset 1h)))',
        "\n".join(
            [
                "topk(",
                "  5,",
                "  sum by (x, y)(",
                "    quantile_over_time(",
                "      0.5,",
                f'      {S} |= "{LONG}" | json',
                "        | unwrap z",
                '        | __error__="" [5m] offset 1h',
                "    )",
                "  )",
                ")",
            ]
        ),
    ),
    (
        "operations",
        f'rate({S} |= "{LONG}" [1m]) / on(x, y) group_left rate({S}[1m])',
        f'  rate({S} |= "{LONG}"[1m])\n/ on (x, y) group_left\n  rate({S}[1m])',
    ),
    (
        "what Loki would change: an operation within",
        f'(rate({S} |= "{LONG}" [1m]) + rate({S} |= "{LONG}" [1m])) * 2',
        f'  (\n      rate({S} |= "{LONG}"[1m])\n    +\n      rate({S} |= "{LONG}"[1m])\n  )\n*\n  2',
    ),
    (
        "label_replace",
        f'label_replace(rate({S}[1m]), "{LONG}", "$1", "b", "(.*)")',
        f'label_replace(\n  rate({S}[1m]),\n  "{LONG}",\n  "$1",\n  "b",\n  "(.*)"\n)',
    ),
    ("variants", f"variants(rate({S}[1m])) of ({S}[1m])", f"variants(\n  rate({S}[1m])\n) of (\n  {S} [1m]\n)"),
]


@pytest.mark.parametrize(("text", "lines"), [row[1:] for row in PRETTY], ids=[row[0] for row in PRETTY])
def test_text_in_lines(text: str, lines: str) -> None:
    """What is too long for a line is broken as Loki breaks it, and means the same."""
    expr = parse(text)

    assert pretty(expr) == lines
    assert text_of(parse(lines)) == text_of(expr)


SEARCHES = [
    "foo",
    "foo|bar",
    ".*",
    ".+",
    ".*foo",
    "foo.*",
    "(foo|bar)",
    "foo|foobar",
    "(?i)foo",
    "x(foo|bar).*",
    "[a]",
    "",
]
MATCHES = ["5..", "a|b", "bar|baz", "foo.+", "^foo", "foo$", "a{3}", r"\d", "foo(?i)bar", ".*a.*b", "(?s).*", "x?"]


@pytest.mark.parametrize(
    ("regex", "searched"), [(one, True) for one in SEARCHES] + [(one, False) for one in MATCHES], ids=repr
)
def test_expressions_that_are_searches(regex: str, searched: bool) -> None:
    """Which expressions Loki turns into searches shows in its canonical text."""
    assert is_literal_search(regex) is searched


def test_durations_sizes_and_numbers() -> None:
    """What Go and Prometheus make of them."""
    assert [go_duration(n) for n in (0, 5, 1_500, 2_000_000, 61_000_000_000, -90_000_000_000)] == [
        "0s", "5ns", "1.5µs", "2ms", "1m1s", "-1m30s",
    ]  # fmt: skip
    assert [prometheus_duration(n * 1_000_000_000) for n in (0, 90, 86_400, 604_800, 691_200)] == [
        "0s", "1m30s", "1d", "1w", "8d",
    ]  # fmt: skip
    assert [size_text(n) for n in (9, 10, 1000, 1_500_000, 20_000_000)] == ["9B", "10B", "1.0kB", "1.5MB", "20MB"]
    assert [shortest(x) for x in (0.0, -0.0, 0.5, 1e20, 1e21, 1e-5, float("inf"))] == [
        "0", "-0", "0.5", "100000000000000000000", "1e+21", "1e-05", "+Inf",
    ]  # fmt: skip
