"""How many samples a query may look at."""

from __future__ import annotations

from dataclasses import dataclass

from firstlight.query.promql.faults import EvaluationFailed

MOST_SAMPLES = 50_000_000
"""How many samples a query may look at unless told otherwise."""


@dataclass(slots=True)
class Budget:
    """How many samples a query may still look at."""

    left: int = MOST_SAMPLES

    def spend(self, samples: int) -> None:
        """Count samples; raise EvaluationFailed if they are too many."""
        self.left -= samples
        if self.left < 0:
            raise EvaluationFailed("query processing would load too many samples into memory in query execution")
