"""A query from its text to its result: read, planned, fetched, evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from firstlight.query.promql.annotations import Annotations
from firstlight.query.promql.ast import Expr, ValueType
from firstlight.query.promql.budget import MOST_SAMPLES
from firstlight.query.promql.check import type_of
from firstlight.query.promql.context import Switches
from firstlight.query.promql.durations import resolve
from firstlight.query.promql.evaluate import NOTHING, evaluate
from firstlight.query.promql.given import Given, GivenGroups
from firstlight.query.promql.parser import parse
from firstlight.query.promql.plan import Defaults, Fetch, plan
from firstlight.query.promql.printer import to_text
from firstlight.query.promql.reach import Reach, reach_of
from firstlight.query.promql.refusals import refusal
from firstlight.query.promql.result import Result, shaped
from firstlight.query.promql.values import Samples, Steps, Value

REMEMBERED: Final = 1024
"""Of how many texts it is remembered how they were read."""

LONG: Final = 4096
"""Longer ones are not."""

Source = Callable[[Sequence[Fetch]], Mapping[Fetch, Samples]]
"""Gets the samples of several selectors at once, sorted by the time within a series."""


@dataclass(frozen=True, slots=True)
class Options:
    """How queries are evaluated."""

    experimental: bool = False
    """Whether what Prometheus has behind feature flags is understood."""
    defaults: Defaults = field(default_factory=Defaults)
    switches: Switches = field(default_factory=Switches)
    max_samples: int = MOST_SAMPLES


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, and what there is to tell of it."""

    result: Result
    warnings: Sequence[str]
    infos: Sequence[str]


def at_instant(time: int) -> Steps:
    """Return the only step of an instant query."""
    return Steps(time, 0, 1)


def over_range(start: int, end: int, step: int) -> Steps:
    """Return the steps of a range query; there are none if it ends before it starts."""
    count = max(0, (end - start) // step + 1)
    return Steps(start, step, count, until=end)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that was read and planned."""

    text: str
    expr: Expr
    """With durations resolved."""
    steps: Steps
    fetches: tuple[Fetch, ...]

    @property
    def is_range(self) -> bool:
        """Whether it is a range query: one that has a step."""
        return self.steps.step != 0


@dataclass(frozen=True, slots=True)
class Understood:
    """A query that was read, and is the same whenever it is asked."""

    expr: Expr
    type: ValueType
    line: str
    """As Prometheus writes it, however it was asked."""
    reach: Reach | None
    """What its value at a step depends on, if that is the step alone."""


def understood(text: str, *, experimental: bool) -> Understood:
    """Return a query as it is read; raise QueryError if it is no PromQL. Those read last are remembered."""
    return _remembered(text, experimental) if len(text) <= LONG else _understood(text, experimental)


def _understood(text: str, experimental: bool) -> Understood:
    expr = parse(text, experimental=experimental)
    reach = reach_of(expr)
    return Understood(expr, type_of(expr), to_text(expr) if reach is not None else "", reach)


_remembered = lru_cache(REMEMBERED)(_understood)


def prepare(text: str, steps: Steps, options: Options) -> Prepared:
    """Return a query with what it needs; raise QueryError if it is no PromQL.

    Steps of 0 milliseconds are those of an instant query.
    """
    found = understood(text, experimental=options.experimental)
    if steps.step != 0 and found.type not in (ValueType.VECTOR, ValueType.SCALAR):
        complaint = f'invalid expression type "{found.type}" for range query, must be Scalar or instant Vector'
        raise refusal(complaint, text, found.expr.span)
    expr = resolve(found.expr, steps, text)
    return Prepared(text, expr, steps, plan(expr, steps, options.defaults))


def finish(
    query: Prepared,
    fetched: Mapping[Fetch, Samples],
    options: Options,
    given: Mapping[Expr, Given | GivenGroups] = NOTHING,
) -> Answer:
    """Return what a query answers with the samples it needs; raise EvaluationFailed if it has no result.

    Of the parts that are `given`, no samples are needed.
    """
    value, annotations = computed(query, fetched, options, given)
    result = shaped(value, query.steps, is_range=query.is_range)
    return Answer(result, annotations.warnings, annotations.infos)


def computed(
    query: Prepared,
    fetched: Mapping[Fetch, Samples],
    options: Options,
    given: Mapping[Expr, Given | GivenGroups] = NOTHING,
) -> tuple[Value, Annotations]:
    """Return the value of a query before it is shaped into an answer, and what there is to tell of it."""
    annotations = Annotations(query.text)
    value = evaluate(
        query.expr,
        query.steps,
        fetched,
        defaults=options.defaults,
        switches=options.switches,
        annotations=annotations,
        max_samples=options.max_samples,
        given=given,
    )
    return value, annotations


def answer(text: str, steps: Steps, source: Source, options: Options) -> Answer:
    """Return what the query `text` answers; raise QueryError or EvaluationFailed."""
    query = prepare(text, steps, options)
    return finish(query, source(query.fetches), options)
