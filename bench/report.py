"""What a scenario found: figures, some of them with a target, and what is wrong if something is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `target` is the most it may be."""

    name: str
    value: float
    unit: str = ""
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        """How much of the target it is."""
        return None if self.target is None else self.value / self.target

    @property
    def is_missed(self) -> bool:
        """Whether it is more than it may be."""
        return self.target is not None and not self.value <= self.target

    @property
    def shown(self) -> str:
        """The value as a person reads it: three digits that count, and the unit."""
        return f"{readable(self.value)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Table:
    """Values that stand beside each other; a name and its values make a row."""

    heading: str
    columns: Sequence[str]
    rows: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of a scenario found."""

    scenario: str
    words: str
    figures: Sequence[Figure]
    remarks: Sequence[str] = ()
    """What to know when reading the figures."""
    faults: Sequence[str] = ()
    """What must not happen whatever the speed: lost items, requests without an answer."""
    table: Table | None = None
    """What the figures sum up."""


def readable(value: float) -> str:
    """Return a number with three digits that count, and no more than it needs; a dash for what was not measured.

    >>> [readable(value) for value in (0.4561, 2.0, 12.34, 345.6, 98765.4)]
    ['0.456', '2', '12.3', '346', '98,765']
    """
    if math.isnan(value):
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
