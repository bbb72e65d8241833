"""Patterns of lines, as they are asked for; who finds them is another's affair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from firstlight.api.loki.selectors import Matchers


@dataclass(frozen=True, slots=True)
class PatternCounts:
    """A pattern, and how many lines had it in each step in which any had."""

    pattern: str
    """The text that lines have in common, with `<_>` where they differ."""
    level: str
    samples: Sequence[tuple[int, int]]
    """Seconds since 1970, and a count."""


class Patterns(Protocol):
    """What knows patterns."""

    async def patterns(
        self, tenant: str, matchers: Matchers, start_ns: int, end_ns: int, step_ns: int
    ) -> Sequence[PatternCounts]:
        """Return the patterns of the lines of the streams that match, the most frequent first. Raise QueryFault."""
        ...


class NoPatterns:
    """Knows none, where nobody looks for them."""

    async def patterns(
        self, tenant: str, matchers: Matchers, start_ns: int, end_ns: int, step_ns: int
    ) -> Sequence[PatternCounts]:
        """Return nothing."""
        return ()


def pattern_json(found: PatternCounts) -> dict[str, Any]:
    """Return a pattern as Loki shows it."""
    return {"pattern": found.pattern, "level": found.level, "samples": [list(one) for one in found.samples]}
