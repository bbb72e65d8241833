"""Where the labels that a filter asks for are in JSON objects, by the keys that were seen so far.

So that of a line that fails its filter no more is looked at than what the filter asks for.
"""

from __future__ import annotations

from typing import Any, Final

from firstlight.query.logql.json_names import REMEMBERED, Level

_ABSENT: Final = ("",)


class Sought:
    """What finds the values of a few labels."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._seen: set[str] = set()
        self._nested: set[str] = set()
        self._keys: list[tuple[str, str, str]] = []
        self._labels: set[str] = set()
        self._ambiguous = False

    def values(self, document: dict[str, Any], text: str, doubtful: bool) -> dict[str, str] | None:
        """Return the labels that `document`, which `text` is, has of those sought; None if that is not easily told."""
        if not document.keys() <= self._seen:
            self._learn(document)
        if self._ambiguous:
            return None
        for key in self._nested:
            if document.get(key).__class__ is dict:
                return None
        found: dict[str, str] = {}
        for key, label, quoted in self._keys:
            value = document.get(key, _ABSENT)
            kind = value.__class__
            if kind is tuple:
                continue
            # A name that comes twice, or stands in a text, or in an object within, is not easily told.
            if text.count(quoted) != 1:
                return None
            if kind is str:
                if doubtful and "\ufffd" in value:
                    return None
                found[label] = value
            elif kind is int:
                if doubtful and not value:
                    return None
                found[label] = str(value)
            elif kind is bool:
                found[label] = "true" if value else "false"
            elif kind is float:
                if doubtful:
                    return None
                found[label] = repr(value)
        return found

    def _learn(self, document: dict[str, Any]) -> None:
        for key in document:
            if key in self._seen:
                continue
            if len(self._seen) >= REMEMBERED:
                self._ambiguous = True
                return
            self._seen.add(key)
            label = self._level.labels[key]
            if label is not None:
                self._ambiguous |= label in self._labels
                self._labels.add(label)
                self._keys.append((key, label, f'"{key}"'))
            if self._level.levels[key] is not None:
                self._nested.add(key)
