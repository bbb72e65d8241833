"""Pipelines of a template and what they are made of, to their syntax trees."""

from __future__ import annotations

from typing import Final

from firstlight.model.gotemplate.cursor import DEEPEST, Cursor
from firstlight.model.gotemplate.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Operand,
    Pipe,
    String,
    Variable,
)
from firstlight.model.gotemplate.numbers import BadLiteral, character_of, float_of, integer_of
from firstlight.model.gotemplate.quoting import quoted
from firstlight.model.gotemplate.tokens import Kind, Token

_OPERANDS: Final = frozenset(
    {
        Kind.BOOL,
        Kind.CHARACTER,
        Kind.COMPLEX,
        Kind.DOT,
        Kind.FIELD,
        Kind.WORD,
        Kind.NUMBER,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PAREN,
    }
)


class PipelineParser(Cursor):
    """Reads pipelines."""

    def pipeline(self, context: str, end: Kind) -> Pipe:
        """Return the pipeline up to the token `end`."""
        place = self.peek_word().place
        variables, assigns = self.declarations(context)
        commands: list[Command] = []
        while True:
            token = self.next_word()
            if token.kind is end:
                break
            if token.kind not in _OPERANDS and not (token.kind is Kind.KEYWORD and token.text == "nil"):
                raise self.unexpected(token, context)
            self.at -= 1
            commands.append(self.command())
        if not commands:
            raise self.error(f"missing value for {context}")
        for number, command in enumerate(commands[1:], start=2):
            if isinstance(command.words[0], Bool | Dot | Nil | Number | String):
                raise self.error(f"non executable command in pipeline stage {number}")
        return Pipe(place, tuple(commands), tuple(variables), assigns)

    def declarations(self, context: str) -> tuple[list[Variable], bool]:
        """Return the variables that a pipeline is kept in, and whether they were declared before."""
        variables: list[Variable] = []
        while (token := self.peek_word()).kind is Kind.VARIABLE:
            mark = self.at
            self.next()
            following = self.peek_word()
            if following.kind in (Kind.ASSIGN, Kind.DECLARE):
                self.next()
                assigns = following.kind is Kind.ASSIGN
                variables.append(self.declared(token, assigns))
                if assigns:
                    variables = [self.declared(Token(Kind.VARIABLE, one.place, one.name, 0), True) for one in variables]
                return variables, assigns
            if following.kind is not Kind.MARK or following.text != ",":
                self.at = mark
                break
            self.next()
            variables.append(self.declared(token, False))
            if context != "range" or len(variables) >= 2:
                raise self.error(f"too many declarations in {context}")
            after = self.peek_word()
            if after.kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.RIGHT_PAREN):
                raise self.error("range can only initialize variables")
        return variables, False

    def declared(self, token: Token, assigns: bool) -> Variable:
        """Return a variable that is declared or assigned to."""
        # As in Go, the name of a variable that is assigned to is known from here on, even if nothing declared it.
        slot = self.scope.slot_of(token.text) if assigns else -1
        return Variable(token.place, token.text, self.scope.declare(token.text) if slot < 0 else slot)

    def command(self) -> Command:
        """Return the next command."""
        place = self.peek_word().place
        words: list[Operand] = []
        while True:
            self.peek_word()
            operand = self.operand()
            if operand is not None:
                words.append(operand)
            token = self.next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT, Kind.RIGHT_PAREN):
                self.at -= 1
            elif token.kind is not Kind.PIPE:
                raise self.unexpected(token, "operand")
            break
        if not words:
            raise self.error("empty command")
        return Command(place, tuple(words))

    def operand(self) -> Operand | None:
        """Return the next operand with the members that are taken of it; None if there is none."""
        node = self.term()
        if node is None or self.peek().kind is not Kind.FIELD:
            return node
        place = self.peek().place
        names: list[str] = []
        while self.peek().kind is Kind.FIELD:
            names.append(self.next().text[1:])
        match node:
            case Field():
                return Field(place, (*node.names, *names))
            case Variable():
                return Variable(place, node.name, node.slot, (*node.names, *names))
            case Pipe() | Identifier():
                return Chain(place, node, tuple(names))
        raise self.error(f"unexpected . after term {quoted(str(node))}")

    def term(self) -> Operand | None:
        """Return the next term; None if there is none."""
        token = self.next_word()
        match token.kind:
            case Kind.WORD:
                if token.text not in self.functions:
                    raise self.error(f"function {quoted(token.text)} not defined")
                return Identifier(token.place, token.text)
            case Kind.DOT:
                return Dot(token.place)
            case Kind.KEYWORD if token.text == "nil":
                return Nil(token.place)
            case Kind.VARIABLE:
                slot = self.scope.slot_of(token.text)
                if slot < 0:
                    raise self.error(f"undefined variable {quoted(token.text)}")
                return Variable(token.place, token.text, slot)
            case Kind.FIELD:
                return Field(token.place, (token.text[1:],))
            case Kind.BOOL:
                return Bool(token.place, token.text == "true")
            case Kind.NUMBER | Kind.COMPLEX | Kind.CHARACTER:
                return self.number(token)
            case Kind.STRING | Kind.RAW_STRING:
                return String(token.place, token.text, self.string(token))
            case Kind.LEFT_PAREN:
                self.depth += 1
                if self.depth > DEEPEST:
                    raise self.error("max expression depth exceeded")
                pipe = self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
                self.depth -= 1
                return pipe
        self.at -= 1
        return None

    def number(self, token: Token) -> Number:
        """Return what a number may be."""
        text = token.text
        if token.kind is Kind.CHARACTER:
            try:
                code = character_of(text)
            except BadLiteral as error:
                raise self.error(str(error)) from None
            return Number(token.place, text, code, float(code))
        if text.endswith("i"):
            imaginary = _imaginary(text)
            if imaginary is None:
                raise self.error(f"bad number syntax: {quoted(text)}")
            return Number(token.place, text, None, None, imaginary)
        integer = integer_of(text)
        floating = float(integer) if integer is not None else float_of(text)
        if integer is None and floating is not None:
            if not any(mark in text for mark in ".eEpP"):
                raise self.error(f"integer overflow: {quoted(text)}")
            if floating.is_integer() and abs(floating) < 1 << 63:
                integer = int(floating)
        if integer is None and floating is None:
            raise self.error(f"illegal number syntax: {quoted(text)}")
        return Number(token.place, text, integer, floating)


def _imaginary(text: str) -> complex | None:
    try:
        return complex(text.removesuffix("i").replace("_", "") + "j")
    except ValueError:
        return None
