"""The labels of a line while it goes through a pipeline, and the names that parsers may give.

Sets are shared by lines and never changed: each change makes a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firstlight.query.logql.lines import ERROR, ERROR_DETAILS, Labels, LineLabels

EXTRACTED: Final = "_extracted"
"""What is put behind the name of a parsed label that the stream or the metadata has."""

_NONE: Final[frozenset[str]] = frozenset()


class LabelSet:
    """Labels by where they came from; a name is in one of `stream`, `metadata` and `parsed` only."""

    __slots__ = ("base", "details", "error", "gone", "metadata", "parsed", "reserved", "stream")

    def __init__(
        self,
        base: Mapping[str, str],
        stream: Mapping[str, str],
        metadata: Mapping[str, str],
        parsed: Mapping[str, str],
        reserved: frozenset[str],
        error: str = "",
        details: str = "",
        gone: frozenset[str] = _NONE,
    ) -> None:
        self.base = base
        """The labels of the stream as they were: their names stay taken."""
        self.stream = stream
        self.metadata = metadata
        self.parsed = parsed
        self.reserved = reserved
        """The names that a parser may not give: of `base` and of `metadata`."""
        self.error = error
        self.details = details
        self.gone = gone
        """Names that were parsed and then dropped: no later parser gives them again."""

    @classmethod
    def of(cls, stream: Mapping[str, str], metadata: Mapping[str, str]) -> LabelSet:
        """Return the labels of a line before the first stage."""
        error, details, added = "", "", dict[str, str]()
        for given, value in metadata.items():
            name = given + EXTRACTED if given in stream else given
            if name == ERROR:
                error = value
            elif name == ERROR_DETAILS:
                details = value
            else:
                added[name] = value
        visible = stream
        if not added.keys().isdisjoint(stream):
            visible = {name: value for name, value in stream.items() if name not in added}
        return cls(stream, visible, added, {}, frozenset(stream).union(added), error, details)

    def get(self, name: str) -> str | None:
        """Return the value of a label, None if there is none. The error is no label."""
        value = self.parsed.get(name)
        if value is None:
            value = self.metadata.get(name)
            if value is None:
                value = self.stream.get(name)
        return value

    def visible(self) -> dict[str, str]:
        """Return all labels, among them the error: what templates see."""
        labels = {**self.stream, **self.metadata, **self.parsed}
        if self.error:
            labels[ERROR] = self.error
            if self.details:
                labels[ERROR_DETAILS] = self.details
        return labels

    def with_parsed(self, parsed: Mapping[str, str]) -> LabelSet:
        """Return the set with `parsed`, all of it new or as it was, in place of what was parsed before."""
        stream, metadata = self.stream, self.metadata
        if not parsed.keys().isdisjoint(metadata):
            metadata = {name: value for name, value in metadata.items() if name not in parsed}
            return self._replaced(stream, metadata, parsed)
        if not parsed.keys().isdisjoint(stream):
            stream = {name: value for name, value in stream.items() if name not in parsed}
        return LabelSet(self.base, stream, metadata, parsed, self.reserved, self.error, self.details, self.gone)

    def _replaced(self, stream: Mapping[str, str], metadata: Mapping[str, str], parsed: Mapping[str, str]) -> LabelSet:
        if not parsed.keys().isdisjoint(stream):
            stream = {name: value for name, value in stream.items() if name not in parsed}
        reserved = frozenset(self.base).union(metadata)
        return LabelSet(self.base, stream, metadata, parsed, reserved, self.error, self.details, self.gone)

    def set(self, name: str, value: str) -> LabelSet:
        """Return the set with a label that a stage made."""
        return self.with_parsed({**self.parsed, name: value})

    def without(self, names: frozenset[str]) -> LabelSet:
        """Return the set without the labels `names`."""
        stream = {name: value for name, value in self.stream.items() if name not in names}
        metadata = {name: value for name, value in self.metadata.items() if name not in names}
        parsed = {name: value for name, value in self.parsed.items() if name not in names}
        gone = self.gone.union(names.intersection(self.parsed))
        reserved = frozenset(self.base).union(metadata)
        return LabelSet(self.base, stream, metadata, parsed, reserved, self.error, self.details, gone)

    def failed(self, error: str, details: str | None) -> LabelSet:
        """Return the set with an error; the details stay as they were if there are no new ones."""
        kept = self.details if details is None else details
        return LabelSet(self.base, self.stream, self.metadata, self.parsed, self.reserved, error, kept, self.gone)

    def line_labels(self) -> LineLabels:
        """Return the labels as a log query answers them."""
        parsed = dict(self.parsed)
        if self.error:
            parsed[ERROR] = self.error
        if self.details:
            parsed[ERROR_DETAILS] = self.details
        return LineLabels(dict(self.stream), dict(self.metadata), parsed)

    def pairs(self) -> Labels:
        """Return all labels sorted, among them the error."""
        labels = self.visible()
        if self.details and not self.error:
            labels[ERROR_DETAILS] = self.details
        return tuple(sorted(labels.items()))
