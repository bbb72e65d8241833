"""What is scraped, and how it went: the targets of Prometheus' `scrape_configs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Health(StrEnum):
    """How the last scrape of a target went."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """It was not scraped yet."""


@dataclass(frozen=True, slots=True)
class ActiveTarget:
    """A target that is scraped, or would be if it could."""

    pool: str
    """The name of its job."""
    url: str
    labels: Mapping[str, str]
    """What all its samples are labelled with."""
    discovered: Mapping[str, str]
    """What it was labelled with before any rule."""
    interval: float
    """Seconds."""
    timeout: float
    """Seconds."""
    health: Health = Health.UNKNOWN
    last_error: str = ""
    last_scrape_ms: int | None = None
    """When the last scrape began, since 1970; None if there was none."""
    last_seconds: float = 0.0
    """How long the last scrape took."""
    last_samples: int = 0
    """How many samples the last scrape found."""


@dataclass(frozen=True, slots=True)
class DroppedTarget:
    """What a rule dropped."""

    pool: str
    discovered: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MetricMeaning:
    """What a target tells of one of its metrics."""

    metric: str
    type: str
    help: str
    unit: str


class Targets(Protocol):
    """Says what is scraped now. Everything is given by pool, and within one in a fixed order."""

    def pools(self) -> Sequence[str]:
        """Return the names of all jobs, sorted."""
        ...

    def active(self) -> Sequence[ActiveTarget]:
        """Return what is scraped."""
        ...

    def dropped(self) -> Sequence[DroppedTarget]:
        """Return what rules dropped, or a part of it if that is too much to keep."""
        ...

    def dropped_counts(self) -> Mapping[str, int]:
        """Return how many targets rules dropped, by pool; pools without any are there."""
        ...

    def meanings(self, target: ActiveTarget) -> Sequence[MetricMeaning]:
        """Return what a target has told of its metrics, by name."""
        ...


class NoTargets:
    """Nothing is scraped."""

    def pools(self) -> Sequence[str]:
        """Return nothing."""
        return ()

    def active(self) -> Sequence[ActiveTarget]:
        """Return nothing."""
        return ()

    def dropped(self) -> Sequence[DroppedTarget]:
        """Return nothing."""
        return ()

    def dropped_counts(self) -> Mapping[str, int]:
        """Return nothing."""
        return {}

    def meanings(self, target: ActiveTarget) -> Sequence[MetricMeaning]:
        """Return nothing."""
        return ()
