"""The law of a scenario: a name, what it is about, and what runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.report import Report


@dataclass(frozen=True, slots=True)
class Options:
    """What can be said about a run."""

    scale: float = 1.0
    """Factor on how long everything is measured, or how much of it: less is quicker and coarser."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something to measure. `run` yields its reports as they come; those with the same figures make one table."""

    name: str
    words: str
    run: Callable[[Options], Iterator[Report]]


@dataclass(frozen=True, slots=True)
class Group:
    """Scenarios that are run together, and whose tables stand together on the page."""

    name: str
    words: str
    scenarios: Sequence[Scenario]
    mark: str
    """What their tables follow on the page."""
