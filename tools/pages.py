"""Writes the pages of docs/ that are made from the code: ``python -m tools.pages``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from firstlight.app.settings import Settings
from firstlight.config.describe import as_markdown, describe
from firstlight.sdk.metrics import SECONDS, Counter, Gauge, Histogram, Readings, Registry
from firstlight.telemetry import Telemetry, observe_process
from tools.source import TOP

METRICS: Final = """\
# The server's own metrics

What a server says about itself on `/metrics`, in the Prometheus text format or as OpenMetrics. Scrape it like any
other program. This page is written by `python -m tools.pages` from `src/firstlight/telemetry.py`.

A series appears when there is something to count. Histograms have `_bucket`, `_sum` and `_count`.

| metric | type | labels | what it says |
|---|---|---|---|
"""

SETTINGS: Final = """\
# Settings

`firstlight up` reads `firstlight.yaml` in the directory that it is started in, or the file that `--config` or
`FIRSTLIGHT_CONFIG` names. Every setting has a default, so there need not be one. A variable of the environment wins
over the file, and `--set KEY=VALUE` over both. What is misspelt, mistyped or impossible is refused with the line where
it stands:

```console
$ firstlight config check
firstlight.yaml:2: retention: unknown setting "log"; did you mean "logs"?
```

`firstlight config show` prints what is in force, and `firstlight config example` a file to begin with. On SIGHUP a
running server takes over `logging`, `retention` and most of `ingest`; for all else its log says that it needs a
restart. This page is written by `python -m tools.pages` from the settings themselves.

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


def metrics() -> str:
    """Return the page of the server's own metrics."""
    catalogue = Catalogue()
    Telemetry(catalogue)
    observe_process(catalogue, version="")
    return METRICS + "".join(map(str, catalogue.rows))


def settings() -> str:
    """Return the page of everything that can be set."""
    return SETTINGS + as_markdown(describe(Settings))


PAGES: Mapping[str, Callable[[], str]] = MappingProxyType({"metrics.md": metrics, "settings.md": settings})
"""What each page is made by."""


if __name__ == "__main__":
    for name, make in PAGES.items():
        (TOP / "docs" / name).write_text(make())
