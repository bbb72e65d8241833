"""Whether the types of a query fit, and what else Prometheus refuses once it has read it, in its words."""

from __future__ import annotations

from typing import NoReturn, assert_never

from firstlight.errors import Span
from firstlight.model import regex
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matcher,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorSelector,
)
from firstlight.query.promql.gotext import quote
from firstlight.query.promql.grammar_binary import COMPARISONS, SETS
from firstlight.query.promql.grammar_labels import NAME
from firstlight.query.promql.refusals import refusal
from firstlight.query.promql.signatures import AGGREGATIONS, FUNCTIONS

SCALAR = ValueType.SCALAR
VECTOR = ValueType.VECTOR

_SHORT = {VECTOR: "vector", ValueType.MATRIX: "matrix"}


def type_of(expr: Expr) -> ValueType:
    """Return what `expr` evaluates to."""
    while isinstance(expr, Paren | Unary):
        expr = expr.expr
    if isinstance(expr, Binary):
        return _type_of_binary(expr)
    if isinstance(expr, VectorSelector | Aggregate):
        return VECTOR
    if isinstance(expr, Call):
        return FUNCTIONS[expr.function].returns
    if isinstance(expr, NumberLiteral):
        return SCALAR
    return ValueType.STRING if isinstance(expr, StringLiteral) else ValueType.MATRIX


def _type_of_binary(expr: Binary) -> ValueType:
    """Return SCALAR if all that a chain of operators combines is scalar."""
    waiting: list[Expr] = [expr]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Binary):
            if found.matching is not None:
                return VECTOR
            waiting += (found.left, found.right)
        elif isinstance(found, Paren | Unary):
            waiting.append(found.expr)
        elif type_of(found) is not SCALAR:
            return VECTOR
    return SCALAR


def check(expr: Expr, text: str) -> None:
    """Raise QueryError for the first thing that is wrong with `expr`, read from `text`."""
    _Checker(text).check(expr)


