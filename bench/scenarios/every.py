"""All scenarios, in the order in which they run."""

from __future__ import annotations

from typing import Final

from bench.scenarios import attributes, floor, idle, ingest, overload, starting
from bench.scenarios.scenario import Scenario

SCENARIOS: Final[tuple[Scenario, ...]] = (
    *ingest.SCENARIOS,
    overload.SCENARIO,
    starting.SCENARIO,
    idle.SCENARIO,
    floor.SCENARIO,
    attributes.SCENARIO,
)
