"""What is asked of the views is looked up, by the indices of the tables behind them, and not searched for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pyarrow as pa
import pytest

from firstlight.model.batch import Batch
from firstlight.query.engine import Engine
from firstlight.query.sql.door import SqlDoor
from firstlight.sdk.metrics import Registry
from firstlight.telemetry import QueryInstruments
from tests.query.conftest import LIMITS
from tests.query.sql.asking import answer_of, rows_of
from tests.query.world import columns, trace_id
from tests.store.opening import opened
from tests.store.rows import DAY_NS, NOW_NS

pytestmark = pytest.mark.anyio

# Enough that finding something is not the same as reading it all.
MANY = 60_000
NEEDLE = trace_id(1)


def many() -> pa.Table:
    """Return log records of three services over two days, one of them in a trace of its own."""
    return columns(
        "logs",
        (
            {
                "tenant": "default",
                "service": f"service-{number % 3}",
                "ts": NOW_NS - DAY_NS + number * (DAY_NS // MANY),
                "body": f"line {number}",
                "severity": 9,
                "trace_id": NEEDLE if number == MANY // 2 else (number + 1000).to_bytes(16, "big"),
                "origin_id": 1,
            }
            for number in range(MANY)
        ),
    )


def many_spans() -> pa.Table:
    """Return as many spans."""
    rows = many().drop_columns(["body", "severity", "observed_ts", "severity_text", "body_type", "event_name"])
    return columns("spans", iter(rows.to_pylist()))


@pytest.fixture(scope="module")
async def large(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[SqlDoor]:
    """The door of a store with many log records and spans, in parts that have been merged and so have their indices."""
    async with opened(tmp_path_factory.mktemp("store") / "store") as it:
        await it.writer.append(Batch({"logs": many(), "spans": many_spans()}, items=2 * MANY))
        for table in ("log_records", "span_records"):
            await it.client.command(f"OPTIMIZE TABLE {table} FINAL")
        yield SqlDoor(it.client, Engine(LIMITS, QueryInstruments(Registry())), LIMITS)


FOUND = [
    # what                      question                                                            by which index   granules that are left
    ("a trace of logs",         f"SELECT body FROM logs WHERE trace_id = '{NEEDLE.hex()}'",          "by_trace",     1),
    ("traces of logs",          f"SELECT body FROM logs WHERE trace_id IN ('{NEEDLE.hex()}', 'x')",  "by_trace",     1),
    ("a trace of spans",        f"SELECT name FROM spans WHERE trace_id = '{NEEDLE.hex()}'",         "by_trace",     1),
    ("a trace, whole",          f"SELECT * FROM spans WHERE trace_id = '{NEEDLE.hex()}'",            "by_trace",     1),
    ("a trace, with resource",  f"SELECT body, resource FROM logs WHERE trace_id = '{NEEDLE.hex()}'", "by_trace",    1),
    ("a service",               "SELECT body FROM logs WHERE service = 'service-1'",                 "PrimaryKey",   6),
    ("a service, all columns",  "SELECT * FROM logs WHERE service = 'service-1'",                    "PrimaryKey",   6),
    ("an hour",                 "SELECT body FROM logs WHERE ts >= '2024-10-04 11:00:00'",           "Min-Max",      6),
    ("an hour of a service",    "SELECT name FROM spans WHERE service = 'service-1' AND ts >= '2024-10-04 11:00:00'", "PrimaryKey", 2),
    ("errors of a service",     "SELECT body FROM logs WHERE level = 'error' AND service = 'service-1'", "PrimaryKey", 6),
]  # fmt: skip


@pytest.mark.parametrize(("question", "index", "granules"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
async def test_finds_by_an_index(large: SqlDoor, question: str, index: str, granules: int) -> None:
    """The plan names the index, and how little is left to be read after it."""
    plan = "\n".join(row[0] for row in await rows_of(large, f"EXPLAIN indexes = 1 {question}"))
    left, of_all = left_after(plan, index)

    assert left <= granules < of_all, plan


def left_after(plan: str, index: str) -> tuple[int, int]:
    """Return how many granules of a table the plan leaves to be read after an index, and of how many there are."""
    after = plan[plan.index("_records)") :].partition(index)[2]
    found = re.search(r"Granules: (\d+)/(\d+)", after)
    assert found, plan
    return int(found[1]), MANY // 8192 + 1


async def test_reads_no_more_than_it_must(large: SqlDoor) -> None:
    answer = await answer_of(large, "SELECT body FROM logs WHERE trace_id = {id:String}", id=NEEDLE.hex())

    assert answer["rows"] == [[f"line {MANY // 2}"]]
    assert answer["statistics"]["rows_read"] <= 8192
