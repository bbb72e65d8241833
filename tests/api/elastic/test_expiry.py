"""Documents that their index no longer keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.api.elastic.expiry import Expiry
from firstlight.wire.elastic.book import ElasticBook
from firstlight.wire.elastic.documents import Sent
from firstlight.wire.logs.book import LogBook
from tests.store.opening import opened
from tests.store.rows import NOW_NS

pytestmark = pytest.mark.anyio

DAY_NS = 86_400 * 10**9


async def test_old_documents_of_an_index_are_deleted(tmp_path: Path) -> None:
    """What is older than its index is kept goes; what is younger, and of other indices, stays."""
    book = ElasticBook(LogBook(), lambda index, fields, columns: None)
    ages = [(index, age) for index in ("week", "ever") for age in (1, 6, 8, 20)]
    documents = [{"@timestamp": (NOW_NS - age * DAY_NS) // 10**6, "message": f"{index} {age}"} for index, age in ages]
    sent = Sent([index for index, _ in ages], documents, [b"{}"] * len(ages), [""] * len(ages))
    async with opened(tmp_path / "store") as store:
        await store.writer.append(book.batch("default", sent, NOW_NS).batch)
        expiry = Expiry(store.client, "default", lambda: NOW_NS)
        await expiry.enforce()
        expiry.retain({"week": 7 * 86_400.0, "none": 1.0})
        await expiry.enforce()
        left = (await store.client.query("SELECT body FROM log_records ORDER BY body"))["body"].to_pylist()
    assert left == ["ever 1", "ever 20", "ever 6", "ever 8", "week 1", "week 6"]
