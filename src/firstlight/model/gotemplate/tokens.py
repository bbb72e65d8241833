"""The tokens of a template: texts, and between `{{` and `}}` words, numbers, quoted texts and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from firstlight.model.gotemplate.quoting import quoted

SPACE: Final = " \t\r\n"

KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with"}
)

_WORD: Final = re.compile(r"\w+")
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    WORD = auto()
    KEYWORD = auto()
    BOOL = auto()
    DOT = auto()
    FIELD = auto()
    VARIABLE = auto()
    NUMBER = auto()
    COMPLEX = auto()
    CHARACTER = auto()
    STRING = auto()
    RAW_STRING = auto()
    ASSIGN = auto()
    DECLARE = auto()
    PIPE = auto()
    LEFT_PAREN = auto()
    RIGHT_PAREN = auto()
    MARK = auto()
    ERROR = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token, where it is, and on which line."""

    kind: Kind
    place: int
    text: str
    line: int

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.DOT):
            return f"<{self.text}>"
        if len(self.text.encode()) > 10:
            return f"{quoted(self.text[:10])}..."
        return quoted(self.text)


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a template; the last one is END or ERROR."""
    return _Lexer(text).tokens()


class _Fault(Exception):
    """What is wrong, and since where."""


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.start = 0
        self.depth = 0
        self.inside = False

    def tokens(self) -> Iterator[Token]:
        try:
            while self.place < len(self.text):
                yield from self._up_to_action()
                if self.inside:
                    yield from self._action()
        except _Fault as fault:
            yield self._token(Kind.ERROR, str(fault))
            return
        yield Token(Kind.END, len(self.text), "EOF", self._line(len(self.text)))

    def _line(self, place: int) -> int:
        return 1 + self.text.count("\n", 0, place)

    def _token(self, kind: Kind, text: str | None = None) -> Token:
        token = Token(
            kind, self.start, self.text[self.start : self.place] if text is None else text, self._line(self.start)
        )
        self.start = self.place
        return token

    def _up_to_action(self) -> Iterator[Token]:
        """Yield the text before the next action, without what its trim marker takes, and skip comments."""
        text = self.text
        opening = text.find("{{", self.place)
        if opening < 0:
            self.place = len(text)
            if self.place > self.start:
                yield self._token(Kind.TEXT)
            return
        said = text[self.start : opening]
        trims = text.startswith("-", opening + 2) and text[opening + 3 : opening + 4] in tuple(SPACE)
        if trims:
            said = said.rstrip(SPACE)
        if said:
            self.place = self.start + len(said)
            yield self._token(Kind.TEXT)
        self.start = self.place = opening
        inside = opening + (4 if trims else 2)
        if text.startswith("/*", inside):
            self._comment(inside)
            return
        self.place = opening + 2
        yield self._token(Kind.LEFT)
        self.start = self.place = inside
        self.depth = 0
        self.inside = True

    def _comment(self, inside: int) -> None:
        text = self.text
        self.start = inside
        end = text.find("*/", inside + 2)
        if end < 0:
            raise _Fault("unclosed comment")
        self.place = end + 2
        closing, trims = self._closing()
        if not closing:
            raise _Fault("comment ends before closing delimiter")
        self.place += 4 if trims else 2
        if trims:
            self._skip_space()
        self.start = self.place

    def _closing(self) -> tuple[bool, bool]:
        """Return whether the action ends here, and whether the text behind it is trimmed."""
        text, place = self.text, self.place
        if text[place : place + 1] in tuple(SPACE) and text.startswith("-}}", place + 1):
            return True, True
        return text.startswith("}}", place), False

    def _action(self) -> Iterator[Token]:
        text = self.text
        while True:
            closing, trims = self._closing()
            if closing:
                if self.depth:
                    raise _Fault("unclosed left paren")
                if trims:
                    self.start = self.place = self.place + 2
                self.place += 2
                yield self._token(Kind.RIGHT)
                if trims:
                    self._skip_space()
                self.start = self.place
                self.inside = False
                return
            if self.place >= len(text):
                raise _Fault("unclosed action")
            yield self._inside(text[self.place])

    def _skip_space(self) -> None:
        while self.text[self.place : self.place + 1] in tuple(SPACE):
            self.place += 1

    def _inside(self, character: str) -> Token:
        """Return the next token of an action."""
        text = self.text
        if character in SPACE:
            while text[self.place : self.place + 1] in tuple(SPACE) and not (
                self._closing()[0] and self.place > self.start
            ):
                self.place += 1
            return self._token(Kind.SPACE)
        simple = {"=": Kind.ASSIGN, "|": Kind.PIPE}.get(character)
        if simple:
            self.place += 1
            return self._token(simple)
        if character == ":":
            self.place += 2
            if text[self.place - 1 : self.place] != "=":
                raise _Fault("expected :=")
            return self._token(Kind.DECLARE)
        if character in "\"`'":
            return self._quoted(character)
        if character == "$" or (character == "." and not text[self.place + 1 : self.place + 2].isdigit()):
            return self._field(character)
        if character in "+-." or (character.isdigit() and character.isascii()):
            return self._number()
        if character == "_" or character.isalnum():
            return self._word()
        if character in "()":
            return self._paren(character)
        if character.isascii() and character.isprintable():
            self.place += 1
            return self._token(Kind.MARK)
        raise _Fault(f"unrecognized character in action: {_named(character)}")

    def _paren(self, character: str) -> Token:
        self.place += 1
        self.depth += 1 if character == "(" else -1
        if self.depth < 0:
            raise _Fault("unexpected right paren")
        return self._token(Kind.LEFT_PAREN if character == "(" else Kind.RIGHT_PAREN)

    def _quoted(self, mark: str) -> Token:
        if mark == "`":
            end = self.text.find("`", self.place + 1)
            if end < 0:
                raise _Fault("unterminated raw quoted string")
            self.place = end + 1
            return self._token(Kind.RAW_STRING)
        found = (_QUOTED if mark == '"' else _CHARACTER).match(self.text, self.place)
        if found is None:
            raise _Fault("unterminated quoted string" if mark == '"' else "unterminated character constant")
        self.place = found.end()
        return self._token(Kind.STRING if mark == '"' else Kind.CHARACTER)

    def _field(self, mark: str) -> Token:
        self.place += 1
        if found := _WORD.match(self.text, self.place):
            self.place = found.end()
        self._check_terminated()
        if mark == "$":
            return self._token(Kind.VARIABLE)
        return self._token(Kind.FIELD if found else Kind.DOT)

    def _word(self) -> Token:
        found = _WORD.match(self.text, self.place)
        assert found is not None  # the first character is one
        self.place = found.end()
        self._check_terminated()
        word = found.group()
        if word in KEYWORDS:
            return self._token(Kind.KEYWORD)
        return self._token(Kind.BOOL if word in ("true", "false") else Kind.WORD)

    def _check_terminated(self) -> None:
        following = self.text[self.place : self.place + 1]
        if following and following not in " \t\r\n.,|:()" and not self.text.startswith("}}", self.place):
            raise _Fault(f"bad character {_named(following)}")

    def _number(self) -> Token:
        kind = Kind.NUMBER
        self._scan_number()
        if self.text[self.place : self.place + 1] in ("+", "-"):
            kind = Kind.COMPLEX
            self._scan_number()
            if self.text[self.place - 1] != "i":
                raise _Fault(f"bad number syntax: {quoted(self.text[self.start : self.place])}")
        return self._token(kind)

    def _scan_number(self) -> None:
        found = _NUMBER.match(self.text, self.place)
        assert found is not None  # it matches the empty text
        self.place = found.end()
        following = self.text[self.place : self.place + 1]
        if following == "_" or following.isalnum():
            self.place += 1
            raise _Fault(f"bad number syntax: {quoted(self.text[self.start : self.place])}")


def _named(character: str) -> str:
    """Return a character as Go's `%#U` does."""
    code = f"U+{ord(character):04X}"
    return f"{code} '{character}'" if character.isprintable() else code
