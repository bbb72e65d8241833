"""When the demo misbehaves, as a pure function of the seconds since it started.

A timetable is a round of calm stretches and episodes that repeats for ever. Every process of the demo holds the
same timetable and the same start, so they agree on what is wrong without talking to each other. Nothing here reads
a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scenario(StrEnum):
    """A way in which the shop misbehaves."""

    SLOW_QUERY = "slow-query"
    ERROR_BURST = "error-burst"
    MEMORY_GROWTH = "memory-growth"
    DEAD_DEPENDENCY = "dead-dependency"


CHOICES: tuple[str, ...] = ("all", "none", *Scenario)
"""What a run may be asked to show."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One episode of a scenario, in seconds since the demo started; `until_s` is no longer part of it."""

    scenario: Scenario
    since_s: float
    until_s: float

    def progress(self, elapsed_s: float) -> float:
        """Return how much of the episode has passed, from 0 to 1."""
        return min(1.0, max(0.0, (elapsed_s - self.since_s) / (self.until_s - self.since_s)))


@dataclass(frozen=True, slots=True)
class Timetable:
    """The scenarios of one round, each an episode after a calm stretch."""

    scenarios: tuple[Scenario, ...]
    calm_s: float
    episode_s: float

    @property
    def round_s(self) -> float:
        """How long a round takes before it repeats."""
        return len(self.scenarios) * (self.calm_s + self.episode_s)

    def first_round(self) -> tuple[Occurrence, ...]:
        """Return the episodes of the first round, in order."""
        slot_s = self.calm_s + self.episode_s
        return tuple(
            Occurrence(scenario, slot * slot_s + self.calm_s, (slot + 1) * slot_s)
            for slot, scenario in enumerate(self.scenarios)
        )

    def at(self, elapsed_s: float) -> Occurrence | None:
        """Return the episode under way `elapsed_s` after the start, None when all is calm."""
        if elapsed_s < 0 or not self.scenarios:
            return None
        rounds_s = elapsed_s // self.round_s * self.round_s
        for episode in self.first_round():
            if episode.since_s <= elapsed_s - rounds_s < episode.until_s:
                return Occurrence(episode.scenario, rounds_s + episode.since_s, rounds_s + episode.until_s)
        return None


def timetable_of(choice: str, *, calm_s: float, episode_s: float) -> Timetable:
    """Return the timetable of a choice among `CHOICES`: every scenario in turn, none, or one alone."""
    match choice:
        case "all":
            scenarios = tuple(Scenario)
        case "none":
            scenarios = ()
        case _:
            scenarios = (Scenario(choice),)
    return Timetable(scenarios, calm_s, episode_s)
