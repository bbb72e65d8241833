"""Log records and lines as they are printed: for people, with colours by level, or as JSON, or the body alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from firstlight.cli.render import Screen, as_json, harmless, local_time, one_line

LEVELS: Final[Mapping[str, int]] = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""Each level, and the lowest severity number of OpenTelemetry's that belongs to it."""

STYLES: Final[Mapping[str, str]] = {
    "trace": "dim",
    "debug": "blue",
    "info": "green",
    "warn": "yellow",
    "error": "red",
    "fatal": "bold red",
}

TEXT, JSON, RAW = "text", "json", "raw"
ALL: Final = ("*",)
"""Asks for all that stands beside lines."""

BESIDE: Final = ("attributes", "labels", "metadata", "parsed")
"""Where records and lines have what stands beside them."""

SHORT_ID: Final = 8


class Printer:
    """Prints log records, one after the other."""

    def __init__(self, screen: Screen, form: str, columns: Sequence[str] = ()) -> None:
        """Take one of the forms, and which labels and attributes are shown in `TEXT`."""
        self._screen = screen
        self._form = form
        self._columns = columns

    def print(self, records: Iterable[Mapping[str, Any]], mark: str = "") -> None:
        """Print records, each as soon as it comes; for people with a mark before each."""
        for record in records:
            self._screen.line(self._line(record, mark))
            self._screen.out.flush()

    def _line(self, record: Mapping[str, Any], mark: str) -> str:
        if self._form == JSON:
            return as_json(record)
        return harmless(record["body"]) if self._form == RAW else self._text(record, mark)

    def _text(self, record: Mapping[str, Any], mark: str) -> str:
        paint = self._screen.paint
        level = str(record["level"])
        first, *others = harmless(record["body"]).rstrip("\n").split("\n")
        parts = [
            paint(local_time(record["ts"]), "dim"),
            paint(f"{level.upper() if level in LEVELS else '-':5}", STYLES.get(level, "")),
            paint(one_line(record["service"]), "cyan"),
            first,
            paint(record["trace_id"][:SHORT_ID], "dim"),
            *(paint(pair, "dim") for pair in self._beside(record)),
        ]
        return "\n".join([mark + " ".join(part for part in parts if part), *(f"{mark}    {line}" for line in others)])

    def _beside(self, record: Mapping[str, Any]) -> list[str]:
        if not self._columns:
            return []
        found = {name: text for place in BESIDE for name, text in record.get(place, {}).items()}
        names = found if self._columns == ALL else [name for name in self._columns if name in found]
        return [f"{one_line(name)}={quoted(one_line(found[name]))}" for name in names]


def quoted(text: str) -> str:
    """Return a value as it stands beside its name.

    >>> quoted("a"), quoted("a b"), quoted("")
    ('a', '"a b"', '""')
    """
    return f'"{text}"' if not text or " " in text else text
