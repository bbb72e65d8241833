"""What is told of each scrape as series of its target: `up` and those that begin with ``scrape_``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from firstlight.model.batch import Batch
from firstlight.wire.prometheus.book import Book, Ids
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.labels import METRIC_NAME

NAMES: Final = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
EXTRA_NAMES: Final = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")


@dataclass(frozen=True, slots=True)
class Told:
    """The values of one scrape, in the order of `NAMES` and `EXTRA_NAMES`."""

    up: bool
    seconds: float
    scraped: int = 0
    kept: int = 0
    added: int = 0
    timeout: float = 0.0
    sample_limit: int = 0
    body_size: int = 0

    @property
    def values(self) -> list[float]:
        """All of them as numbers."""
        return [
            float(self.up),
            self.seconds,
            self.scraped,
            self.kept,
            self.added,
            self.timeout,
            self.sample_limit,
            self.body_size,
        ]


class Report:
    """The series about the scrapes of one target. No rule changes or drops them."""

    def __init__(self, book: Book, tenant: str, labels: Mapping[str, str], *, extra: bool) -> None:
        self._keys = [name.encode() for name in (*NAMES, *(EXTRA_NAMES if extra else ()))]
        self._page = book.page(tenant, lambda key: {METRIC_NAME: key.decode(), **labels})

    def batch(self, told: Told, now: int, ended: Ids) -> Batch:
        """Return the samples about a scrape at `now`, in milliseconds, with the signs that series have `ended`."""
        intake = Intake(self._page)
        intake.add_samples(
            self._page.find(self._keys), np.full(len(self._keys), now), np.array(told.values[: len(self._keys)])
        )
        intake.add_stale(ended, now)
        return intake.batch()

    def end(self, now: int, ended: Ids, *, report: bool) -> Batch:
        """Return the signs that the series `ended`, and with `report` those about the scrapes too."""
        intake = Intake(self._page)
        intake.add_stale(ended, now)
        if report:
            intake.add_stale(self._page.find(self._keys).ids, now)
        return intake.batch()
