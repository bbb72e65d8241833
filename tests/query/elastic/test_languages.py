"""Texts of queries, times and scripts, each to what it means."""

from __future__ import annotations

from typing import Any

import pytest

from firstlight.query.elastic.ast import Bool, Everything, Exists, Match, Nothing, Pattern, Phrase, Query, Range
from firstlight.query.elastic.faults import SearchFault
from firstlight.query.elastic.lucene import Manner, parse
from firstlight.query.elastic.script import Script
from firstlight.query.elastic.times import when
from firstlight.query.elastic.words import words

NOW_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z
A, B, C = Match("*", "a"), Match("*", "b"), Match("*", "c")

LUCENE: list[tuple[str, str, Query]] = [
    ("nothing", "", Nothing()),
    ("a word", "a", A),
    ("two words", "a b", Bool(should=(A, B))),
    ("and", "a AND b", Bool(must=(A, B))),
    ("and before or", "a AND b OR c", Bool(must=(A, B), should=(C,))),
    ("or before and", "a OR b AND c", Bool(must=(B, C), should=(A,))),
    ("not", "a NOT b", Bool(should=(A,), must_not=(B,))),
    ("signs", "+a -b c", Bool(must=(A,), should=(C,), must_not=(B,))),
    ("brackets", "(a b) AND c", Bool(must=(Bool(should=(A, B)), C))),
    ("a field", "f:a", Match("f", "a")),
    ("a group of a field", "f:(a b)", Bool(should=(Match("f", "a"), Match("f", "b")))),
    ("a phrase", 'f:"a b"~2', Phrase("f", "a b", 2)),
    ("what is escaped", r"f\:g:a\ b", Match("f:g", "a b")),
    ("a word with signs in it", "f:a-b+c/d", Match("f", "a-b+c/d")),
    ("wildcards", "f:a*b?", Pattern("f", "wildcard", "a*b?")),
    ("an escaped wildcard", r"f:a\*", Match("f", "a*")),
    ("a field that is there", "f:*", Exists("f")),
    ("everything", "*", Everything()),
    ("a range", "f:[1 TO 2}", Range("f", "1", "2", high_open=True)),
    ("an open range", "f:{* TO 2]", Range("f", None, "2", low_open=True)),
    ("a comparison", "f:>=2", Range("f", low="2")),
    ("a regular expression", "f:/a.b/", Pattern("f", "regexp", "a.b")),
    ("fuzzy", "a~1", Match("*", "a", fuzzy=1)),
    ("lower case is a word", "a and b", Bool(should=(A, Match("*", "and"), B))),
]

BROKEN = [
    ("a bracket", "(a", "column 1"), ("another bracket", "a)", "column 2"), ("a phrase", 'f:"a', "column 3"),
    ("a range", "f:[1 2]", "column 3"), ("a sign alone", "a AND", "column 3"), ("nothing after a field", "f:", "column 1"),
    ("deep", "(" * 60 + "a" + ")" * 60, "nested deeper"),
]  # fmt: skip

TIMES = [
    # what                  value                              up     milliseconds
    ("now",                 "now",                             False, NOW_MS),
    ("ago",                 "now-1h",                          False, NOW_MS - 3_600_000),
    ("the day begins",      "now/d",                           False, NOW_MS - 43_200_000),
    ("the day ends",        "now/d",                           True,  NOW_MS + 43_199_999),
    ("a month on",          "2026-01-31||+1M",                 False, 1_772_236_800_000),
    ("milliseconds",        1_767_268_800_000,                 False, NOW_MS),
    ("as a text",           "1767268800000",                   False, NOW_MS),
    ("a year",              "2026",                            False, NOW_MS - 43_200_000),
    ("the end of a month",  "2025-12",                         True,  NOW_MS - 43_200_001),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in LUCENE], ids=[row[0] for row in LUCENE])
def test_a_query_string_is_read(text: str, wanted: Query) -> None:
    """A text in Lucene's syntax is this query."""
    assert parse(text) == wanted


def test_words_may_all_be_wanted() -> None:
    """With AND between words that have nothing between them, OR frees its neighbours."""
    both = Manner(and_by_default=True)
    a, b, c = (Match("*", one, all=True) for one in "abc")
    assert parse("a b", both) == Bool(must=(a, b))
    assert parse("a OR b c", both) == Bool(must=(c,), should=(a, b))


@pytest.mark.parametrize(("text", "words_"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_query_string_is_told_with_its_place(text: str, words_: str) -> None:
    """What cannot be read is refused, and where."""
    with pytest.raises(SearchFault) as fault:
        parse(text)
    assert words_ in str(fault.value)


@pytest.mark.parametrize(("value", "up", "wanted"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_a_time_means(value: Any, up: bool, wanted: int) -> None:
    """A time of a search, with its math and its rounding."""
    assert when(value, NOW_MS, up=up) == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("params.a + params.b * 2", 7.0),
        ("(params.a-1)/params.b", 0.0),
        ("params.a/0", None),
        ("a > b || b == 3", 1.0),
        ("Math.max(a, b) % 2", 1.0),
    ],
)
def test_a_script_of_arithmetic(script: str, wanted: float | None) -> None:
    """What a script makes of 1 and 3."""
    assert Script(script)({"a": 1.0, "b": 3.0}) == wanted


@pytest.mark.parametrize(
    "script", ["__import__('os')", "params.a.b", "for (x in y) {}", "a ? b : c", "open('x')", "a" * 2000]
)
def test_other_scripts_are_refused(script: str) -> None:
    """Nothing runs but arithmetic."""
    with pytest.raises(SearchFault, match="scripts of arithmetic only"):
        Script(script)({"a": 1.0, "b": 3.0, "c": 1.0})


def test_words_of_a_text() -> None:
    """Words are those of Unicode, in lower case."""
    assert words("POST /a-b_c 10.0.0.1:80 v1.2 É'tude x=1,000") == [
        "post", "a", "b_c", "10.0.0.1", "80", "v1.2", "é'tude", "x", "1,000",
    ]  # fmt: skip
