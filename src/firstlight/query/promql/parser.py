"""The parser of PromQL: text to a checked syntax tree, as Prometheus 3.14 reads it.

The first thing that is wrong is raised, with the words and the place that Prometheus has for it. No text makes it
recurse without end: how long and how deep a query may be is limited, and said.
"""

from __future__ import annotations

from typing import Final, NoReturn

from firstlight.errors import Span
from firstlight.query.promql import grammar_durations, grammar_labels, literals
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matcher,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
    ValueType,
)
from firstlight.query.promql.check import check, type_of
from firstlight.query.promql.cursor import Cursor
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.grammar_binary import POWER, PRECEDENCE, UNARY, Operator, operator
from firstlight.query.promql.grammar_modifiers import MODIFIERS, modified, ranged
from firstlight.query.promql.refusals import refusal
from firstlight.query.promql.signatures import AGGREGATIONS, EXPERIMENTAL_AGGREGATIONS, FUNCTIONS
from firstlight.query.promql.tokens import (
    AGGREGATORS,
    BEGINNINGS,
    DURATION,
    EOF,
    ERROR,
    IDENTIFIER,
    METRIC_NAMES,
    NUMBER,
    PREPROCESSORS,
    STRING,
    Token,
)

LONGEST: Final = 500_000
"""How many characters a query may have."""

DEEPEST: Final = 200
"""How deep the tree of a query may be. What walks it may take a few calls a level, of the 1000 that Python has."""

MOST_NESTED: Final = 100
"""How many parentheses may stand in each other. To read one takes six calls."""


