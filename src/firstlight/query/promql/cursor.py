"""Where the parser is in the tokens of a query, and how it says what it did not expect there."""

from __future__ import annotations

from typing import Final, NoReturn

from firstlight.errors import Span
from firstlight.query.promql.lexer import tokenize
from firstlight.query.promql.refusals import refusal
from firstlight.query.promql.tokens import ERROR, Token, describe

EXPERIMENTAL_SETTING: Final = "promql.experimental"


class Cursor:
    """Reads the tokens of one text, one after the other. A token that is none is of a kind that nobody expects."""

    def __init__(self, text: str, *, experimental: bool) -> None:
        self.text = text
        self.experimental = experimental
        self.aggregations = 0
        """How many aggregations are open: within one, what is unexpected is said to be so "in aggregation"."""
        self._tokens = tokenize(text)
        self._place = 0
        self.token = self._tokens[0]
        self.end = 0
        """Where the token before this one ended."""
        self.kind = self.token.kind

    def take(self) -> Token:
        """Return the token and go on to the next."""
        token = self.token
        self.end = token.end
        self._place += 1
        if self._place < len(self._tokens):
            self.token = self._tokens[self._place]
            self.kind = self.token.kind
        return token

    def takes(self, kind: str) -> bool:
        """Go on to the next token if this one is of `kind`; return whether it was."""
        if self.kind != kind:
            return False
        self.take()
        return True

    def expect(self, kind: str, context: str = "", wanted: str = "") -> Token:
        """Return the token, which must be of `kind`, and go on to the next."""
        if self.kind != kind:
            self.unexpected(context, wanted)
        return self.take()

    def unexpected(self, context: str = "", wanted: str = "") -> NoReturn:
        """Raise that the token was not expected, or why it is none, in Prometheus' words."""
        span = Span(self.token.start, self.token.end)
        if self.kind == ERROR:
            self.refuse(self.token.text, span)
        if not context and self.aggregations:
            context = "aggregation"
        words = f"unexpected {describe(self.token)}"
        words += f" in {context}" if context else ""
        words += f", expected {wanted}" if wanted else ""
        self.refuse(words, span)

    def refuse(self, complaint: str, span: Span) -> NoReturn:
        """Raise that `span` of the text is wrong."""
        raise refusal(complaint, self.text, span)

    def need_experimental(self, complaint: str, span: Span) -> None:
        """Raise `complaint`, and what to do about it, unless what is experimental may be used."""
        if not self.experimental:
            self.refuse(f"{complaint}; set {EXPERIMENTAL_SETTING} to true to use it", span)
