"""The evaluation of PromQL: the whole grid of steps at once, from samples that were fetched before.

What is the same at every step is evaluated at the first and repeated. What a function or an operator does is elsewhere;
here is in which order, over which steps, and on which samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from firstlight.errors import Span
from firstlight.query.promql import over_time, rates
from firstlight.query.promql.aggregate import aggregate
from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from firstlight.query.promql.binary import binary, negated
from firstlight.query.promql.budget import MOST_SAMPLES, Budget
from firstlight.query.promql.context import Context, Switches
from firstlight.query.promql.counts_only import counts_only, hinted
from firstlight.query.promql.edges import ALLOWED
from firstlight.query.promql.faults import EvaluationFailed
from firstlight.query.promql.flat import flattened, nameless, without_hints
from firstlight.query.promql.functions import FUNCTIONS
from firstlight.query.promql.given import Given, GivenGroups, aggregated, whole
from firstlight.query.promql.info_join import with_info
from firstlight.query.promql.invariance import QUERY_FUNCTIONS, bare, invariant
from firstlight.query.promql.labels import drop_name
from firstlight.query.promql.plan import (
    Defaults,
    Fetch,
    data_times,
    fetch_of,
    first_step,
    info_fetch,
    info_matchers,
    info_times,
    inner_steps,
    unresolved,
)
from firstlight.query.promql.presence import absent, absent_labels
from firstlight.query.promql.ranges import Ranged, one
from firstlight.query.promql.select import select, select_starts, select_times
from firstlight.query.promql.smooth_select import select_smoothed
from firstlight.query.promql.values import Samples, Scalar, Steps, Text, Value, Vector, Windows
from firstlight.query.promql.vectors import empty

NOTHING: Final[Mapping[Expr, Given | GivenGroups]] = MappingProxyType({})


def evaluate(
    expr: Expr,
    steps: Steps,
    fetched: Mapping[Fetch, Samples],
    *,
    defaults: Defaults,
    switches: Switches,
    annotations: Annotations,
    max_samples: int = MOST_SAMPLES,
    given: Mapping[Expr, Given | GivenGroups] = NOTHING,
) -> Value:
    """Return what `expr`, of which the durations are resolved, is at `steps`.

    `fetched` has the samples of what `plan.plan` named for the same query, `given` the values of parts of it that were
    computed before. Raises EvaluationFailed.
    """
    query = _Query(fetched, steps, defaults, switches, annotations, Budget(max_samples), counts_only(expr), given)
    return _Evaluation(query, steps).value(expr)


@dataclass(frozen=True, slots=True)
class _Query:
    """What is the same for all parts of a query."""

    fetched: Mapping[Fetch, Samples]
    steps: Steps
    defaults: Defaults
    switches: Switches
    annotations: Annotations
    budget: Budget
    counted: frozenset[Span]
    """Where selectors stand of which only the counts and sums of histograms are wanted."""
    given: Mapping[Expr, Given | GivenGroups]


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """Evaluates at some steps: those of the query, of a subquery, or the first of either."""

    query: _Query
    steps: Steps

    def value(self, expr: Expr) -> Value:
        """Return what an expression is at all steps."""
        if self.query.given and (given := self.query.given.get(expr)) is not None:
            return self.given(expr, given)
        if self.steps.count > 1 and invariant(expr) and not isinstance(expr, MatrixSelector | Subquery):
            return _repeated(_Evaluation(self.query, first_step(self.steps)).value(expr), self.steps.count)
        match expr:
            case NumberLiteral():
                return Scalar(np.full(self.steps.count, expr.value))
            case StringLiteral():
                return Text(expr.value)
            case VectorSelector():
                return self.vector(expr)
            case MatrixSelector() | Subquery():
                return self.ranged(expr).whole()
            case Call():
                return self.call(expr)
            case Aggregate():
                return self.aggregate(expr)
            case Binary():
                left, right = self.value(expr.left), self.value(expr.right)
                context = self.context(expr.span, (expr.left, expr.right))
                return binary(expr.op, left, right, expr.matching, expr.returns_bool, context)
            case Unary():
                inner = self.value(expr.expr)
                return negated(inner, self.context(expr.span, (expr.expr,))) if expr.op == "-" else inner
            case Paren():
                return self.value(expr.expr)

    def context(self, span: Span, args: tuple[Expr, ...]) -> Context:
        """Return what a function or an operator is told."""
        return Context(self.steps, self.query.annotations, self.query.switches, span, tuple(arg.span for arg in args))

    def given(self, expr: Expr, given: Given | GivenGroups) -> Vector:
        """Return the value of a part that was computed before, with what is to be added from samples."""
        inner = given.inner if isinstance(given, GivenGroups) else given
        args = tuple(bare(arg) for arg in inner.node.args) if isinstance(inner.node, Call) else ()
        context = self.context(inner.node.span, args)

        def rest() -> Vector:
            if not len(inner.rest):
                return empty(self.steps.count)
            query = replace(self.query, fetched={inner.fetch: inner.rest}, given=NOTHING)
            value = _Evaluation(query, self.steps).value(inner.node)
            assert isinstance(value, Vector)
            return value

        self.query.budget.spend(inner.vector.present.size)
        if isinstance(given, Given):
            return whole(given, rest, context)
        assert isinstance(expr, Aggregate)
        outer = self.context(expr.span, (expr.expr,))
        return aggregated(given, expr.op, expr.grouping, expr.without, rest(), outer, context)

    def samples(self, fetch: Fetch, selector: VectorSelector | None = None) -> Samples:
        """Return what was fetched for a selector."""
        samples = self.query.fetched[fetch]
        self.query.budget.spend(len(samples.ts))
        return hinted(samples) if selector is not None and selector.span in self.query.counted else samples

    def vector(self, expr: VectorSelector) -> Vector:
        """Return what a selector finds at each step."""
        samples = self.samples(fetch_of(expr, self.steps, self.query.steps, self.query.defaults), expr)
        times = data_times(expr, self.steps, self.query.steps)
        lookback = self.query.defaults.lookback
        if expr.edges == "smoothed":
            found = select_smoothed(samples, times, lookback, self.query.annotations, expr.span)
        else:
            found = select(samples, times, lookback)
        self.query.budget.spend(found.present.size)
        return found

    def ranged(self, expr: MatrixSelector | Subquery) -> Ranged:
        """Return what a range selector or a subquery looks at."""
        if not isinstance(expr.range, int):
            raise unresolved(expr)
        if isinstance(expr, Subquery):
            return self.subquery(expr, expr.range)
        fetch = fetch_of(expr.selector, self.steps, self.query.steps, self.query.defaults, expr.range)
        times = data_times(expr.selector, self.steps, self.query.steps)
        samples = self.samples(fetch, expr.selector)
        return Ranged(samples, times, expr.range, expr.selector.edges, self.query.defaults.lookback)

    def subquery(self, expr: Subquery, span: int) -> Ranged:
        """Return the samples that a subquery makes up."""
        steps = inner_steps(expr, self.steps, self.query.steps, self.query.defaults)
        value: Value = empty(0)
        if steps.count:
            value = _Evaluation(self.query, steps).value(expr.expr)
        assert isinstance(value, Vector)
        self.query.budget.spend(value.present.size)
        samples = without_hints(flattened(value, steps.times))
        return Ranged(samples, data_times(expr, self.steps, self.query.steps), span, nameless=nameless(value))

    def aggregate(self, expr: Aggregate) -> Vector:
        """Return an aggregation."""
        param = None if expr.param is None else self.value(expr.param)
        value = self.value(expr.expr)
        assert isinstance(value, Vector)
        spans = (expr.expr,) if expr.param is None else (expr.expr, expr.param)
        return aggregate(expr.op, value, param, expr.grouping, expr.without, self.context(expr.span, spans))

    def call(self, expr: Call) -> Value:
        """Return what a function makes of its arguments."""
        args = tuple(bare(arg) for arg in expr.args)
        context = self.context(expr.span, args)
        match expr.function:
            case name if name in QUERY_FUNCTIONS:
                return Scalar(np.full(self.steps.count, self.of_query(name)))
            case "absent" | "absent_over_time":
                return self.absent(expr.function, args[0])
            case "timestamp" | "start_timestamp" if isinstance(args[0], VectorSelector):
                return self.timestamp(expr.function, args[0], context)
            case "info":
                return self.info(expr, args)
            case name if name in rates.FUNCTIONS or name in over_time.FUNCTIONS:
                return self.range_call(name, args, context)
            case name:
                return FUNCTIONS[name](tuple(map(self.value, args)), context)

    def of_query(self, name: str) -> float:
        """Return what `start()` and its like are, in seconds."""
        steps = self.query.steps
        match name:
            case "start":
                return steps.start / 1000
            case "end":
                return steps.asked_end / 1000
            case "range":
                return (steps.asked_end - steps.start) / 1000
            case _:
                return 0.0 if steps.asked_end == steps.start else steps.step / 1000

    def range_call(self, name: str, args: tuple[Expr, ...], context: Context) -> Vector:
        """Return what a function makes of the samples of a range."""
        function = rates.FUNCTIONS.get(name) or over_time.FUNCTIONS[name]
        values = [None if isinstance(arg, MatrixSelector | Subquery) else self.value(arg) for arg in args]
        ranged = self.ranged(next(arg for arg in args if isinstance(arg, MatrixSelector | Subquery)))
        _check_edges(ranged.edges, name)
        # Prometheus forgets where a subquery stood, and tells of what is odd in it as of the start of the query.
        spans = tuple(Span(0, 0) if isinstance(arg, Subquery) else arg.span for arg in args)
        context = replace(context, arg_spans=spans)
        self.query.budget.spend(len(ranged.samples) * self.steps.count)
        return one(
            [
                function(windows, [windows if value is None else value for value in values], context)
                for windows in ranged.pieces()
            ],
            self.query.switches,
        )

    def absent(self, name: str, arg: Expr) -> Vector:
        """Return 1 where the argument has nothing."""
        value = self.value(arg)
        if isinstance(value, Windows):
            _check_edges(value.edges, name)
            there = value.last > value.first
            value = Vector(value.labels, there.astype(np.float64), there)
        assert isinstance(value, Vector)
        return absent(value, absent_labels(arg))

    def timestamp(self, name: str, selector: VectorSelector, context: Context) -> Vector:
        """Return when the samples that a selector finds were taken, or when their counters began."""
        samples = self.samples(fetch_of(selector, self.steps, self.query.steps, self.query.defaults))
        times = data_times(selector, self.steps, self.query.steps)
        if name == "timestamp":
            return drop_name(select_times(samples, times, self.query.defaults.lookback), context)
        if not self.query.switches.start_timestamps:
            return empty(self.steps.count)
        return drop_name(select_starts(samples, times, self.query.defaults.lookback), context)

    def info(self, expr: Call, args: tuple[Expr, ...]) -> Vector:
        """Return a vector with the labels of info series."""
        base = self.value(args[0])
        assert isinstance(base, Vector)
        # As in Prometheus, a name whose removal was delayed is back.
        base = replace(base, nameless=None)
        fetch = info_fetch(expr, self.steps, self.query.steps, self.query.defaults)
        asked = args[1].matchers if len(args) > 1 and isinstance(args[1], VectorSelector) else ()
        found = self.samples(fetch)
        times = info_times(expr, self.steps, self.query.steps)
        return with_info(base, found, info_matchers(expr), asked, times, self.query.defaults.lookback)


def _check_edges(edges: str, function: str) -> None:
    """Raise EvaluationFailed if a function cannot be used with a selector that has such edges."""
    if edges and function not in ALLOWED[edges]:
        allowed = ", ".join(ALLOWED[edges])
        raise EvaluationFailed(f"{edges} modifier can only be used with: {allowed} - not with {function}")


def _repeated(value: Value, count: int) -> Value:
    """Return a value of one step at each of `count` steps."""
    if isinstance(value, Scalar):
        return Scalar(np.repeat(value.values, count))
    if not isinstance(value, Vector):
        return value
    histograms = None if value.histograms is None else np.repeat(value.histograms, count, axis=1)
    floats, present = np.repeat(value.floats, count, axis=1), np.repeat(value.present, count, axis=1)
    return Vector(value.labels, floats, present, histograms, value.nameless)
