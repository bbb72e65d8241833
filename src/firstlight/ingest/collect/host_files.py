"""The files in which Linux tells about the host, and the families that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from firstlight.wire.exposition import Family, FamilyType, Labels, Sample

Values = Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Host:
    """Where the host's files are, by default those of this host."""

    root: Path = Path("/")

    def text(self, path: str) -> str:
        """Return what a file says; raise OSError if it says nothing."""
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path: str) -> list[list[str]]:
        """Return the words of each line of a file."""
        return [line.split() for line in self.text(path).splitlines()]

    def told(self, path: str) -> str:
        """Return what a file says, without blanks at its ends; nothing if it cannot be read."""
        try:
            return self.text(path).strip()
        except OSError:
            return ""

    def number(self, path: str) -> float | None:
        """Return the number in a file; None if there is none."""
        try:
            return float(int(self.told(path), 0))
        except ValueError:
            return None

    def names(self, path: str) -> list[str]:
        """Return what is in a directory, sorted."""
        return sorted(entry.name for entry in (self.root / path).iterdir())


def gauge(name: str, help: str, values: Values | float) -> Family:
    """Return a gauge with these values, or this one."""
    return _family(FamilyType.GAUGE, name, help, "", values)


def counter(name: str, help: str, values: Values | float) -> Family:
    """Return a counter with these values, or this one; `name` is that of its series."""
    return _family(FamilyType.COUNTER, name.removesuffix("_total"), help, "_total", values)


def untyped(name: str, help: str, value: float) -> Family:
    """Return a metric with one value of which it is not said what it is."""
    return _family(FamilyType.UNKNOWN, name, help, "", value)


def labelled(**labels: str) -> Labels:
    """Return labels in the order in which they are shown."""
    return tuple(sorted(labels.items()))


def filled(families: Iterable[Family]) -> list[Family]:
    """Return those families that have samples."""
    return [family for family in families if family.samples]


def _family(kind: FamilyType, name: str, help: str, suffix: str, values: Values | float) -> Family:
    told: Values = values if isinstance(values, Mapping) else {(): values}
    return Family(name, kind, help, tuple(Sample(suffix, labels, value) for labels, value in told.items()))
