"""Cuts a query into tokens, as Go's `text/scanner` does under Loki.

The whole text is cut at once. What cannot be a token becomes one of the kind ERROR, with the reason as its text, and
ends the list: the parser fails when, and if, it gets there.
"""

from __future__ import annotations

import re
from typing import Final

from firstlight.query.logql.durations import duration_literal, range_duration, size_literal
from firstlight.query.logql.literals import escape_fault, number_fault, string
from firstlight.query.logql.tokens import (
    BYTES,
    DURATION,
    END,
    ERROR,
    FLAG,
    FUNCTIONS,
    IDENTIFIER,
    KEYWORDS,
    MARKS,
    NUMBER,
    RANGE,
    STRING,
    Token,
)

MOST_TOKENS: Final = 50_000
"""How many words and marks a query may have. What is long for a reason has long strings, not many of them."""

_TOKEN: Final = re.compile(
    r"""
      (?P<blank>[ \t\r\n]+|\#[^\n]*\n?|//[^\n]*|/\*(?s:.*?)\*/)
    | (?P<word>[^\W\d]\w*)
    | (?P<number>0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-9_]*
        |(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eEpP][+-]?[0-9_]*)?)
    | (?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    | (?P<character>'(?:[^'\\\n]|\\[^\n])*')
    | (?P<range>\[(?P<inside>[^\]]*)\])
    | (?P<flag>--[a-z]+(?:-[a-z]+)*(?![\w-]))
    | (?P<mark>[!=|><]=|[=!|]~|[!|]>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_FLAGS: Final = frozenset(["--strict", "--keep-empty"])
_DURATION_REST: Final = re.compile(r"[0-9.nuµmshdwy]+")
_BYTES_REST: Final = re.compile(r"[0-9.BikKMGTP]+")
_SPACE: Final = r"[^\S\x1c-\x1f]*"
_CALLED: Final = re.compile(rf"{_SPACE}(?:\(|(?:by|without){_SPACE}\()", re.IGNORECASE)
_OPEN: Final = {'"': "literal not terminated", "`": "literal not terminated", "'": "literal not terminated"}


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`. The last one is of the kind END or ERROR."""
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found is not None  # `mark` takes any character
        if found.lastgroup != "blank":
            token = _token(text, found)
            tokens.append(token)
            if token.kind == ERROR:
                return tokens
            if len(tokens) > MOST_TOKENS:
                return [*tokens, Token(ERROR, f"query too long: more than {MOST_TOKENS} tokens", place, found.end())]
            place = token.end
        else:
            place = found.end()
    return [*tokens, Token(END, "", len(text), len(text))]


def _token(text: str, found: re.Match[str]) -> Token:
    start, end = found.span()
    written = found.group()
    match found.lastgroup:
        case "word":
            return Token(_kind_of_word(text, written, end), written, start, end)
        case "number":
            return _number(text, written, start, end)
        case "string":
            if words := _no_text(written):
                return Token(ERROR, words, start, end)
            return Token(STRING, written, start, end, string(written))
        case "character":
            fault = escape_fault(written) or ("" if len(string(written)) == 1 else "invalid char literal")
            return Token(ERROR, fault, start, end) if fault else Token(IDENTIFIER, written, start, end)
        case "range":
            return _range(found["inside"], start, end)
        case "flag" if written in _FLAGS:
            return Token(FLAG, written, start, end, stepwise=True)
        case _:
            return _mark(text, written[:1] if found.lastgroup == "flag" else written, start)


def _kind_of_word(text: str, word: str, end: int) -> str:
    lower = word.lower()
    if lower in FUNCTIONS:
        return FUNCTIONS[lower] if _CALLED.match(text, end) else IDENTIFIER
    return lower if lower in KEYWORDS else IDENTIFIER


def _no_text(written: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in written):
        return "invalid UTF-8 encoding"
    if "\0" in written:
        return "invalid character NUL"
    return escape_fault(written)


def _number(text: str, written: str, start: int, end: int) -> Token:
    if fault := number_fault(written):
        return Token(ERROR, fault, start, end)
    if rest := _DURATION_REST.match(text, end):
        nanoseconds = duration_literal(written + rest.group())
        if nanoseconds is not None:
            return Token(DURATION, written + rest.group(), start, rest.end(), nanoseconds, stepwise=True)
    if rest := _BYTES_REST.match(text, end):
        size = size_literal(written + rest.group())
        if size is not None:
            return Token(BYTES, written + rest.group(), start, rest.end(), size, stepwise=True)
    return Token(NUMBER, written, start, end)


def _range(inside: str, start: int, end: int) -> Token:
    try:
        return Token(RANGE, f"[{inside}]", start, end, range_duration(inside), stepwise=True)
    except ValueError as error:
        return Token(ERROR, str(error), start, end, stepwise=True)


def _mark(text: str, mark: str, start: int) -> Token:
    if mark == "-" and (rest := _DURATION_REST.match(text, start + 1)):
        nanoseconds = duration_literal(f"-{rest.group()}")
        if nanoseconds is not None:
            return Token(DURATION, f"-{rest.group()}", start, rest.end(), nanoseconds, stepwise=True)
    end = start + len(mark)
    if mark in _OPEN:
        stop = text.find("\n", start)
        rest_of_line = text[start : stop if mark != "`" and stop >= 0 else len(text)]
        return Token(ERROR, escape_fault(rest_of_line) or _OPEN[mark], start, start + len(rest_of_line))
    if mark == "[":
        return Token(ERROR, "missing closing ']' in duration", start, len(text), stepwise=True)
    if text.startswith("/*", start):
        return Token(ERROR, "comment not terminated", start, len(text))
    if mark == "\0" or "\ud800" <= mark <= "\udfff":
        return Token(ERROR, "invalid character NUL" if mark == "\0" else "invalid UTF-8 encoding", start, end)
    return Token(mark if mark in MARKS else IDENTIFIER, mark, start, end, stepwise=len(mark) == 2)
