"""Remote write down to a real store: what was sent is what is there, bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from firstlight.store.columns import TABLES
from firstlight.store.open import Store
from firstlight.wire.prometheus.book import Book
from firstlight.wire.remote.decoder import RemoteWriteDecoder, WriteMessage
from tests.store.opening import opened
from tests.store.rows import NOW_NS
from tests.wire.remote.requests import (
    CUSTOM_HISTOGRAM,
    FLOAT_HISTOGRAM,
    INT_HISTOGRAM,
    STALE,
    named,
    sample,
    series_1,
    version_1,
)

NOW_MS = NOW_NS // 1_000_000
VALUES = [1.5, 0.0, -0.0, float("inf"), 5e-324, STALE]

pytestmark = pytest.mark.anyio


async def query(store: Store, words: str) -> pa.Table:
    return await store.client.query(words)


async def test_stores_samples_and_histograms_as_they_were_sent(tmp_path: Path) -> None:
    """P5, C1: staleness markers keep their bits, and series are told of once."""
    book = Book()
    decoder = RemoteWriteDecoder(book)
    shapes: list[dict[str, Any]] = [
        {**one, "timestamp": NOW_MS} for one in (INT_HISTOGRAM, FLOAT_HISTOGRAM, CUSTOM_HISTOGRAM)
    ]
    async with opened(tmp_path / "store") as store:
        store.writer.committed.append(book.learn)
        for turn in range(3):
            time = NOW_MS - 60_000 + turn
            series = [series_1(named("m", i=str(i)), samples=[sample(one, time)]) for i, one in enumerate(VALUES)]
            histograms = [series_1(named("h", i=str(i)), histograms=[one]) for i, one in enumerate(shapes)]
            body = version_1(*series, *(histograms if turn == 0 else []))
            batch = decoder.decode(body, WriteMessage.VERSION_1, tenant="default", now_ns=NOW_NS)
            refused = await store.writer.append(batch)

            assert (batch.rejected.total, refused.total) == (0, 0)
            assert ("series" in batch.tables) == (turn == 0)
        samples = await query(store, f"SELECT series_id, value FROM {TABLES['samples']} ORDER BY ts")
        whole = await query(
            store,
            f"SELECT scale, count, positive_offset, positive_counts, bounds FROM {TABLES['histograms']} ORDER BY scale",
        )

    bits = sorted(samples["value"].to_numpy().view(np.uint64).tolist())
    assert bits == sorted(np.array(VALUES * 3).view(np.uint64).tolist())
    assert 0x7FF0000000000002 in bits
    assert whole.to_pylist() == [
        {"scale": -53, "count": 6.0, "positive_offset": 0, "positive_counts": [0.0, 2.0, 4.0, 0.0], "bounds": [1.0, 2.0, 5.0]},
        {"scale": 1, "count": 12.0, "positive_offset": -1, "positive_counts": [1.0, 2.0, 0.0, 1.0, 1.0], "bounds": []},
        {"scale": 3, "count": 3.5, "positive_offset": 4, "positive_counts": [1.5, 1.5], "bounds": []},
    ]  # fmt: skip
