"""What a service should do wrong at this moment, and its announcement in the service's own logs and metrics."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import Tracer

from firstlight.demo.cast import STORIES
from firstlight.demo.telemetry_setup import Telemetry
from firstlight.demo.timetable import Occurrence, Scenario, Timetable

log = logging.getLogger(__name__)


class Stage:
    """Follows the timetable for one service: only what this service does wrong is on its stage."""

    def __init__(self, service: str, timetable: Timetable, telemetry: Telemetry) -> None:
        self._scenarios = [story.scenario for story in STORIES.values() if story.service == service]
        self._timetable = timetable
        self._tracer: Tracer = telemetry.tracer
        self.current: Occurrence | None = None
        """The episode under way, None while this service behaves."""
        if self._scenarios:
            telemetry.meter.create_observable_gauge(
                "demo.misbehaviour",
                [self._observe],
                description="1 while the demo makes this service misbehave, 0 while it behaves.",
            )

    def shows(self, scenario: Scenario) -> bool:
        """Return whether `scenario` is under way in this service."""
        return self.current is not None and self.current.scenario is scenario

    def update(self, elapsed_s: float) -> None:
        """Move to what the timetable has at `elapsed_s`, and announce what begins or ends."""
        occurrence = self._timetable.at(elapsed_s)
        if occurrence is not None and occurrence.scenario not in self._scenarios:
            occurrence = None
        before, self.current = self.current, occurrence
        if before is not None and before != occurrence:
            self._announce(before, "ends")
        if occurrence is not None and before != occurrence:
            self._announce(occurrence, "begins")

    def _announce(self, occurrence: Occurrence, event: str) -> None:
        scenario = occurrence.scenario
        # In a span of its own, so that this line has a trace as all others do.
        with self._tracer.start_as_current_span(f"{scenario} {event}", attributes={"scenario": scenario.value}):
            log.warning(
                "%s %s: %s",
                scenario,
                event,
                STORIES[scenario].words,
                extra={"scenario": scenario.value, "lasts_s": occurrence.until_s - occurrence.since_s},
            )

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        for scenario in self._scenarios:
            yield Observation(int(self.shows(scenario)), {"scenario": scenario.value})
