"""How far the logs of a container have been read, so that what comes again is told from what is new.

An engine can be asked for what was written since a time. Lines of one way of writing are in the order of their times,
those of the two ways nearly so; and several lines may have the same time, so those that were read are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from firstlight.ingest.tail.runtime_times import SECOND

SLACK: Final = 2 * SECOND
"""How much out of order the lines of the two ways may be."""


class Place(NamedTuple):
    """The time of the last line, and how many lines of that time there were up to it."""

    ts: int
    lines: int


NOWHERE: Final = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a container was read: since when it has to be asked again, and the last line of each way of writing."""

    since: int = 0
    places: Mapping[int, Place] = field(default_factory=dict)
    torn: frozenset[int] = frozenset()
    """The ways of writing whose last line has no end, since the process died before."""

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        places = {str(stream): list(place) for stream, place in self.places.items()}
        return {"since": self.since, "places": places, "torn": sorted(self.torn)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Mark:
        """Return what `told` has told."""
        places = {int(stream): Place(*place) for stream, place in told["places"].items()}
        return cls(told["since"], places, frozenset(told["torn"]))


@dataclass(slots=True)
class Reached:
    """How far one way of writing has been read, and up to where it was read before."""

    before: Place | None = None
    at: Place = NOWHERE

    def begin(self, place: Place | None) -> None:
        """Begin to read again what may have been read up to `place`."""
        self.before, self.at = place, NOWHERE

    def step(self, ts: int) -> bool:
        """Take note of the next line; return whether it is new."""
        self.at = Place(ts, self.at.lines + 1 if ts == self.at.ts else 1)
        before = self.before
        if before is None:
            return True
        # After the last line that was read all are new, even if the clock was set back.
        if self.at >= before:
            self.before = None
        return self.at > before
