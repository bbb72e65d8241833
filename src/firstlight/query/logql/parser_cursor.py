"""Where the parser is in the tokens of a query, and how it says what it did not expect there."""

from __future__ import annotations

from typing import Final, NoReturn

from firstlight.errors import QueryError, Span
from firstlight.query.logql.lexer import tokenize
from firstlight.query.logql.tokens import END, ERROR, Token

LANGUAGE: Final = "LogQL"
MOST_NESTED: Final = 64
"""How deep parentheses may be nested in each other."""

MOST_OPERATIONS: Final = 128
"""How many operations a query may have."""

MOST_FILTERS: Final = 250
"""How many label filters a stage may have."""


class Cursor:
    """Reads the tokens of one text, one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.faults: dict[Span, str] = {}
        """What is wrong with expressions that are well written; Loki speaks of it when all has been parsed."""
        self.depth = 0
        self.operations = 0
        self.joined = 0
        """How many label filters of this stage are joined."""
        self._tokens = tokenize(text)
        self._place = 0
        self.end = 0
        """Where the token before this one ended."""
        self.token = self._tokens[0]
        self.kind = self.token.kind
        self._refuse_error()

    def take(self) -> Token:
        """Return the token and go on to the next."""
        token = self.token
        self.end = token.end
        if token.kind != END:
            self._place += 1
            self.token = self._tokens[self._place]
            self.kind = self.token.kind
            self._refuse_error()
        return token

    def takes(self, kind: str) -> bool:
        """Go on to the next token if this one is of `kind`; return whether it was."""
        if self.kind != kind:
            return False
        self.take()
        return True

    def peek(self) -> str:
        """Return the kind of the token after this one."""
        place = min(self._place + 1, len(self._tokens) - 1)
        return self._tokens[place].kind

    def expect(self, kind: str, *or_kinds: str) -> Token:
        """Return the token, which must be of `kind` (or one of `or_kinds`), and go on to the next."""
        if self.kind != kind and self.kind not in or_kinds:
            self.unexpected(kind, *or_kinds)
        return self.take()

    def span(self, start: int) -> Span:
        """Return what has been read since `start`."""
        return Span(start, self.end)

    def enter(self) -> None:
        """Go one parenthesis deeper."""
        self.depth += 1
        if self.depth > MOST_NESTED:
            self.refuse(f"query too deep: more than {MOST_NESTED} nested parentheses", self._here())

    def leave(self) -> None:
        """Come out of a parenthesis."""
        self.depth -= 1

    def unexpected(self, *expected: str) -> NoReturn:
        """Raise that the token was not expected, in Loki's words, which tell what was if it is not much."""
        words = f"syntax error: unexpected {self.kind}"
        if expected:
            words += f", expecting {' or '.join(expected)}"
        self._raise_at(self.token, words)

    def refuse(self, words: str, span: Span) -> NoReturn:
        """Raise that `span` of the text is wrong. Loki does not tell where."""
        raise refusal(words, self.text, span)

    def _refuse_error(self) -> None:
        if self.kind == ERROR:
            self._raise_at(self.token, self.token.text)

    def _raise_at(self, token: Token, words: str) -> NoReturn:
        line, column = self._here().line_and_column(self.text)
        if not self.text:
            raise refusal(words, self.text, Span(0, 0))
        line = 0 if token.stepwise else line
        complaint = f"parse error at line {line}, col {column}: {words}"
        raise QueryError(complaint, query=self.text, span=self._here(), language=LANGUAGE)

    def _here(self) -> Span:
        return Span(self.token.start, self.token.end)


def refusal(words: str, text: str, span: Span) -> QueryError:
    """Return the error about something that is well written and means nothing, in Loki's form."""
    return QueryError(f"parse error : {words}", query=text, span=span, language=LANGUAGE)