class _Checker:
    """Checks one query, in the order of Prometheus, so that of several faults the same one is told."""

    def __init__(self, text: str) -> None:
        self.text = text

    def check(self, expr: Expr) -> ValueType:
        """Check `expr` and all within it; return its type."""
        match expr:
            case VectorSelector():
                self._selector(expr)
                return VECTOR
            case Call():
                return self._call(expr)
            case Binary():
                return self._binary(expr)
            case Aggregate():
                self._aggregate(expr)
                return VECTOR
            case Paren():
                return self.check(expr.expr)
            case MatrixSelector():
                self._selector(expr.selector)
                return ValueType.MATRIX
            case NumberLiteral():
                return SCALAR
            case StringLiteral():
                return ValueType.STRING
            case Unary():
                return self._unary(expr)
            case Subquery():
                return self._subquery(expr)
            case _:
                assert_never(expr)

    def _refuse(self, complaint: str, span: Span) -> NoReturn:
        raise refusal(complaint, self.text, span)

    def _expect(self, expr: Expr, want: ValueType, context: str) -> None:
        found = self.check(expr)
        if found is not want:
            self._refuse(f"expected type {want} in {context}, got {found}", expr.span)

    def _aggregate(self, expr: Aggregate) -> None:
        self._expect(expr.expr, VECTOR, "aggregation expression")
        want = AGGREGATIONS[expr.op]
        if want is not None and expr.param is not None:
            self._expect(expr.param, want, "aggregation parameter")

    def _unary(self, expr: Unary) -> ValueType:
        found = self.check(expr.expr)
        if found not in (SCALAR, VECTOR):
            words = "unary expression only allowed on expressions of type scalar or instant vector, got"
            self._refuse(f"{words} {quote(found)}", expr.span)
        return found

    def _subquery(self, expr: Subquery) -> ValueType:
        found = self.check(expr.expr)
        if found is not VECTOR:
            short = _SHORT.get(found, found)
            self._refuse(f"subquery is only allowed on instant vector, got {short} instead", expr.span)
        return ValueType.MATRIX

    def _binary(self, expr: Binary) -> ValueType:
        left, right = self.check(expr.left), self.check(expr.right)
        if expr.returns_bool and expr.op not in COMPARISONS:
            self._refuse("bool modifier can only be used on comparison operators", self._between(expr))
        if expr.op in COMPARISONS and not expr.returns_bool and left is SCALAR is right:
            self._refuse("comparisons between scalars must use BOOL modifier", self._between(expr))
        self._on_and_group(expr)
        for side, found in ((expr.left, left), (expr.right, right)):
            if found not in (SCALAR, VECTOR):
                self._refuse("binary expression must contain only scalar and instant vector types", side.span)
        self._matching(expr, both_vectors=left is VECTOR is right)
        if expr.op in SETS and SCALAR in (left, right):
            self._refuse(f"set operator {quote(expr.op)} not allowed in binary scalar expression", expr.span)
        return SCALAR if left is SCALAR is right else VECTOR

    def _on_and_group(self, expr: Binary) -> None:
        matching = expr.matching
        if matching is None or not matching.on:
            return
        for label in matching.labels:
            if label in matching.include:
                words = f"label {quote(label)} must not occur in ON and GROUP clause at once"
                self._refuse(words, self._between(expr))

    def _matching(self, expr: Binary, *, both_vectors: bool) -> None:
        matching = expr.matching
        if matching is None:
            return
        fills = matching.fill_left is not None or matching.fill_right is not None
        if not both_vectors:
            if matching.labels:
                self._refuse("vector matching only allowed between instant vectors", expr.span)
            if fills:
                self._refuse("filling in missing series only allowed between instant vectors", expr.span)
        elif expr.op in SETS:
            if matching.group:
                self._refuse(f"no grouping allowed for {quote(expr.op)} operation", expr.span)
            if fills:
                self._refuse("filling in missing series not allowed for set operators", expr.span)

    def _between(self, expr: Binary) -> Span:
        """Return where the operator and its modifiers stand."""
        between = self.text[expr.left.span.end : expr.right.span.start]
        start = expr.left.span.end + len(between) - len(between.lstrip(" \t\r\n"))
        return Span(start, expr.left.span.end + len(between.rstrip(" \t\r\n")))

    def _call(self, expr: Call) -> ValueType:
        signature, count = FUNCTIONS[expr.function], len(expr.args)
        call = f"in call to {quote(expr.function)}, got {count}"
        if not signature.variadic and count != signature.fewest:
            self._refuse(f"expected {signature.fewest} argument(s) {call}", expr.span)
        if count < signature.fewest:
            self._refuse(f"expected at least {signature.fewest} argument(s) {call}", expr.span)
        if signature.most is not None and count > signature.most:
            self._refuse(f"expected at most {signature.most} argument(s) {call}", expr.span)
        labels_only = expr.args[1] if expr.function == "info" and count > 1 else None
        if labels_only is not None:
            self._labels_only(expr, labels_only)
        for place, arg in enumerate(expr.args):
            found = VECTOR if arg is labels_only else self.check(arg)
            want = signature.type_of(place)
            if found is not want:
                words = f"expected type {want} in call to function {quote(expr.function)}, got {found}"
                self._refuse(words, arg.span)
        return signature.returns

    def _labels_only(self, expr: Call, arg: Expr) -> None:
        """Check the second argument of `info`: labels in braces, which need not select anything by themselves."""
        found = type_of(arg)
        if found is not VECTOR:
            self._refuse(f'expected type instant vector in call to function "info", got {found}', expr.span)
        if not isinstance(arg, VectorSelector):
            self._refuse("expected label selectors only", arg.span)
        if arg.name:
            self._refuse("expected label selectors only, got vector selector instead", arg.span)

    def _selector(self, expr: VectorSelector) -> None:
        if expr.name:
            for matcher in expr.matchers[:-1]:
                if matcher.label == NAME:
                    words = f"metric name must not be set twice: {quote(expr.name)} or {quote(matcher.value)}"
                    self._refuse(words, expr.span)
        elif all(map(_matches_empty, expr.matchers)):
            self._refuse("vector selector must contain at least one non-empty matcher", expr.span)


def _matches_empty(matcher: Matcher) -> bool:
    match matcher.op:
        case MatchOp.EQUAL:
            return not matcher.value
        case MatchOp.NOT_EQUAL:
            return bool(matcher.value)
        case MatchOp.REGEX:
            return regex.compiled(matcher.value).matches("")
        case _:
            return not regex.compiled(matcher.value).matches("")
