"""What users are told of what the engine says: whose fault it is, where, and what helps."""

from __future__ import annotations

import pytest

from firstlight.errors import QueryError
from firstlight.query.complaints import explain, first_words
from firstlight.query.faults import QueryFault, Reason
from firstlight.store.faults import QueryFailed

WRONG = [
    # what                   query                             code  the engine's words                                                          told
    ("a word out of place",  "SELECT 1 1",                     62,   "Syntax error: failed at position 10 (1): 1. Expected one of: token, OR, AND, FROM, LIMIT: In scope SELECT parseQueryToJSON('SELECT 1 1'). (SYNTAX_ERROR)",
     "SQL, line 1, column 10: cannot read this: 1 is not expected here; want FROM, LIMIT, AND, OR or the like\n  SELECT 1 1\n           ^"),
    ("on a later line",      "SELECT 1\nFROM logs\nWHER x",    62,   "Syntax error: failed at position 25 (x) (line 3, col 6): x. Expected one of: token, JOIN…",
     "SQL, line 3, column 6: cannot read this: x is not expected here\n  WHER x\n       ^"),
    ("after wide letters",   "SELECT 'é', ü",                  62,   "Unrecognized token: Syntax error: failed at position 14 (ü): ü. : In scope SELECT 1. (SYNTAX_ERROR)",
     "SQL, line 1, column 13: cannot read this: ü is not expected here\n  SELECT 'é', ü\n              ^"),
    ("an early end",         "SELECT ts FROM logs ORDER",      62,   "Syntax error: failed at position 26 (end of query): . Expected one of: BY, ALL: In scope SELECT 1. (SYNTAX_ERROR)",
     "SQL, line 1, column 26: cannot read this: the statement ends here; want BY or the like\n  SELECT ts FROM logs ORDER\n                           ^"),
    ("an open string",       "SELECT 'x",                      62,   "Single quoted string is not closed: Syntax error: failed at position 8 ('x): 'x. : In scope SELECT 1. (SYNTAX_ERROR)",
     "SQL, line 1, column 8: cannot read this: the string that begins here does not end\n  SELECT 'x\n         ^^"),
    ("an open bracket",      "SELECT (1",                      62,   "Syntax error: failed at position 10 (end of query): (1. Unmatched parentheses: '(' at position 8 is never closed: In scope SELECT 1. (SYNTAX_ERROR)",
     "SQL, line 1, column 8: cannot read this: ( has no partner\n  SELECT (1\n         ^"),
    ("two statements",       "SELECT 1;SELECT 2",              62,   "Syntax error (Multi-statements are not allowed): failed at position 9 (end of query): ;SELECT 2. : In scope SELECT 1. (SYNTAX_ERROR)",
     "SQL, line 1, column 9: cannot run more than one statement; want one, without what follows the semicolon\n  SELECT 1;SELECT 2\n          ^"),
    ("a column with a typo", "SELECT sevice FROM logs",        47,   "Unknown expression identifier `sevice`. Maybe you meant: ['service']. In scope SELECT sevice FROM logs. (UNKNOWN_IDENTIFIER)",
     "SQL, line 1, column 8: there is no column sevice; did you mean service?\n  SELECT sevice FROM logs\n         ^^^^^^"),
    ("a column unheard of",  "SELECT foo FROM logs",           47,   "Unknown expression identifier `foo`. In scope SELECT foo FROM logs. (UNKNOWN_IDENTIFIER)",
     "SQL, line 1, column 8: there is no column foo; DESCRIBE lists those of a view\n  SELECT foo FROM logs\n         ^^^"),
    ("a view with a typo",   "SELECT 1 FROM log",              60,   "Unknown table expression identifier 'log'. Maybe you meant firstlight_sql_lean.logs? In scope SELECT 1 FROM log. (UNKNOWN_TABLE)",
     "SQL, line 1, column 15: there is no view log; did you mean logs?\n  SELECT 1 FROM log\n                ^^^"),
    ("a function",           "SELECT cuont(1)",                46,   "Function with name `cuont` does not exist. Maybe you meant: ['count','round']. In scope SELECT cuont(1). (UNKNOWN_FUNCTION)",
     "SQL, line 1, column 8: there is no function cuont; did you mean count?\n  SELECT cuont(1)\n         ^^^^^"),
    ("a table not theirs",   "SELECT 1 FROM x.y",              497,  "default: Not enough privileges. To execute this query, it's necessary to have the grant SELECT ON x.y. (ACCESS_DENIED)",
     "SQL, line 1, column 1: cannot do this: it asks for SELECT ON x.y; want a query of the views (SHOW TABLES lists them)\n  SELECT 1 FROM x.y\n  ^^^^^^^^^^^^^^^^^"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "code", "words", "told"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_query(query: str, code: int, words: str, told: str) -> None:
    error = explain(QueryFailed(words, code=code), query)

    assert isinstance(error, QueryError)
    assert str(error) == told


UNANSWERED = [
    # what                  code  the engine's words                                                                         reason            told
    ("too slow",            159,  "Timeout exceeded: elapsed 2000.1 ms, maximum: 2000 ms. (TIMEOUT_EXCEEDED)",                Reason.TIMEOUT,   "it took longer than a query may"),
    ("too much memory",     241,  "Query memory limit exceeded: would use 96.06 MiB",                                        Reason.MEMORY,    "it needs more memory than a query may use"),
    ("too many rows",       396,  "Limit for result exceeded, max rows: 1.00 thousand, current rows: 65.41 thousand.",       Reason.TOO_LARGE, "add a LIMIT"),
    ("stopped",             394,  "Query was cancelled. (QUERY_WAS_CANCELLED)",                                              Reason.STOPPED,   "it was stopped"),
    ("asleep",              160,  "The maximum sleep time is 3000000 microseconds. Requested: 10000000 microseconds: while executing 'x'", Reason.FAILED, "The maximum sleep time is 3000000"),
    ("out of reach",        None, "HTTPConnectionPool: connection refused",                                                  Reason.BUSY,      "cannot reach the engine"),
    ("types that differ",   386,  "There is no supertype for types String, UInt8: while executing function equals on arguments __table1.service", Reason.FAILED, "There is no supertype for types String, UInt8"),
    ("a value",             6,    "Cannot parse string 'a' as Int32: In scope SELECT toInt32('a'). (CANNOT_PARSE_TEXT)",      Reason.FAILED,    "Cannot parse string 'a' as Int32"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "reason", "told"), [row[1:] for row in UNANSWERED], ids=[row[0] for row in UNANSWERED]
)
def test_a_query_without_an_answer(code: int | None, words: str, reason: Reason, told: str) -> None:
    error = explain(QueryFailed(words, code=code), "SELECT 1")

    assert isinstance(error, QueryFault)
    assert error.reason is reason
    assert told in str(error)
    assert "(" not in str(error).replace("('a')", "")


def test_databases_are_not_shown() -> None:
    words = "Column 'firstlight_sql_lean.logs.service' is not under aggregate function. (NOT_AN_AGGREGATE)"

    assert first_words(words) == "Column 'logs.service' is not under aggregate function"
