"""Lucene's query syntax: text to tokens, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from firstlight.errors import Span

SPECIAL: Final = '+-!(){}[]^"~*?:\\/&|'


class Mark(Enum):
    """What a token is."""

    AND = auto()
    OR = auto()
    NOT = auto()
    PLUS = auto()
    MINUS = auto()
    OPEN = auto()
    CLOSE = auto()
    FIELD = auto()
    TERM = auto()
    PHRASE = auto()
    REGEX = auto()
    RANGE = auto()
    COMPARE = auto()
    BOOST = auto()
    FUZZY = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its text as it was written, without quotes."""

    mark: Mark
    text: str
    span: Span


class LuceneError(Exception):
    """A query that cannot be read, and where."""

    def __init__(self, words: str, span: Span) -> None:
        super().__init__(words)
        self.span = span


_SPACE: Final = re.compile(r"[\s\u3000]+")
_TERM: Final = re.compile(r'(?:\\.|[^\s\u3000+\-!(){}\[\]^"~:\\/&|])(?:\\.|[^\s\u3000!(){}\[\]^"~:\\])*', re.DOTALL)
_PHRASE: Final = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_REGEX: Final = re.compile(r"/((?:\\.|[^/\\])*)/", re.DOTALL)
_BOUND: Final = r'"(?:\\.|[^"\\])*"|(?:\\.|[^\s\]}\\])+'
_RANGE: Final = re.compile(rf"([\[{{])\s*({_BOUND})\s+TO\s+({_BOUND})\s*([\]}}])", re.DOTALL)
_COMPARE: Final = re.compile(r'(>=|<=|>|<)\s*("(?:\\.|[^"\\])*"|(?:\\.|[^\s()\\])+)', re.DOTALL)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_WORDS: Final = {"AND": Mark.AND, "&&": Mark.AND, "OR": Mark.OR, "||": Mark.OR, "NOT": Mark.NOT, "!": Mark.NOT}
_SINGLE: Final = {"(": Mark.OPEN, ")": Mark.CLOSE, "+": Mark.PLUS, "-": Mark.MINUS, "!": Mark.NOT}


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query, the last an END. Raise LuceneError."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        if space := _SPACE.match(text, place):
            place = space.end()
            continue
        token = _token(text, place, after_field=bool(found) and found[-1].mark is Mark.FIELD)
        found.append(token)
        place = token.span.end
    found.append(Token(Mark.END, "", Span(len(text), len(text))))
    return found


def _token(text: str, place: int, *, after_field: bool) -> Token:
    char, pair = text[place], text[place : place + 2]
    if after_field and (compare := _COMPARE.match(text, place)):
        return Token(Mark.COMPARE, compare[0], Span(*compare.span()))
    if pair in _WORDS:
        return Token(_WORDS[pair], pair, Span(place, place + 2))
    if char in _SINGLE:
        return Token(_SINGLE[char], char, Span(place, place + 1))
    for start, pattern, mark in (('"', _PHRASE, Mark.PHRASE), ("/", _REGEX, Mark.REGEX)):
        if char == start:
            whole = pattern.match(text, place)
            if not whole:
                what = "phrase" if char == '"' else "regular expression"
                raise LuceneError(f"the {what} that begins here does not end", Span(place, place + 1))
            return Token(mark, whole[1], Span(*whole.span()))
    if char in "[{":
        between = _RANGE.match(text, place)
        if not between:
            raise LuceneError("want a range such as [1 TO 5] or {a TO *}", Span(place, place + 1))
        return Token(Mark.RANGE, between[0], Span(*between.span()))
    if char in "^~":
        number = _NUMBER.match(text, place + 1)
        end = number.end() if number else place + 1
        return Token(Mark.BOOST if char == "^" else Mark.FUZZY, number[0] if number else "", Span(place, end))
    term = _TERM.match(text, place)
    if not term:
        raise LuceneError(f"{char} is not expected here; to search for it, write \\{char}", Span(place, place + 1))
    end = term.end()
    if text[end : end + 1] == ":":
        return Token(Mark.FIELD, term[0], Span(place, end + 1))
    return Token(_WORDS.get(term[0], Mark.TERM), term[0], Span(place, end))


def bounds(text: str) -> tuple[str, str, bool, bool]:
    """Return the bounds of a range as it was written, and whether each is open."""
    found = _RANGE.fullmatch(text)
    assert found, "what the lexer took for a range"
    return unquoted(found[2]), unquoted(found[3]), found[1] == "{", found[4] == "}"


def comparison(text: str) -> tuple[str, str]:
    """Return the sign and the value of a comparison."""
    found = _COMPARE.fullmatch(text)
    assert found, "what the lexer took for a comparison"
    return found[1], unquoted(found[2])


def unquoted(text: str) -> str:
    """Return a text without its quotes and escapes."""
    inner = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    return unescaped(inner)


def unescaped(text: str) -> str:
    r"""Return a text without escapes.

    >>> unescaped(r"a\:b")
    'a:b'
    """
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def has_wildcard(text: str) -> bool:
    """Say whether a term has a wildcard that is not escaped."""
    return re.search(r"[*?]", re.sub(r"\\.", "", text, flags=re.DOTALL)) is not None
