"""Stages that take values out of lines: json, logfmt, regex, pattern, grok."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from firstlight.ingest.process.json_lines import TEXT_OF
from firstlight.ingest.process.logfmt_lines import pairs
from firstlight.ingest.process.pipeline_entry import Entry, Notes

_STEP: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([A-Za-z_@$][^.\[\]"\s]*)|\[(\d+)\]')


@dataclass(frozen=True, slots=True)
class ReadJson:
    """Takes values out of JSON by their paths."""

    paths: Mapping[str, tuple[str | int, ...]]
    source: str
    drop_malformed: bool

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with what was found."""
        kept, bad = [], []
        for entry in entries:
            text = entry.source(self.source)
            try:
                item = orjson.loads(text) if text else None
            except orjson.JSONDecodeError:
                item = None
            if not isinstance(item, dict | list):
                bad.append(entry)
                if not self.drop_malformed:
                    kept.append(entry)
                continue
            for name, path in self.paths.items():
                value = _at(item, path)
                if value is not None:
                    entry.extracted[name] = TEXT_OF[value.__class__](value)
            kept.append(entry)
        if bad and self.drop_malformed:
            notes.dropped("malformed_json", bad)
        elif bad:
            notes.fault("json", len(bad))
        return kept


def _at(item: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(item, dict):
            item = item.get(step)
        elif isinstance(item, list) and isinstance(step, int):
            item = item[step] if step < len(item) else None
        else:
            return None
    return item


def json_path(text: str) -> tuple[str | int, ...]:
    """Return the steps of a path; raise ValueError if it is none.

    >>> json_path('request.headers[0]."user-agent"')
    ('request', 'headers', 0, 'user-agent')
    """
    steps: list[str | int] = []
    place = 0
    while place < len(text):
        found = _STEP.match(text, place)
        if not found:
            raise ValueError(
                f"cannot read the path {text!r} at character {place + 1}; want one such as user.name or items[0].id"
            )
        quoted, name, index = found.groups()
        steps.append(int(index) if index else name or str(quoted))
        place = found.end()
        if text[place : place + 1] == "." and place + 1 < len(text):
            place += 1
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class ReadLogfmt:
    """Takes values out of logfmt by their keys."""

    names: Mapping[str, str]
    source: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with what was found."""
        missed = 0
        for entry in entries:
            found = dict(pairs(entry.source(self.source) or ""))
            missed += not found
            for name, key in self.names.items():
                if key in found:
                    entry.extracted[name] = found[key]
        if missed:
            notes.fault("logfmt", missed)
        return entries


@dataclass(frozen=True, slots=True)
class ReadGroups:
    """Takes the named groups of an expression; of grok, by the fields that they are."""

    search: Callable[[str], Any]
    fields: Mapping[str, str] | None
    source: str
    kind: str

    def run(self, entries: list[Entry], notes: Notes) -> list[Entry]:
        """Return the lines, with what was found."""
        missed = 0
        for entry in entries:
            text = entry.source(self.source)
            found = None if text is None else self.search(text)
            if found is None:
                missed += 1
            elif self.fields is None:
                entry.extracted |= {name: value or "" for name, value in found.groupdict().items()}
            else:
                groups = found.groupdict()
                entry.extracted |= {field: groups[name] for name, field in self.fields.items() if groups.get(name)}
        if missed:
            notes.fault(self.kind, missed)
        return entries