def parse(text: str, *, experimental: bool = False) -> Expr:
    """Return the syntax tree of `text`, checked; raise QueryError if it is no PromQL.

    What Prometheus has only with a feature flag needs `experimental`.
    """
    cursor = _cursor(text, experimental)
    if cursor.kind == EOF:
        cursor.refuse("no expression found in input", Span(0, 0))
    expr = _Parser(cursor).expression(0)
    if cursor.kind != EOF:
        cursor.unexpected()
    check(expr, text)
    return expr


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of `text`, which must be a selector such as `up{job="x"}` and nothing else.

    It may select everything: to demand a matcher that is not empty is for whoever asks.
    """
    cursor = _cursor(text, experimental=False)
    selector = grammar_labels.selector(cursor)
    if cursor.kind != EOF:
        cursor.unexpected()
    return selector.matchers


def _cursor(text: str, experimental: bool) -> Cursor:
    if len(text) > LONGEST:
        words = f"cannot read a query of {len(text)} characters; want at most {LONGEST}; ask for less at once"
        # The text itself is not kept, nor shown.
        raise refusal(words, text[:100], Span(0, 100))
    return Cursor(text, experimental=experimental)


class _Parser:
    """Reads expressions. `height` is that of the tree that was read last."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.height = 0

    def expression(self, depth: int) -> Expr:
        """Read an expression within `depth` others, by the precedence of its operators."""
        cursor = self.cursor
        waiting: list[Operator] = []
        operands: list[tuple[Expr, int]] = []
        while True:
            self._signs(waiting)
            expr = self.operand(depth)
            operands.append((expr, self.height))
            precedence = PRECEDENCE.get(cursor.kind)
            if precedence is None:
                break
            while waiting and (waiting[-1].precedence > precedence or waiting[-1].precedence == precedence < POWER):
                self._apply(waiting.pop(), operands)
            waiting.append(operator(cursor))
            if len(waiting) > DEEPEST:
                self._too_deep()
        while waiting:
            self._apply(waiting.pop(), operands)
        expr, self.height = operands[0]
        return expr

    def _signs(self, waiting: list[Operator]) -> None:
        """Read the signs before an operand."""
        while self.cursor.kind in ("+", "-"):
            waiting.append(Operator(self.cursor.take(), UNARY, sign=True))
            if len(waiting) > DEEPEST:
                self._too_deep()

    def _apply(self, op: Operator, operands: list[tuple[Expr, int]]) -> None:
        right, height = operands.pop()
        if op.sign:
            operands.append((_signed(op.token, right), height + 1))
            return
        left, left_height = operands.pop()
        height = max(height, left_height) + 1
        if height > DEEPEST:
            self._too_deep()
        operands.append((self._binary(op, left, right), height))

    def _binary(self, op: Operator, left: Expr, right: Expr) -> Binary:
        span = Span(left.span.start, right.span.end)
        asked = op.matching
        if asked.fill_left is not None or asked.fill_right is not None:
            self.cursor.need_experimental("binop fill modifiers are experimental and not enabled", span)
        means_nothing = not asked.labels and asked.fill_left is None and asked.fill_right is None
        vectors = type_of(left) is ValueType.VECTOR is type_of(right)
        return Binary(
            op=op.token.kind,
            left=left,
            right=right,
            matching=None if means_nothing and not vectors else asked,
            returns_bool=op.returns_bool,
            span=span,
        )

    def operand(self, depth: int) -> Expr:
        """Read an operand with all that stands behind it."""
        cursor = self.cursor
        self.height = 1
        expr = self._primary(depth)
        while cursor.kind in MODIFIERS:
            if cursor.kind == "[":
                expr = ranged(cursor, expr)
                self.height += 1
                if self.height + depth > DEEPEST:
                    self._too_deep()
            else:
                expr = modified(cursor, expr)
        return expr

    def _primary(self, depth: int) -> Expr:
        cursor, kind = self.cursor, self.cursor.kind
        if kind == IDENTIFIER or kind in AGGREGATORS or kind in PREPROCESSORS:
            token = cursor.take()
            if kind in AGGREGATORS and cursor.kind in ("(", "by", "without"):
                return self._aggregate(token, depth)
            if cursor.kind == "(":
                return self._call(token, depth)
            return grammar_labels.named_selector(cursor, token)
        if kind in (NUMBER, DURATION):
            token = cursor.take()
            value = grammar_durations.seconds(cursor, token)
            return NumberLiteral(value=value, is_duration=kind == DURATION, span=Span(token.start, token.end))
        if kind == "{" or kind in METRIC_NAMES:
            return grammar_labels.selector(cursor)
        if kind == STRING:
            token = cursor.take()
            return StringLiteral(value=literals.string(token.text), span=Span(token.start, token.end))
        if kind == "(":
            start = cursor.take().start
            expr = self._nested(depth)
            end = cursor.expect(")").end
            return Paren(expr=expr, span=Span(start, end))
        return cursor.unexpected()

    def _nested(self, depth: int) -> Expr:
        """Read an expression that stands in parentheses."""
        if depth >= MOST_NESTED:
            token = self.cursor.token
            words = f"cannot read this: it stands in more than {MOST_NESTED} parentheses; want a flatter query"
            self.cursor.refuse(words, Span(token.start, token.end))
        expr = self.expression(depth + 1)
        self.height += 1
        if self.height > DEEPEST:
            self._too_deep()
        return expr

    def _arguments(self, depth: int) -> list[Expr]:
        """Read arguments in parentheses."""
        cursor = self.cursor
        cursor.take()
        found: list[Expr] = []
        height = 1
        while cursor.kind != ")" or found:
            found.append(self._nested(depth))
            height = max(height, self.height)
            if cursor.kind != ",":
                break
            comma = cursor.take()
            if cursor.kind not in BEGINNINGS and cursor.kind != ERROR:
                cursor.refuse("trailing commas not allowed in function call args", Span(comma.start, comma.end))
        cursor.expect(")")
        self.height = height
        return found

    def _call(self, name: Token, depth: int) -> Call:
        cursor = self.cursor
        args = self._arguments(depth)
        place = Span(name.start, name.end)
        signature = FUNCTIONS.get(name.text)
        if signature is None:
            cursor.refuse(f"unknown function with name {quote(name.text)}", place)
        if signature.experimental:
            cursor.need_experimental(f"function {quote(name.text)} is not enabled", place)
        return Call(function=name.text, args=tuple(args), span=Span(name.start, cursor.end))

    def _aggregate(self, name: Token, depth: int) -> Aggregate:
        cursor = self.cursor
        cursor.aggregations += 1
        modifier = self._grouping()
        if cursor.kind != "(":
            cursor.unexpected()
        args = self._arguments(depth)
        modifier = modifier or self._grouping()
        if modifier is None and cursor.kind == ERROR:
            # Prometheus, too, has looked for labels behind before it counts the arguments.
            cursor.unexpected()
        cursor.aggregations -= 1
        span = Span(name.start, cursor.end)
        op = name.kind
        if not args:
            cursor.refuse("no arguments for aggregate expression provided", span)
        if op in EXPERIMENTAL_AGGREGATIONS:
            cursor.need_experimental(f"{op}() is experimental and not enabled", span)
        wanted = 1 if AGGREGATIONS[op] is None else 2
        if len(args) != wanted:
            words = "wrong number of arguments for aggregate expression provided, expected"
            cursor.refuse(f"{words} {wanted}, got {len(args)}", span)
        without, grouping = modifier or (False, ())
        param = args[0] if wanted == 2 else None
        return Aggregate(op=op, expr=args[-1], param=param, grouping=grouping, without=without, span=span)

    def _grouping(self) -> tuple[bool, tuple[str, ...]] | None:
        """Read `by` or `without` and its labels, if that is what follows."""
        if self.cursor.kind not in ("by", "without"):
            return None
        without = self.cursor.take().kind == "without"
        return without, grammar_labels.label_names(self.cursor)

    def _too_deep(self) -> NoReturn:
        token = self.cursor.token
        words = f"cannot read this: it is nested more than {DEEPEST} levels deep, an operator counting as one"
        self.cursor.refuse(f"{words}; want a flatter query", Span(token.start, token.end))


def _signed(sign: Token, expr: Expr) -> Expr:
    span = Span(sign.start, expr.span.end)
    if isinstance(expr, NumberLiteral):
        value = -expr.value if sign.kind == "-" else expr.value
        return NumberLiteral(value=value, is_duration=expr.is_duration, span=span)
    return Unary(op="-" if sign.kind == "-" else "+", expr=expr, span=span)
