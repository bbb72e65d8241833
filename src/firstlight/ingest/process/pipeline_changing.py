"""Stages that change lines: timestamp, labels, attributes, template, replace, mask, output, colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from firstlight.ingest.process.pipeline_entry import Entry, Notes
from firstlight.ingest.process.pipeline_template import Render
from firstlight.ingest.process.redaction_detectors import Detector

MAX_LABEL: Final = 1024
"""Characters of a label's value; a longer one is not set."""

MASK: Final = "***"
_ANSI: Final = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class SetTime:
    """Sets the time from a value."""

    source: str
    readers: tuple[Callable[[str, int], int | None], ...]
    fudges: bool

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with their times. A time before 1970 or after 2262 is none."""
        missed = 0
        last: dict[int, int] = {}
        for entry in entries:
            stream = id(entry.labels)
            text = entry.source(self.source)
            times = (read(text, entry.observed) for read in self.readers) if text else ()
            found = next((time for time in times if time is not None and 0 < time < 2**63), None)
            if found is None:
                missed += 1
                if self.fudges and stream in last:
                    found = last[stream] + 1
            if found is not None:
                entry.ts, entry.timed = found, True
                last[stream] = found
        if missed:
            notes.fault("timestamp", missed)
        return entries


@dataclass(frozen=True, slots=True)
class SetLabels:
    """Sets labels of the stream from values."""

    sources: Mapping[str, str]

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with their labels."""
        known: dict[tuple[int, tuple[str | None, ...]], tuple[Mapping[str, str], Mapping[str, str]]] = {}
        for entry in entries:
            values = tuple(entry.extracted.get(source) for source in self.sources.values())
            key = (id(entry.labels), values)
            # What the labels were is kept beside what they become, so that its id stays its own.
            found = known.get(key)
            if found is None:
                new = {
                    name: value
                    for name, value in zip(self.sources, values, strict=True)
                    if value is not None and len(value) <= MAX_LABEL
                }
                found = known[key] = (entry.labels, {**entry.labels, **new} if new else entry.labels)
            entry.labels = found[1]
        return entries


@dataclass(frozen=True, slots=True)
class ChangeLabels:
    """Changes the labels of each stream in the same way."""

    change: Callable[[Mapping[str, str]], Mapping[str, str]]

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with their labels."""
        known: dict[int, tuple[Mapping[str, str], Mapping[str, str]]] = {}
        for entry in entries:
            found = known.get(id(entry.labels))
            if found is None:
                found = known[id(entry.labels)] = (entry.labels, self.change(entry.labels))
            entry.labels = found[1]
        return entries


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Sets attributes of the record from values."""

    sources: Mapping[str, str]

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with their attributes."""
        for entry in entries:
            for name, source in self.sources.items():
                value = entry.source(source)
                if value is not None:
                    entry.metadata[name] = value
        return entries


@dataclass(frozen=True, slots=True)
class Fill:
    """Makes a value of others by a template."""

    source: str
    render: Render

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with the value."""
        missed = 0
        for entry in entries:
            made = self.render({**entry.extracted, "Value": entry.extracted.get(self.source, ""), "Entry": entry.body})
            if made is None:
                missed += 1
            elif made:
                entry.extracted[self.source] = made
            else:
                entry.extracted.pop(self.source, None)
        if missed:
            notes.fault("template", missed)
        return entries


@dataclass(frozen=True, slots=True)
class Replace:
    """Replaces what the groups of an expression catch, or all that it finds if it has none."""

    pattern: Any
    render: Render | None
    text: str
    source: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with what was put in place."""
        for entry in entries:
            before = entry.source(self.source)
            if before is None:
                continue
            after = self._replaced(before, entry)
            if not self.source:
                entry.body = after
            else:
                entry.extracted[self.source] = after
        return entries

    def _replaced(self, text: str, entry: Entry) -> str:
        parts, place = [], 0
        for found in self.pattern.finditer(text):
            for group in range(1, self.pattern.groups + 1) or (0,):
                start, end = found.span(group)
                if start < place or start == -1 or (group and start == end):
                    continue
                new = self.text
                if self.render is not None:
                    new = self.render({**entry.extracted, "Value": text[start:end], "Entry": entry.body}) or ""
                parts += [text[place:start], new]
                place = end
        return "".join([*parts, text[place:]])


@dataclass(frozen=True, slots=True)
class Mask:
    """Makes unreadable what detectors find."""

    detectors: tuple[Detector, ...]
    source: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with nothing in them that was looked for."""
        for entry in entries:
            text = entry.source(self.source)
            if text is None:
                continue
            for detector in self.detectors:
                for start, end in reversed(detector.spans(text)):
                    text = text[:start] + MASK + text[end:]
            if self.source:
                entry.extracted[self.source] = text
            else:
                entry.body = text
        return entries


@dataclass(frozen=True, slots=True)
class SetLine:
    """Makes a value the line."""

    source: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, as they are now; where the value is not there, as they were."""
        missed = 0
        for entry in entries:
            value = entry.extracted.get(self.source)
            if value is None:
                missed += 1
            else:
                entry.body = value
        if missed:
            notes.fault("output", missed)
        return entries


class Decolorize:
    """Takes colours out of lines."""

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines without them."""
        for entry in entries:
            if "\x1b" in entry.body:
                entry.body = _ANSI.sub("", entry.body)
        return entries
