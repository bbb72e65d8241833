"""What processing counts of itself: the instruments it wants to be given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Count(Protocol):
    """An instrument that only goes up."""

    def add(self, amount: float, *labels: str) -> None:
        """Add `amount` under the values of its labels."""
        ...


class ProcessInstruments(Protocol):
    """What is counted."""

    @property
    def lines(self) -> Count:
        """Lines by `format`: json, logfmt, plain or the name of one."""
        ...

    @property
    def left_out(self) -> Count:
        """Fields that were cut or left out, since a line had too many or too long ones."""
        ...

    @property
    def times(self) -> Count:
        """Times found in lines that were not taken, by `reason`."""
        ...

    @property
    def redactions(self) -> Count:
        """Places that were made unreadable, by `detector`."""
        ...

    @property
    def pipeline_lines(self) -> Count:
        """Lines that went into a pipeline, by `pipeline` and `outcome`: kept, or the reason they were dropped."""
        ...

    @property
    def stage_faults(self) -> Count:
        """Lines of which a stage could not do its work, by `pipeline` and `stage`."""
        ...


@dataclass(slots=True)
class Tally:
    """A counter in memory."""

    counts: dict[tuple[str, ...], float] = field(default_factory=dict)

    def add(self, amount: float, *labels: str) -> None:
        """Add `amount` under the values of its labels."""
        self.counts[labels] = self.counts.get(labels, 0) + amount


@dataclass(frozen=True, slots=True)
class Tallies:
    """Instruments in memory, for where nobody collects them."""

    lines: Tally = field(default_factory=Tally)
    left_out: Tally = field(default_factory=Tally)
    times: Tally = field(default_factory=Tally)
    redactions: Tally = field(default_factory=Tally)
    pipeline_lines: Tally = field(default_factory=Tally)
    stage_faults: Tally = field(default_factory=Tally)
