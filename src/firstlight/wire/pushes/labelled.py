"""Samples by their labels, for what comes in small numbers: each series is named by its labels as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import orjson

from firstlight.model.batch import Batch, Rejections
from firstlight.wire.prometheus.book import Book, Page
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.labels import Labels
from firstlight.wire.stored import Metadata

NOTHING: Final = Rejections()


class Labelled(NamedTuple):
    """A sample: its labels, the metric's name among them, its time in milliseconds, and its value."""

    labels: Mapping[str, str]
    time: int
    value: float


class Pages:
    """A page of the book for each tenant, on which series are named by their labels as JSON."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._pages: dict[str, Page] = {}

    def of(self, tenant: str) -> Page:
        """Return the page of a tenant."""
        found = self._pages.get(tenant)
        return found or self._pages.setdefault(tenant, self._book.page(tenant, orjson.loads))

    def batch(
        self,
        tenant: str,
        samples: Sequence[Labelled],
        *,
        metadata: Iterable[Metadata] = (),
        rejected: Rejections = NOTHING,
        stale: Sequence[Labelled] = (),
    ) -> Batch:
        """Return samples as a batch; `stale` are series that have ended, their values are not looked at."""
        page = self.of(tenant)
        intake = Intake(page)
        intake.add_metadata(metadata)
        intake.refuse(rejected)
        if samples:
            found = page.find([key_of(one.labels) for one in samples])
            times = np.array([one.time for one in samples], np.int64)
            intake.add_samples(found, times, np.array([one.value for one in samples], np.float64))
        if stale:
            ended = page.find([key_of(one.labels) for one in stale])
            intake.add_stale(ended.ids[ended.rows], stale[0].time)
        return intake.batch()


def key_of(labels: Labels) -> bytes:
    """Return the key of a series."""
    return orjson.dumps(labels, option=orjson.OPT_SORT_KEYS)
