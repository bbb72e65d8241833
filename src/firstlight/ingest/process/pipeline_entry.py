"""A line on its way through a pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Entry:
    """A line and what stages have made of it. `row` is its place in the batch."""

    row: int
    body: str
    ts: int
    observed: int
    labels: Mapping[str, str]
    """Those of its stream; whoever changes one puts a new mapping in place."""
    extracted: dict[str, str] = field(default_factory=dict)
    """What stages have taken out of it; what is there in the end are fields of the record."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Attributes that are added to those of the record."""
    timed: bool = False
    """Whether a stage has set the time."""

    def source(self, name: str) -> str | None:
        """Return what a stage looks at: the line if it names nothing, else something extracted or a label."""
        if not name:
            return self.body
        found = self.extracted.get(name)
        return self.labels.get(name) if found is None else found


class Notes(Protocol):
    """Where stages tell what they could not do and whom they dropped."""

    def fault(self, stage: str, count: int) -> None:
        """Note that a stage could not do its work for some lines."""
        ...

    def dropped(self, reason: str, entries: Sequence[Entry]) -> None:
        """Note that lines were dropped."""
        ...


class Stage(Protocol):
    """One step of a pipeline."""

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines that go on, in order; they may be changed."""
        ...
