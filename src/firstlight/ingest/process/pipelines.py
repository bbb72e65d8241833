"""Pipelines run on a batch: the lines of selected streams go through stages, the others stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from firstlight.ingest.process.counts import ProcessInstruments
from firstlight.ingest.process.pipeline_build import build
from firstlight.ingest.process.pipeline_choosing import through
from firstlight.ingest.process.pipeline_entry import Entry, Stage
from firstlight.ingest.process.pipeline_selector import Selector, parse_selector
from firstlight.ingest.process.pipeline_settings import PipelineSettings


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages, and the lines that they are for."""

    name: str
    selector: Selector
    stages: tuple[Stage, ...]


@dataclass(slots=True)
class Log:
    """What stages told: who was dropped and why, and how many lines a stage could do nothing with."""

    pipeline: str
    counts: ProcessInstruments
    gone: dict[int, str] = field(default_factory=dict)

    def fault(self, stage: str, count: int) -> None:
        """Count that a stage could not do its work."""
        self.counts.stage_faults.add(count, self.pipeline, stage)

    def dropped(self, reason: str, entries: Sequence[Entry]) -> None:
        """Count, and remember, lines that were dropped."""
        self.counts.pipeline_lines.add(len(entries), self.pipeline, reason)
        self.gone |= {entry.row: f"{self.pipeline}: {reason}" for entry in entries}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the lines of a batch: what stages made of some, by row, and why others are gone."""

    entries: Mapping[int, Entry]
    gone: Mapping[int, str]


class Pipelines:
    """All pipelines, in their order; a line goes through each that selects it."""

    def __init__(self, settings: Sequence[PipelineSettings]) -> None:
        self._pipelines = [Pipeline(one.name, parse_selector(one.selector), build(one.stages)) for one in settings]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether some pipeline is for lines of a stream."""
        return any(one.selector.selects(labels) for one in self._pipelines)

    def run(self, entries: list[Entry], counts: ProcessInstruments) -> Outcome:
        """Return what becomes of lines, each of which may be changed."""
        gone: dict[int, str] = {}
        changed: dict[int, Entry] = {}
        for one in self._pipelines:
            streams: dict[int, tuple[Mapping[str, str], bool]] = {}
            meant = []
            for entry in entries:
                found = streams.get(id(entry.labels))
                if found is None:
                    found = streams[id(entry.labels)] = (entry.labels, one.selector.selects(entry.labels))
                if found[1] and entry.row not in gone and one.selector.passes(entry.body):
                    meant.append(entry)
            if not meant:
                continue
            log = Log(one.name, counts)
            kept = through(one.stages, meant, log)
            if kept:
                counts.pipeline_lines.add(len(kept), one.name, "kept")
            changed |= {entry.row: entry for entry in kept}
            gone |= log.gone
        return Outcome({row: entry for row, entry in changed.items() if row not in gone}, gone)
