"""What LogQL is not, said in Loki's words, and where."""

from __future__ import annotations

import pytest

from firstlight.errors import QueryError
from firstlight.query.logql.check import NO_MATCHER
from firstlight.query.logql.parser import LONGEST, parse
from firstlight.query.logql.parser_cursor import MOST_FILTERS, MOST_NESTED, MOST_OPERATIONS

S = '{a="b"}'

SYNTAX = [
    # what is wrong                       text                                   line, column, words
    ("nothing at all",                    "   ",                                 1, 4, "unexpected $end"),
    ("no range",                          f"rate({S})",                          1, 13, "unexpected )"),
    ("a metric of Prometheus",            "sum(up)",                             1, 5, "unexpected IDENTIFIER"),
    ("a bar and nothing",                 f"{S} | json |",                       1, 17, "unexpected $end"),
    ("no brace",                          '{a="b"',                              1, 7, "unexpected $end, expecting } or ,"),
    ("no comma",                          '{a="b" c="d"}',                       1, 8, "unexpected IDENTIFIER, expecting } or ,"),
    ("a comma too many",                  '{a="b",}',                            1, 8, "unexpected }, expecting IDENTIFIER"),
    ("no label",                          '{"a"="b"}',                           1, 2, "unexpected STRING, expecting IDENTIFIER or }"),
    ("a keyword as a label",              '{json="b"}',                          1, 2, "unexpected json, expecting IDENTIFIER or }"),
    ("no operator",                       '{a "b"}',                             1, 4, "unexpected STRING, expecting = or =~ or !~ or !="),
    ("a number for a text",               "{a=1}",                               1, 4, "unexpected NUMBER, expecting STRING"),
    ("single quotes",                     "{a='b'}",                             1, 4, "unexpected IDENTIFIER, expecting STRING"),
    ("no text in a line filter",          f"{S} |= x",                           1, 12, "unexpected IDENTIFIER, expecting STRING or ip"),
    ("nothing to call",                   f"{S} |= ip",                          1, 12, "unexpected IDENTIFIER, expecting STRING or ip"),
    ("two steps, so no line",             f"{S} | |= x",                         0, 11, "unexpected |="),
    ("no parenthesis after a group",      f"sum by (x) rate({S}[1m])",           1, 12, "unexpected RATE, expecting ("),
    ("words in an aggregation",           "sum(1 2)",                            1, 7, "unexpected NUMBER"),
    ("no comma between labels",           "sum by (a b) (1)",                    1, 11, "unexpected IDENTIFIER, expecting , or )"),
    ("no label in a group",               'sum by ("a") (1)',                    1, 9, "unexpected STRING, expecting IDENTIFIER or )"),
    ("a range of what is no query",       "rate(x[1m])",                         1, 6, "unexpected IDENTIFIER, expecting NUMBER or { or ("),
    ("a range of lines asked for",        f"{S}[1m]",                            0, 8, "unexpected RANGE"),
    ("an offset without a range",         f"rate({S} offset 5m)",                1, 14, "unexpected offset"),
    ("an offset that is a number",        f"rate({S}[1m] offset 5)",             1, 25, "unexpected NUMBER, expecting DURATION"),
    ("nothing unwrapped",                 f"rate({S} | unwrap)",                 1, 22,
     "unexpected ), expecting IDENTIFIER or BYTES_CONV or DURATION_CONV or DURATION_SECONDS_CONV"),
    ("unwrap without a range",            f"{S} | unwrap x",                     1, 11, "unexpected unwrap"),
    ("no range after unwrap",             f"rate({S} | unwrap x)",               1, 24, "unexpected ), expecting RANGE or |"),
    ("no range after parentheses",        f"rate(({S}))",                        1, 15, "unexpected ), expecting RANGE"),
    ("stages after parentheses",          f"rate(({S})[1m] | json)",             1, 22, "unexpected json, expecting unwrap"),
    ("no parameter of an aggregation",    "topk(x, 1)",                          1, 6, "unexpected IDENTIFIER"),
    ("a flag that is none",               f"{S} | logfmt --lax",                 1, 20, "unexpected IDENTIFIER, expecting NUMBER"),
    ("a template that is no text",        f"{S} | line_format x",                1, 23, "unexpected IDENTIFIER, expecting STRING"),
    ("no assignment",                     f"{S} | label_format a",               1, 25, "unexpected $end, expecting ="),
    ("an assignment of nothing",          f"{S} | label_format a=,",             1, 26, "unexpected ,, expecting IDENTIFIER or STRING"),
    ("no label to drop",                  f"{S} | drop 5",                       1, 16, "unexpected NUMBER, expecting IDENTIFIER"),
    ("a label filter cut off",            f"{S} | x>5 or",                       1, 17, "unexpected $end, expecting IDENTIFIER or ("),
    ("lines in an aggregation",           f"sum({S})",                           1, 12, "unexpected )"),
    ("the removed `distinct`",            f"{S} | distinct x",                   1, 20, "unexpected IDENTIFIER"),
    ("matching cut off",                  "1 + on",                              1, 7, "unexpected $end, expecting ("),
    ("no texts in label_replace",         "label_replace(1, x)",                 1, 18, "unexpected IDENTIFIER, expecting STRING"),
    ("variants of nothing",               "variants(1)",                         1, 12, "unexpected $end, expecting of"),
    ("the second line",                   f"{S}\n| json\n| 5",                   3, 3, "unexpected NUMBER"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), [row[1:] for row in SYNTAX], ids=[row[0] for row in SYNTAX]
)
def test_syntax(text: str, line: int, column: int, words: str) -> None:
    """What is unexpected is named as Loki names it, with what was expected if that is not much."""
    with pytest.raises(QueryError) as caught:
        parse(text)

    error = caught.value
    assert error.complaint == f"parse error at line {line}, col {column}: syntax error: {words}"
    assert error.span.line_and_column(text)[1] == column


