"""Cuts a query into tokens.

The whole text is cut at once. What cannot be a token becomes one of the kind ERROR, with the reason as its text, and
ends the list: whether that matters is seen when, and if, the parser gets there.
"""

from __future__ import annotations

import re
from typing import Final

from firstlight.query.promql.gotext import quote
from firstlight.query.promql.scan import escape_fault, number_or_duration
from firstlight.query.promql.tokens import (
    DURATION,
    EOF,
    ERROR,
    IDENTIFIER,
    KEYWORDS,
    METRIC_IDENTIFIER,
    NUMBER,
    STRING,
    Token,
)

MOST_TOKENS: Final = 50_000
"""How many words and marks a query may have. What is long for a reason has long strings, not many of them."""

_NO_RUNE: Final = r"\ufffd\ud800-\udfff"
_STRINGS: Final = (
    rf"""(?P<string>"(?:[^"\\\n{_NO_RUNE}]|\\[^\n])*"|'(?:[^'\\\n{_NO_RUNE}]|\\[^\n])*'|`[^`{_NO_RUNE}]*`)"""
)
_BLANKS: Final = r"[ \t\r\n]+"
_PLAIN: Final = re.compile(
    rf"""
      (?P<blank>(?:{_BLANKS}|\#[^\r\n]*)+)
    | (?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
    | (?P<mark>==|!=|<=|>=|</|>/|=(?!~)|[-+*/%^<>@,)(}}{{\]\[])
    | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![A-Za-z0-9_.]))
    | (?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+(?![A-Za-z0-9_]))
    | {_STRINGS}
    """,
    re.VERBOSE | re.ASCII,
)
_IN_BRACES: Final = re.compile(
    rf"""
      (?P<blank>(?:{_BLANKS}|\#[^\r\n]*)+)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>=~|!~|!=|=|,|\}})
    | {_STRINGS}
    """,
    re.VERBOSE | re.ASCII,
)
_BLANK: Final = re.compile(_BLANKS)
_LETTERS: Final = re.compile(r"[A-Za-z_]+")
_OPENS: Final = re.compile(r"[ \t\r\n]*\(")
_DURATION_WORDS: Final = frozenset("step range max_of min_of".split())


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`. The last one is of the kind EOF or ERROR."""
    return _Lexer(text).run()


class _Fault(Exception):
    """No token can be made of what stands at `place`."""

    def __init__(self, words: str, place: int) -> None:
        super().__init__(words)
        self.words = words
        self.place = place


class _Lexer:
    """Cuts one text. Within brackets there are durations, and within braces labels."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.tokens: list[Token] = []
        self.parens = 0
        self.braces = self.brackets = False
        # Within brackets: whether only arithmetic may follow, as it may until the first number.
        self.arithmetic = self.colon = self.measured = False

    def run(self) -> list[Token]:
        """Return all tokens."""
        size = len(self.text)
        try:
            while self.place < size:
                if self.braces:
                    self._in_braces()
                elif self.brackets:
                    self._in_brackets()
                else:
                    self._plain()
            self._finish()
        except _Fault as fault:
            self.tokens.append(Token(ERROR, fault.words, fault.place, size))
        return self.tokens

    def _finish(self) -> None:
        size = len(self.text)
        if self.braces:
            raise _Fault("unexpected end of input inside braces", size)
        if self.brackets and self.arithmetic:
            raise _Fault("unexpected end of input in duration expression", size)
        if self.parens:
            raise _Fault("unclosed left parenthesis", size)
        if self.brackets:
            raise _Fault("unclosed left bracket", size)
        self.tokens.append(Token(EOF, "", size, size))

    def _room(self) -> bool:
        if len(self.tokens) > MOST_TOKENS:
            words = f"cannot read this: it has more than {MOST_TOKENS} words and marks; ask for less at once"
            raise _Fault(words, self.place)
        return True

    def _emit(self, kind: str, end: int) -> None:
        self.tokens.append(Token(kind, self.text[self.place : end], self.place, end))
        self.place = end

    def _plain(self) -> None:
        """Cut until a brace or bracket opens."""
        text, emit, match = self.text, self.tokens.append, _PLAIN.match
        while self._room() and (found := match(text, self.place)):
            kind, value, start, end = found.lastgroup or "", found.group(), self.place, found.end()
            if kind == "word":
                emit(Token(self._word(value, end), value, start, end))
            elif kind == "mark":
                emit(Token(value, value, start, end))
                if value in "()[]{}":
                    self.place = end
                    if self._bracket(value):
                        return
            elif kind == "string":
                self._checked_string(value, start)
                emit(Token(STRING, value, start, end))
            elif kind != "blank":
                emit(Token(kind, value, start, end))
            self.place = end
        if self.place < len(text):
            self._odd()

    def _word(self, word: str, end: int) -> str:
        lower = word.lower()
        if lower in KEYWORDS:
            # These became keywords late, so they are none where no parenthesis follows.
            if lower.startswith("fill") and not _OPENS.match(self.text, end):
                return IDENTIFIER
            return lower
        if lower in ("inf", "nan"):
            return NUMBER
        return METRIC_IDENTIFIER if ":" in word else IDENTIFIER

    def _bracket(self, mark: str) -> bool:
        """Note a bracket that was just cut; return whether other tokens follow it than before."""
        if mark == "(":
            self.parens += 1
        elif mark == ")":
            self.parens -= 1
            if self.parens < 0:
                raise self._after("unexpected right parenthesis ')'")
        elif mark == "{":
            self.braces = True
        elif mark == "[":
            self.brackets, self.arithmetic, self.colon = True, True, False
        elif mark == "]":
            if not self.brackets:
                self.tokens.pop()
                raise _Fault("unexpected right bracket ']'", self.place - 1)
            self.brackets = False
        else:
            self.tokens.pop()
            raise _Fault("unexpected character: '}'", self.place - 1)
        return mark in "{[]"

    def _after(self, words: str) -> _Fault:
        """Return a fault that takes the place of the token just cut, and is told to be behind it."""
        self.tokens.pop()
        return _Fault(words, self.place)

    def _in_braces(self) -> None:
        while self._room() and (found := _IN_BRACES.match(self.text, self.place)):
            kind, value = found.lastgroup, found.group()
            if kind == "blank":
                self.place = found.end()
            elif kind == "word":
                self._emit(IDENTIFIER, found.end())
            elif kind == "string":
                self._checked_string(value, self.place)
                self._emit(STRING, found.end())
            else:
                self._emit(value, found.end())
                if value == "}":
                    self.braces = False
                    return
        if self.place < len(self.text):
            self._odd_in_braces()

    def _odd_in_braces(self) -> None:
        at = self.text[self.place]
        if at in "\"'`":
            self._bad_string(at)
        if at == "!":
            raise _Fault(f"unexpected character after '!' inside braces: {self._next()}", self.place)
        if at == "{":
            raise _Fault("unexpected left brace '{'", self.place)
        raise _Fault(f"unexpected character inside braces: {quote(at, chr(39))}", self.place)

    def _in_brackets(self) -> None:
        text, at = self.text, self.text[self.place]
        if blank := _BLANK.match(text, self.place):
            self.place = blank.end()
        elif at == ":":
            self._colon()
        elif at in "smrSMR" and (word := self._letters()).lower() in _DURATION_WORDS:
            self._emit(word.lower(), self.place + len(word))
        elif (at.isascii() and at.isdigit()) or (at == "." and text[self.place + 1 : self.place + 2].isdigit()):
            self.measured, self.arithmetic = True, False
            self._number()
        elif self.arithmetic:
            self._mark_in_brackets(at)
        elif at.isascii() and (at.isalpha() or at == "_"):
            raise _Fault(f"unexpected character: '{at}', expected ':'", self.place)
        else:
            self._statement_in_brackets(at)

    def _letters(self) -> str:
        found = _LETTERS.match(self.text, self.place)
        return found.group() if found else ""

    def _colon(self) -> None:
        self._emit(":", self.place + 1)
        if self.arithmetic and not self.measured:
            raise self._after("unexpected colon before duration in duration expression")
        if self.colon:
            if not self.arithmetic:
                self.place -= 1
            words = "unexpected repeated colon in duration expression" if self.arithmetic else "unexpected colon ':'"
            raise self._after(words)
        self.colon = True

    def _mark_in_brackets(self, at: str) -> None:
        if at not in "+-*/%^,()]":
            raise _Fault(f"unexpected character in duration expression: {quote(at, chr(39))}", self.place)
        self._emit(at, self.place + 1)
        if at in "()]":
            self._bracket(at)

    def _statement_in_brackets(self, at: str) -> None:
        """Cut what may follow the first number: as in a plain text, though little of it will be understood."""
        if at == "#":
            found = _PLAIN.match(self.text, self.place)
            self.place = found.end() if found else len(self.text)
            return
        if at == "[":
            raise _Fault("unexpected left bracket '['", self.place)
        found = _PLAIN.match(self.text, self.place)
        if not found:
            self._odd()
            return
        value = found.group()
        if value == "}":
            raise _Fault("unexpected character: '}'", self.place)
        if found.lastgroup == "string":
            self._checked_string(value, self.place)
            self._emit(STRING, found.end())
            return
        self._emit(value, found.end())
        if value in "()]{":
            self._bracket(value)

    def _odd(self) -> None:
        """Cut what is rare, or say what is wrong with it."""
        text, at = self.text, self.text[self.place]
        following = text[self.place + 1 : self.place + 2]
        if at in "\"'`":
            self._bad_string(at)
        if (at.isascii() and at.isdigit()) or (at == "." and following.isascii() and following.isdigit()):
            self._number()
            return
        if at in "=!":
            raise _Fault(f"unexpected character after '{at}': {self._next()}", self.place)
        raise _Fault(f"unexpected character: {quote(at, chr(39))}", self.place)

    def _next(self) -> str:
        """Return the character after this one, as Go quotes it; U+FFFD stands for none."""
        return quote(self.text[self.place + 1 : self.place + 2] or "\ufffd", "'")

    def _number(self) -> None:
        is_number, end = number_or_duration(self.text, self.place)
        if is_number is None:
            raise _Fault(f"bad number or duration syntax: {quote(self.text[self.place : end])}", self.place)
        self._emit(NUMBER if is_number else DURATION, end)

    def _checked_string(self, value: str, start: int) -> None:
        if "\\" in value and value[0] != "`" and (fault := escape_fault(value, 0)):
            raise _Fault(fault, start)

    def _bad_string(self, mark: str) -> None:
        """Say why no string begins here."""
        if mark != "`" and (fault := escape_fault(self.text, self.place)):
            raise _Fault(fault, self.place)
        body = self.text[self.place + 1 :]
        odd = re.search(r"[\ufffd\ud800-\udfff]", body if mark == "`" else body.partition("\n")[0])
        if odd:
            raise _Fault("invalid UTF-8 rune", self.place)
        raise _Fault("unterminated raw string" if mark == "`" else "unterminated quoted string", self.place)
