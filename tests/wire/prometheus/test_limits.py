"""New series that there is no room for: their samples are refused, and nothing of them is stored (C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from firstlight.model.batch import Batch
from firstlight.wire.census import Census, Limits
from firstlight.wire.otlp.series import Unfit
from firstlight.wire.prometheus.book import Book, Page
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.remote.times import MILLISECONDS_PER_DAY

DAY = 20_000
NOON = DAY * MILLISECONDS_PER_DAY + MILLISECONDS_PER_DAY // 2
TOMORROW = NOON + MILLISECONDS_PER_DAY


def read(key: bytes) -> Mapping[str, str]:
    """Return the labels that a key means: ``name a=1``."""
    name, *pairs = key.decode().split()
    if name == "bad":
        raise Unfit("bad")
    return {"__name__": name, **dict(pair.split("=", 1) for pair in pairs)}


def page_of(book: Book) -> Page:
    """Return a page for such keys."""
    return book.page("acme", read)


def take(page: Page, keys: Sequence[bytes], times: Sequence[int]) -> Batch:
    """Return a sample for each key, and an exemplar."""
    intake, found = Intake(page), page.find(list(keys))
    time, value = np.array(times, np.int64), np.arange(len(keys), dtype=np.float64)
    intake.add_samples(found, time, value)
    intake.add_exemplars(found, time, value, [[(b"trace_id", b"1")]] * len(keys))
    return intake.batch()


def reasons(batch: Batch) -> dict[str, int]:
    """Return how many were refused, by the reason without its words."""
    return {reason.partition(": ")[0]: count for reason, count in batch.rejected.counts.items()}


def values(batch: Batch, kind: str) -> list[float]:
    """Return the values of a table, those of no rows if there is none."""
    found: list[float] = batch.tables[kind]["value"].to_pylist() if kind in batch.tables else []
    return found


A, B, C = b"hits user=a", b"hits user=b", b"hits user=c"
TOO_MANY = "too many series of a metric"
TAKEN = [
    # what it shows                      keys               times                    values kept    refused
    ("the third of two",                 [A, B, C],         [NOON] * 3,              [0.0, 1.0],    {TOO_MANY: 1}),
    ("each of its samples",              [A, B, C, C],      [NOON] * 4,              [0.0, 1.0],    {TOO_MANY: 2}),
    ("each day begins anew",             [A, B, C],         [NOON, NOON, TOMORROW],  [0, 1, 2],     {}),
    ("known ones wherever they stand",   [C, A, C, B, A],   [NOON] * 5,              [0, 1, 2, 4],  {TOO_MANY: 1}),
    ("beside what is bad",               [A, b"bad", B, C], [NOON] * 4,              [0.0, 2.0],    {"bad": 1, TOO_MANY: 1}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "times", "kept", "refused"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN]
)
def test_samples_of_new_series_are_refused(
    keys: Sequence[bytes], times: Sequence[int], kept: Sequence[float], refused: Mapping[str, int]
) -> None:
    page = page_of(Book(census=Census(Limits(of_metric=2))))

    for _ in range(2):  # again, when they are known to be refused
        batch = take(page, keys, times)

        assert values(batch, "samples") == values(batch, "exemplars") == list(kept)
        assert set(batch.tables["series"]["series_id"].to_pylist()) == set(
            batch.tables["samples"]["series_id"].to_pylist()
        )
        assert (batch.items, reasons(batch)) == (len(kept), refused)


def test_stored_series_go_on() -> None:
    """Though nothing else is taken any more; and what is learned on one page holds for the others."""
    book = Book(census=Census(Limits(of_metric=2)))
    book.learn("series", take(page_of(book), [A, B], [NOON, NOON]).tables["series"])

    batch = take(page_of(book), [B, C, A], [NOON] * 3)

    assert (values(batch, "samples"), reasons(batch)) == ([0.0, 2.0], {TOO_MANY: 1})
    assert "series" not in batch.tables


def test_what_was_dropped_makes_room() -> None:
    book = Book(census=(census := Census(Limits(of_metric=1))))
    page = page_of(book)
    book.learn("series", take(page, [A, B], [NOON, NOON]).tables["series"])

    book.forget("series", DAY)
    census.forget("series", DAY)

    assert values(take(page, [B], [NOON]), "samples") == [0.0]
