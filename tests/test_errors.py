"""Errors: what the user reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.errors import (
    Complaint,
    ConfigError,
    QueryError,
    Span,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreRefused,
    brief,
    unknown_word,
)

SHOWN = [
    # what                                query                 span          shown
    ("a word",                            "rate(up)",           Span(5, 7),   "PromQL, line 1, column 6: no\n  rate(up)\n       ^^"),
    ("the end of the query",              "rate(",              Span(5, 5),   "PromQL, line 1, column 6: no\n  rate(\n       ^"),
    ("nothing at all",                    "",                   Span(0, 0),   "PromQL, line 1, column 1: no\n  \n  ^"),
    ("a word on another line",            "sum(\n  up\n)",      Span(7, 9),   "PromQL, line 2, column 3: no\n    up\n    ^^"),
    ("a word after a tab",                "\tup",               Span(1, 3),   "PromQL, line 1, column 2: no\n  \tup\n  \t^^"),
    ("what goes on over the line's end",  "a +\nb",             Span(0, 5),   "PromQL, line 1, column 1: no\n  a +\n  ^^^"),
    ("a line that ends as on Windows",    "a\r\nb",             Span(0, 1),   "PromQL, line 1, column 1: no\n  a\n  ^"),
    ("a word far along a long line",      "x" * 500,            Span(400, 402), "PromQL, line 1, column 401: no\n  " + "x" * 120 + "\n  " + " " * 60 + "^^"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "span", "shown"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_a_query_error_points_at_its_words(query: str, span: Span, shown: str) -> None:
    """The line of the query is shown, with carets under the words that are wrong."""
    assert str(QueryError("no", query=query, span=span, language="PromQL")) == shown


@given(st.text("ab\n\t\r", max_size=300), st.integers(0, 310), st.integers(0, 20))
def test_a_query_error_can_always_be_shown(query: str, start: int, length: int) -> None:
    """Whatever the span, the error has three lines and at least one caret."""
    shown = str(QueryError("no", query=query, span=Span(start, start + length), language="SQL"))

    assert shown.count("\n") == 2
    assert shown.endswith("^")


WORDS = [
    # what                         found      known                    complaint
    ("a slip",                     "chanel",  ["channel", "url"],      'unknown setting "chanel"; did you mean "channel"?'),
    ("another case",               "URL",     ["channel", "url"],      'unknown setting "URL"; did you mean "url"?'),
    ("nothing near",               "zzz",     ["channel", "url"],      'unknown setting "zzz"; want one of channel, url'),
    ("nothing near among many",    "zzz",     [f"a{n:02}" for n in range(14)], 'unknown setting "zzz"; want one of a00, a01, a02, a03, a04, a05, a06, a07, a08, a09, a10, a11 and 2 more'),
    ("nothing known",              "zzz",     [],                      'unknown setting "zzz"; there is no setting to name here'),
    ("more than a line",           "a\nb",    ["channel"],             'unknown setting "a\\nb"; want one of channel'),
    ("more than a screen",         "z" * 999, ["channel"],             f'unknown setting "{"z" * 119}…"; want one of channel'),
]  # fmt: skip


@pytest.mark.parametrize(("found", "known", "complaint"), [row[1:] for row in WORDS], ids=[row[0] for row in WORDS])
def test_an_unknown_word(found: str, known: list[str], complaint: str) -> None:
    """The nearest known word is offered, else a few that are known."""
    assert unknown_word("setting", found, known) == complaint


BRIEF = [
    # what                          value                                  shown
    ("nothing",                     None,                                  "None"),
    ("text",                        "now",                                 "'now'"),
    ("a list",                      ["7", 1],                              "['7', 1]"),
    ("long text",                   "x" * 100,                             "'" + "x" * 78 + "…"),
    ("a body of megabytes",         b"x" * 10_000_000,                     "b'" + "x" * 77 + "…"),
    ("a long list",                 list(range(1000)),                     "[0, 1, 2, 3, 4, 5, ...]"),
    ("nesting",                     [[[[[[1]]]]]],                         "[[[[...]]]]"),
    ("more than a line",            "a\nb",                                r"'a\nb'"),
    ("a URL with a password",       "https://me:hunter2@host/x",           "'https://me:***@host/x'"),
    ("one without a user",          "redis://:hunter2@host",               "'redis://:***@host'"),
    ("one within something",        {"url": "https://me:hunter2@host/x"},  "{'url': 'https://me:***@host/x'}"),
    ("one whose password is long",  f"https://me:{'p' * 200}@host/x",      "'https://me:***@host/x'"),
    ("a URL with a port",           "http://[::1]:80/a@b:c",               "'http://[::1]:80/a@b:c'"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), [row[1:] for row in BRIEF], ids=[row[0] for row in BRIEF])
def test_brief(value: object, shown: str) -> None:
    """Bad input is quoted short, on one line, without passwords."""
    assert brief(value) == shown


@given(st.recursive(st.text() | st.binary() | st.integers() | st.floats(), st.lists), st.integers(1, 200))
def test_brief_is_brief(value: object, limit: int) -> None:
    """Nothing is quoted beyond the limit."""
    assert len(brief(value, limit)) <= limit


def test_a_config_error_says_all_that_is_wrong() -> None:
    """One line for each complaint, and no place or setting where there is none."""
    error = ConfigError(Complaint("firstlight.yaml:3", "store.url", "no"), Complaint("--set x", "", "no"), "cannot")

    assert str(error) == "firstlight.yaml:3: store.url: no\n--set x: no\ncannot"


RETRYABLE = [
    # what        error                           retryable
    ("busy",      StoreBusy("x", retry_after=2),  True),
    ("full",      StoreFull("x"),                 True),
    ("refused",   StoreRefused("x"),              False),
]  # fmt: skip


@pytest.mark.parametrize(("error", "retryable"), [row[1:] for row in RETRYABLE], ids=[row[0] for row in RETRYABLE])
def test_a_store_error_says_whether_to_try_again(error: StoreError, retryable: bool) -> None:
    """What is busy or full may be tried again; what is refused may not."""
    assert error.retryable is retryable
