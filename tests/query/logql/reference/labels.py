"""The labels of one line on its way through a pipeline, as Loki keeps them: those of the stream, metadata, parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXTRACTED: Final = "_extracted"
ERROR: Final = "__error__"
ERROR_DETAILS: Final = "__error_details__"

Labels = tuple[tuple[str, str], ...]


class LineLabels:
    """The labels of one line. They change as the stages go over it."""

    def __init__(self, stream: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        """Take what the line was sent with; metadata named like a label of the stream gets an ending."""
        self.stream = dict(stream)
        self.metadata: dict[str, str] = {}
        self.parsed: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.extracted: set[str] = set()
        """What has been parsed once, which no later parser parses again, even if it was dropped since."""
        self.error = ""
        self.details = ""
        for name, value in metadata.items():
            if name in self.stream:
                self.metadata[name + EXTRACTED] = value
            elif name == ERROR:
                self.error = value
            else:
                self.metadata[name] = value

    def get(self, name: str) -> str | None:
        """Return the value of a label, or None if the line has it not."""
        if name in self.metadata:
            return self.metadata[name]
        if name in self.parsed:
            return self.parsed[name]
        return None if name in self.deleted else (self.stream.get(name) or None)

    def text(self, name: str) -> str:
        """Return what a text is compared with."""
        return self.error if name == ERROR else (self.get(name) or "")

    def set(self, name: str, value: str) -> None:
        """Give the line a parsed label, which replaces any other of its name."""
        self.metadata.pop(name, None)
        self.parsed[name] = value
        self.extracted.add(name)

    def parse(self, name: str, value: str) -> None:
        """Give the line what a parser found, unless something of that name was found before."""
        name = self.free(name)
        if name not in self.extracted:
            self.set(name, value)

    def free(self, name: str) -> str:
        """Return the name that a parser uses for `name`."""
        return name + EXTRACTED if self.is_taken(name) else name

    def is_taken(self, name: str) -> bool:
        """Return whether the line was sent with a label of that name."""
        return name in self.stream or name in self.metadata

    def delete(self, name: str) -> None:
        """Take a label away."""
        self.metadata.pop(name, None)
        self.parsed.pop(name, None)
        self.deleted.add(name)

    def fail(self, error: str, details: str = "") -> None:
        """Note that a stage could not do its work."""
        self.error = error
        if details:
            self.details = details

    def visible(self) -> dict[str, str]:
        """Return all labels by name, also those that tell of errors."""
        found = {
            name: value
            for name, value in self.stream.items()
            if name not in self.deleted and name not in self.metadata and name not in self.parsed
        }
        found.update(self.metadata)
        found.update(self.parsed)
        if self.error:
            found[ERROR] = self.error
        if self.details:
            found[ERROR_DETAILS] = self.details
        return found


def as_labels(labels: Mapping[str, str]) -> Labels:
    """Return labels sorted by name."""
    return tuple(sorted(labels.items()))