LITERALS = [
    ("a string that does not end",     f'{S} |= "x',          1, 12, "literal not terminated"),
    ("a raw string that does not end", f"{S} |= `x",          1, 12, "literal not terminated"),
    ("an unknown escape",              r'{a="\d+"}',          1, 4, "invalid char escape"),
    ("no rune",                        "'ab'",                1, 1, "invalid char literal"),
    ("a comment that does not end",    "1 /* x",              1, 3, "comment not terminated"),
    ("a range that does not end",      f"rate({S}[5m",        0, 13, "missing closing ']' in duration"),
    ("an unknown unit",                f"rate({S}[5x])",      0, 13, 'unknown unit "x" in duration "5x"'),
    ("an empty range",                 f"rate({S}[])",        0, 13, "empty duration string"),
    ("a fraction of a range",          f"rate({S}[1.5h])",    0, 13, 'unknown unit "." in duration "1.5h"'),
    ("units out of order",             f"rate({S}[1s1m])",    0, 13, 'not a valid duration string: "1s1m"'),
    ("centuries",                      f"rate({S}[300y])",    0, 13, "duration out of range"),
    ("no octal",                       f"{S} | x > 08",       1, 15, "invalid digit '8' in octal literal"),
    ("no exponent",                    f"{S} | x > 1e",       1, 15, "exponent has no digits"),
    ("no hexadecimal",                 "0x",                  1, 1, "hexadecimal literal has no digits"),
    ("underscores",                    "1__0",                1, 1, "'_' must separate successive digits"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), [row[1:] for row in LITERALS], ids=[row[0] for row in LITERALS]
)
def test_literals(text: str, line: int, column: int, words: str) -> None:
    """What is wrong with a literal is said in the words of Go's scanner."""
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert caught.value.complaint == f"parse error at line {line}, col {column}: {words}"


