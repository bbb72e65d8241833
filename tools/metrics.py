"""Writes docs/metrics.md, the page of the server's own metrics: ``python -m tools.metrics``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from firstlight.sdk.metrics import SECONDS, Counter, Gauge, Histogram, Readings, Registry
from firstlight.telemetry import Telemetry, observe_process
from tools.source import TOP

PAGE: Final = TOP / "docs" / "metrics.md"

INTRODUCTION: Final = """\
# The server's own metrics

What a server says about itself on `/metrics`, in the Prometheus text format or as OpenMetrics. Scrape it like any
other program. Written from `src/firstlight/telemetry.py` by `python -m tools.metrics`.

A series appears when there is something to count. Histograms have `_bucket`, `_sum` and `_count`.

| metric | type | labels | what it says |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One instrument, as it was declared."""

    name: str
    type: str
    help: str
    labels: Sequence[str]

    def __str__(self) -> str:
        labels = " ".join(f"`{label}`" for label in self.labels)
        return f"| `{self.name}` | {self.type} | {labels} | {self.help} |\n"


class Catalogue(Registry):
    """A registry that remembers what was declared."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []

    def counter(self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "") -> Counter:
        """Note a counter."""
        self.rows.append(Row(name, "counter", help, labels))
        return super().counter(name, help, labels, unit=unit)

    def gauge(self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "") -> Gauge:
        """Note a gauge."""
        self.rows.append(Row(name, "gauge", help, labels))
        return super().gauge(name, help, labels, unit=unit)

    def histogram(
        self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "", bounds: Sequence[float] = SECONDS
    ) -> Histogram:
        """Note a histogram."""
        self.rows.append(Row(name, "histogram", help, labels))
        return super().histogram(name, help, labels, unit=unit, bounds=bounds)

    def observable_counter(
        self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "", read: Callable[[], Readings]
    ) -> None:
        """Note a counter that is read elsewhere."""
        self.rows.append(Row(name, "counter", help, labels))
        super().observable_counter(name, help, labels, unit=unit, read=read)

    def observable_gauge(
        self, name: str, help: str, labels: Sequence[str] = (), *, unit: str = "", read: Callable[[], Readings]
    ) -> None:
        """Note a gauge that is read elsewhere."""
        self.rows.append(Row(name, "gauge", help, labels))
        super().observable_gauge(name, help, labels, unit=unit, read=read)


def page() -> str:
    """Return the page."""
    catalogue = Catalogue()
    Telemetry(catalogue)
    observe_process(catalogue, version="")
    return INTRODUCTION + "".join(map(str, catalogue.rows))


if __name__ == "__main__":
    PAGE.write_text(page())
