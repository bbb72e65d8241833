"""A place in the tokens of a template, and the errors that are said to be there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from firstlight.errors import UserError
from firstlight.model.gotemplate.nodes import Tree
from firstlight.model.gotemplate.numbers import BadLiteral, unquoted
from firstlight.model.gotemplate.tokens import Kind, Token, tokens_of

DEEPEST: Final = 100
"""How many parentheses and branches may be within each other."""


class BadTemplate(UserError):
    """A text that is no template, in Go's words."""


class Scope:
    """The variables of a template while it is parsed."""

    def __init__(self) -> None:
        self.names = ["$"]
        self.most = 1

    def declare(self, name: str) -> int:
        """Declare a variable, and return where its value is kept."""
        self.names.append(name)
        self.most = max(self.most, len(self.names))
        return len(self.names) - 1

    def slot_of(self, name: str) -> int:
        """Return where the value of the variable `name` is kept; -1 if there is none."""
        for slot in range(len(self.names) - 1, -1, -1):
            if self.names[slot] == name:
                return slot
        return -1


class Cursor:
    """The tokens of a template, read one after the other."""

    def __init__(self, name: str, text: str, functions: Collection[str]) -> None:
        self.name = name
        self.tree = Tree(name, text)
        self.functions = functions
        self.tokens = list(tokens_of(text))
        self.at = 0
        self.scope = Scope()
        self.depth = 0
        self.loops = 0
        self.action_line = 0

    def error(self, words: str) -> BadTemplate:
        """Return an error at the line of the last token."""
        line = self.tokens[max(0, min(self.at, len(self.tokens)) - 1)].line
        return BadTemplate(f"template: {self.name}:{line}: {words}")

    def peek(self) -> Token:
        """Return the next token."""
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    def next(self) -> Token:
        """Take the next token."""
        token = self.peek()
        self.at += 1
        return token

    def peek_word(self) -> Token:
        """Return the next token that is no space."""
        while self.peek().kind is Kind.SPACE:
            self.at += 1
        return self.peek()

    def next_word(self) -> Token:
        """Take the next token that is no space."""
        self.peek_word()
        return self.next()

    def expect(self, kind: Kind, context: str) -> Token:
        """Take the next token, which must be of a kind."""
        token = self.next_word()
        if token.kind is not kind:
            raise self.unexpected(token, context)
        return token

    def unexpected(self, token: Token, context: str) -> BadTemplate:
        """Return the error about a token that cannot be where it is."""
        if token.kind is Kind.ERROR:
            extra = ""
            if self.action_line and self.action_line != token.line:
                extra = f" in action started at {self.name}:{self.action_line}"
                if token.text.endswith(" action"):
                    extra = extra.removeprefix(" in action")
            return self.error(f"{token}{extra}")
        return self.error(f"unexpected {token} in {context}")

    def string(self, token: Token) -> str:
        """Return the text that a literal means."""
        try:
            return unquoted(token.text)
        except BadLiteral as error:
            raise self.error(str(error)) from None
