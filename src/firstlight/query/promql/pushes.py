"""Which parts of a query may be computed where the samples are: functions of a selector, and aggregations of these.

Only what is evaluated at the steps of the query itself counts, once for each: what stands in a subquery, or is the same
at every step, is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.invariance import bare, invariant
from firstlight.query.promql.plan import Defaults, Fetch, fetch_of
from firstlight.query.promql.values import Steps


@dataclass(frozen=True, slots=True)
class Push:
    """A part of a query: a selector, or a function of a range of it, that may be computed elsewhere."""

    node: Call | VectorSelector
    function: str
    """Its name, or the empty text if the node is the selector itself."""
    window: int
    """How many milliseconds before each step count, the first not among them."""
    steps: Steps
    """Those of the samples."""
    fetch: Fetch
    """What would be read to evaluate it."""
    aggregate: Aggregate | None = None
    """What has the node, and nothing else, as its argument."""


def pushes(
    expr: Expr, steps: Steps, defaults: Defaults, functions: Collection[str], operations: Collection[str]
) -> tuple[Push, ...]:
    """Return the parts of `expr` that may be computed by `functions`, and aggregated by `operations`."""
    return tuple(_Search(steps, defaults, functions, operations).within(expr)) if steps.count else ()


@dataclass(frozen=True, slots=True)
class _Search:
    steps: Steps
    defaults: Defaults
    functions: Collection[str]
    operations: Collection[str]

    def within(self, expr: Expr) -> Iterator[Push]:
        if self.steps.count > 1 and invariant(expr):
            return
        match expr:
            case VectorSelector():
                yield from self.selector(expr)
            case Aggregate():
                found = list(self.within(expr.expr))
                direct = len(found) == 1 and found[0].node == bare(expr.expr)
                if direct and expr.param is None and expr.op in self.operations:
                    [push] = found
                    yield Push(push.node, push.function, push.window, push.steps, push.fetch, expr)
                else:
                    yield from found
                if expr.param is not None:
                    yield from self.within(expr.param)
            case Call(function="info"):
                yield from self.within(expr.args[0])
            case Call(function="timestamp" | "start_timestamp") if isinstance(bare(expr.args[0]), VectorSelector):
                return
            case Call():
                yield from self.call(expr)
            case Binary():
                yield from self.within(expr.left)
                yield from self.within(expr.right)
            case Unary() | Paren():
                yield from self.within(expr.expr)

    def call(self, expr: Call) -> Iterator[Push]:
        first = bare(expr.args[0]) if expr.args else None
        if isinstance(first, MatrixSelector):
            if len(expr.args) == 1 and expr.function in self.functions and isinstance(first.range, int):
                yield from self.push(expr, expr.function, first.selector, first.range, first.range)
            return
        for arg in expr.args:
            yield from self.within(arg)

    def selector(self, expr: VectorSelector) -> Iterator[Push]:
        if "" in self.functions:
            yield from self.push(expr, "", expr, self.defaults.lookback, None)

    def push(
        self, node: Call | VectorSelector, function: str, selector: VectorSelector, window: int, span: int | None
    ) -> Iterator[Push]:
        if selector.at is not None or selector.edges or not isinstance(selector.offset, int) or window <= 0:
            return
        steps = Steps(self.steps.start - selector.offset, self.steps.step, self.steps.count)
        fetch = fetch_of(selector, self.steps, self.steps, self.defaults, span)
        yield Push(node, function, window, steps, fetch)