MEANING = [
    # what is wrong                     text                                          place           words
    ("no matcher",                      "{}",                                         "{}", NO_MATCHER),
    ("only matchers of what is empty",  '{a="", b!="x", c=~"|x", d!~".+", e=~".*"}',  None, NO_MATCHER),
    ("of a range",                      "sum(rate({}[1m]))",                          "{}", NO_MATCHER),
    ("of variants",                     f"variants(rate({S}[1m])) of ({{}}[1m])",     "{}", NO_MATCHER),
    ("a bad expression",                '{a=~"("}',                                   '"("', "error parsing regexp: missing closing ): `(`"),
    ("a bad expression in a filter",    f'{S} | x!~"a**"',                            '"a**"', "error parsing regexp: invalid nested repetition operator: `**`"),
    ("groups without names",            f'{S} | regexp "(x)"',                        '| regexp "(x)"', "invalid regexp parser: at least one named capture must be supplied"),
    ("a pattern without captures",      f'{S} | pattern "x"',                         '| pattern "x"', "invalid pattern parser: at least one capture is required"),
    ("captures side by side",           f'{S} | pattern "<x><y>"',                    '| pattern "<x><y>"', "invalid pattern parser: found consecutive capture '<x><y>': invalid expression"),
    ("grouping of a rate",              f"rate({S}[1m]) by (x)",                      None, "grouping not allowed for rate aggregation"),
    ("grouping of a sum",               f"sum_over_time({S} | unwrap x [1m]) by (x)", None, "grouping not allowed for sum_over_time aggregation"),
    ("a count of what is unwrapped",    f"count_over_time({S} | unwrap x [1m])",      None, "invalid aggregation count_over_time with unwrap"),
    ("bytes of what is unwrapped",      f"bytes_rate({S} | unwrap x [1m])",           None, "invalid aggregation bytes_rate with unwrap"),
    ("a maximum of nothing unwrapped",  f"max_over_time({S}[1m])",                    None, "invalid aggregation max_over_time without unwrap"),
    ("a quantile without which",        f"quantile_over_time({S} | unwrap x [1m])",   None, "parameter required for operation quantile_over_time"),
    ("a parameter of a rate",           f"rate(5, {S}[1m])",                          None, "parameter 5 not supported for operation rate"),
    ("topk without a number",           "topk(vector(1))",                            None, "parameter required for operation topk"),
    ("topk of a fraction",              "topk(1.5, vector(1))",                       None, "invalid parameter topk(1.5,"),
    ("topk of none",                    "bottomk(0, vector(1))",                      None, "invalid parameter (must be greater than 0) bottomk(0"),
    ("a parameter of a sum",            "sum(2, vector(1))",                          None, "unsupported parameter for operation sum(2,"),
    ("approx_topk with groups",         "approx_topk by (x) (2, vector(1))",          None, "grouping not allowed for approx_topk aggregation"),
    ("sort with groups",                "sort(vector(1)) by (x)",                     "by (x)", "sort and sort_desc doesn't allow grouping by "),
    ("lines in an operation",           f"vector(1) + {S}",                           None, "unexpected type for right leg of binary operation (+): *syntax.MatchersExpr"),
    ("a pipeline in an operation",      f"({S} | json) > 1",                          None, "unexpected type for left leg of binary operation (>): *syntax.PipelineExpr"),
    ("a set of a number",               "1 or vector(1)",                             None, "unexpected literal for left leg of logical/set binary operation (or): 1.000000"),
    ("a set with a number",             "vector(1) and 2",                            None, "unexpected literal for right leg of logical/set binary operation (and): 2.000000"),
    ("a number that is no float",       "0x10",                                       None, 'unable to parse literal as a float: strconv.ParseFloat: parsing "0x10": invalid syntax'),
    ("a bad label_replace",             'label_replace(vector(1), "a", "", "b", "(")', None, "invalid regex in label_replace: error parsing regexp: missing closing ): `^(?:()$`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), [row[1:] for row in MEANING], ids=[row[0] for row in MEANING])
def test_meaning(text: str, place: str | None, words: str) -> None:
    """What is well written and means nothing is refused in Loki's words, and our error shows where it stands."""
    with pytest.raises(QueryError) as caught:
        parse(text)

    error = caught.value
    assert error.complaint == f"parse error : {words}"
    if place is not None:
        start = text.index(place)
        assert text[error.span.start : error.span.end].startswith(place[:1])
        assert error.span.start >= start
        assert error.span.end <= start + len(place)


def test_the_first_of_several_faults_is_told() -> None:
    """Faults of meaning are told in the order of the tree."""
    with pytest.raises(QueryError, match="grouping not allowed for rate"):
        parse(f"rate({S}[1m]) by (x) + max_over_time({S}[1m])")


def test_nothing_is_told_of_meaning_where_the_syntax_is_wrong() -> None:
    """Syntax first."""
    with pytest.raises(QueryError, match="unexpected IDENTIFIER"):
        parse(f"rate({S}[1m]) by (x) y")


def test_what_is_not_checked() -> None:
    """A selector of everything is well written."""
    assert parse("{}", checked=False).span.end == 2


def test_the_empty_query_has_no_place() -> None:
    """Loki gives no line for it."""
    with pytest.raises(QueryError) as caught:
        parse("")

    assert caught.value.complaint == "parse error : syntax error: unexpected $end"


TOO_MUCH = [
    ("characters", f'{S} |= "{"x" * LONGEST}"', "input size too long"),
    ("parentheses", "(" * (MOST_NESTED + 1) + "1" + ")" * (MOST_NESTED + 1), "query too deep"),
    ("parentheses of filters", f"{S} | {'(' * (MOST_NESTED + 1)}", "query too deep"),
    ("parentheses of ranges", f"rate({'(' * (MOST_NESTED + 1)}", "query too deep"),
    ("powers", "vector(1)" + "^ 2" * (MOST_NESTED + 2), "query too deep"),
    ("operations", "vector(1)" + "+ 1" * (MOST_OPERATIONS + 1), "query too deep"),
    ("label filters", f"{S} | x>1" + " or x>1" * (MOST_FILTERS + 1), "label filters in one stage"),
    ("tokens", "1" + "+1" * 60_000, "query too deep|query too long"),
]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in TOO_MUCH], ids=[row[0] for row in TOO_MUCH])
def test_bounds(text: str, words: str) -> None:
    """Queries are bounded in length and depth, so that none exhausts the stack."""
    with pytest.raises(QueryError, match=words):
        parse(text)
