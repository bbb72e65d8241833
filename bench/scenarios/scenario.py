"""The law of a scenario: a name, what it is about, and what runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.report import Report


@dataclass(frozen=True, slots=True)
class Options:
    """What can be said about a run."""

    scale: float = 1.0
    """Factor on how long everything is measured: less is quicker and coarser."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something to measure. `run` yields its reports as they come; those with the same figures make one table."""

    name: str
    words: str
    run: Callable[[Options], Iterator[Report]]
