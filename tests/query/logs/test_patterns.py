"""Patterns as they are asked for: counted by step, first and last seen, new or not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pyarrow as pa
import pytest

from firstlight.model.batch import Batch
from firstlight.model.tables import PATTERNS
from firstlight.query.engine import Engine
from firstlight.query.logs.patterns import PatternSource
from firstlight.query.metrics.settings import SESSION
from firstlight.query.settings import QuerySettings
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.store.opening import opened

pytestmark = pytest.mark.anyio

MINUTE_MS = 60_000
DAY_MS = 1_728_000_000_000


def row(service: str, pattern: str, minute: int, lines: int, severity: int = 9) -> dict[str, object]:
    return {
        "tenant": "default",
        "service": service,
        "severity": severity,
        "pattern": pattern,
        "pattern_id": hash((service, pattern)) % 2**63,
        "ts": DAY_MS + minute * MINUTE_MS,
        "lines": lines,
        "sample": f"a line of {pattern}",
    }


ROWS = [
    row("shop", "order <_> placed", 0, 5),
    row("shop", "order <_> placed", 10, 3),
    row("shop", "order <_> placed", 10, 1),
    row("shop", "order <_> placed", 11, 2),
    row("shop", "payment <_> failed", 12, 1, 17),
    row("bank", "order <_> placed", 12, 7),
]


@pytest.fixture(scope="module")
async def source(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[PatternSource]:
    async with opened(tmp_path_factory.mktemp("patterns") / "store") as store:
        await store.writer.append(Batch({"patterns": pa.Table.from_pylist(ROWS, PATTERNS)}, len(ROWS)))
        engine = Engine(QuerySettings(), QueryInstruments(Registry()))
        yield PatternSource(store.client.readers(1, SESSION), engine)


def at(minute: int) -> int:
    return (DAY_MS + minute * MINUTE_MS) * 10**6


async def test_counted_by_step(source: PatternSource) -> None:
    found = await source.patterns("default", ["shop"], at(10), at(20), 2 * MINUTE_MS * 10**6)

    assert [(one.pattern, one.severity, one.lines, one.is_new) for one in found] == [
        ("order <_> placed", 9, 6, False),
        ("payment <_> failed", 17, 1, True),
    ]
    assert found[0].counts == [(DAY_MS + 10 * MINUTE_MS, 6)]
    assert (found[0].first_ms, found[0].last_ms) == (DAY_MS + 10 * MINUTE_MS, DAY_MS + 11 * MINUTE_MS)
    assert found[0].sample == "a line of order <_> placed"


async def test_of_all_services(source: PatternSource) -> None:
    found = await source.patterns("default", None, at(0), at(20), 60 * MINUTE_MS * 10**6, limit=2)

    assert [(one.service, one.lines) for one in found] == [("shop", 11), ("bank", 7)]


async def test_of_nobody(source: PatternSource) -> None:
    assert await source.patterns("default", [], at(0), at(20), 10**9) == []
    assert await source.patterns("another", None, at(0), at(20), 10**9) == []
