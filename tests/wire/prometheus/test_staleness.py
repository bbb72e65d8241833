"""Series that end: found by comparing bodies, told by bits that the store gives back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firstlight.model.batch import Rejections
from firstlight.model.staleness import STALE_BITS
from firstlight.wire.prometheus.book import Book
from firstlight.wire.prometheus.intake import Intake
from firstlight.wire.prometheus.reader import TextReader
from firstlight.wire.prometheus.staleness import ended, repeated, tracked
from tests.store.opening import opened
from tests.store.rows import NOW_NS

NOW_MS = NOW_NS // 1_000_000


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        pytest.param("a 1\nb 1\n", "a 2\nb 2\n", "", id="all are still there"),
        pytest.param("a 1\nb 1\n", "b 2\nc 2\n", "a", id="one has gone, another come"),
        pytest.param("a 1\nb 1\n", "", "ab", id="nothing is left"),
        pytest.param("", "a 1\n", "", id="nothing was there"),
        pytest.param("a 1 5\nb 1\n", "", "b", id="one told its own time"),
        pytest.param("a 1\na 2\n", "", "a", id="one came twice"),
    ],
)
def test_series_end_when_they_are_no_longer_there(before: str, now: str, gone: str) -> None:
    of = TextReader(Book(), "default")
    series = []
    for body in (before, now):
        found = of.read(body.encode())
        series.append(tracked(found, of.page.find(found.keys)))

    wanted = of.page.find([f"{name} ".encode() for name in gone]).ids.tolist()

    assert sorted(ended(*series).tolist()) == sorted(wanted)


def test_all_series_end_if_timestamps_are_not_honored() -> None:
    of = TextReader(Book(), "default")
    found = of.read(b"a 1 5\n")

    assert found.times_at(7, honor=False).tolist() == [7]
    assert found.times_at(7).tolist() == [5]
    assert len(tracked(found, of.page.find(found.keys), honor_timestamps=False)) == 1


def test_the_first_of_two_samples_at_one_time_is_kept() -> None:
    ids = np.array([1, 2, 1, 0, 0, 1], np.uint64)
    times = np.array([5, 5, 5, 5, 5, 6])

    assert repeated(ids, times).tolist() == [False, False, True, False, False, False]


@pytest.mark.anyio
async def test_the_bits_come_back_from_the_store(tmp_path: Path) -> None:
    of = TextReader(Book(), "default")
    found = of.page.find(of.read(b"a 1\nb 1\n").keys)
    intake = Intake(of.page)
    intake.add_samples(found, np.full(2, NOW_MS - 1000), np.array([1.0, np.nan]))
    intake.add_stale(found.ids, NOW_MS)
    async with opened(tmp_path / "store") as store:
        assert await store.writer.append(intake.batch()) == Rejections()
        await store.client.command("OPTIMIZE TABLE samples FINAL")

        rows = await store.readers.query("SELECT value FROM samples ORDER BY ts DESC", {})

    assert rows["value"].to_numpy().view(np.uint64)[:2].tolist() == [STALE_BITS] * 2
    assert STALE_BITS not in rows["value"].to_numpy().view(np.uint64)[2:]
