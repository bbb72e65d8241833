"""Stages that choose among lines or join them: drop, sampling, limit, match, multiline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from firstlight.ingest.process.pipeline_entry import Entry, Notes, Stage
from firstlight.ingest.process.pipeline_selector import Selector


@dataclass(frozen=True, slots=True)
class Drop:
    """Drops lines of which all that is said holds."""

    source: str
    search: Callable[[str], Any] | None
    value: str | None
    longer_than: int | None
    older_than_ns: int | None
    reason: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines that are not dropped."""
        gone = [entry for entry in entries if self._is_meant(entry)]
        if not gone:
            return entries
        notes.dropped(self.reason, gone)
        rows = {id(entry) for entry in gone}
        return [entry for entry in entries if id(entry) not in rows]

    def _is_meant(self, entry: Entry) -> bool:
        if self.longer_than is not None and len(entry.body.encode()) <= self.longer_than:
            return False
        if self.older_than_ns is not None and entry.observed - entry.ts <= self.older_than_ns:
            return False
        if not self.source and self.search is None:
            return True
        text = entry.source(self.source)
        if text is None:
            return False
        if self.value is not None:
            return text == self.value
        return self.search is None or self.search(text) is not None


@dataclass(slots=True)
class Sample:
    """Keeps a part of the lines, evenly: of a tenth, every tenth."""

    rate: float
    reason: str
    _due: float = 0.0

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines that are kept."""
        kept, gone = [], []
        for entry in entries:
            self._due += self.rate
            if self._due >= 1.0 - 1e-9:
                self._due -= 1.0
                kept.append(entry)
            else:
                gone.append(entry)
        if gone:
            notes.dropped(self.reason, gone)
        return kept


@dataclass(slots=True)
class Limit:
    """Keeps so many lines a second, of each value of a label if one is named; the clock is when lines came."""

    rate: float
    burst: int
    label: str
    most: int
    reason: str
    _buckets: dict[str, tuple[float, int]] = field(default_factory=dict)

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines that are kept."""
        kept, gone = [], []
        for entry in entries:
            key = entry.labels.get(self.label) or entry.extracted.get(self.label) or "" if self.label else ""
            # Of more values than there may be, the rest share one limit.
            if key not in self._buckets and len(self._buckets) >= self.most:
                key = ""
            tokens, at = self._buckets.get(key, (float(self.burst), entry.observed))
            tokens = min(float(self.burst), tokens + max(0, entry.observed - at) / 1e9 * self.rate)
            if tokens >= 1.0:
                tokens -= 1.0
                kept.append(entry)
            else:
                gone.append(entry)
            self._buckets[key] = (tokens, max(at, entry.observed))
        if gone:
            notes.dropped(self.reason, gone)
        return kept


@dataclass(frozen=True, slots=True)
class Match:
    """Sends some of the lines through stages of their own, or drops them."""

    selector: Selector
    stages: tuple[Stage, ...]
    drops: bool
    reason: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, those that are meant after their stages, in order."""
        selected: dict[int, tuple[Any, bool]] = {}
        meant: list[Entry] = []
        others: list[Entry] = []
        for entry in entries:
            found = selected.get(id(entry.labels))
            if found is None:
                found = selected[id(entry.labels)] = (entry.labels, self.selector.selects(entry.labels))
            (meant if found[1] and self.selector.passes(entry.body) else others).append(entry)
        if not meant:
            return entries
        if self.drops:
            notes.dropped(self.reason, meant)
            return others
        meant = through(self.stages, meant, notes)
        return sorted([*meant, *others], key=lambda entry: entry.row) if others else meant


@dataclass(frozen=True, slots=True)
class Join:
    """Joins the lines of a record to its first one, of each stream for itself."""

    search: Callable[[str], Any]
    most: int

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the first lines, each with those after it up to the next."""
        kept: list[Entry] = []
        open_: dict[int, tuple[Entry, list[str]]] = {}
        joined: list[Entry] = []
        for entry in entries:
            stream = id(entry.labels)
            record = open_.get(stream)
            if record is None or self.search(entry.body) is not None or len(record[1]) >= self.most:
                if record is not None:
                    _close(record)
                open_[stream] = (entry, [entry.body])
                kept.append(entry)
            else:
                record[1].append(entry.body)
                joined.append(entry)
        for record in open_.values():
            _close(record)
        if joined:
            notes.dropped("joined", joined)
        return kept


def _close(record: tuple[Entry, Sequence[str]]) -> None:
    entry, lines = record
    if len(lines) > 1:
        entry.body = "\n".join(lines)


def through(stages: Sequence[Stage], entries: list[Entry], notes: Notes) -> list[Entry]:
    """Return the lines after all stages."""
    for stage in stages:
        if not entries:
            break
        entries = stage.run(entries, notes)
    return entries
