"""Tables and batches have the same columns, or the store does not open."""

from __future__ import annotations

import pyarrow as pa
import pytest

from firstlight.model.tables import SCHEMAS
from firstlight.store.columns import TABLES, check, engine_type, faults_of
from firstlight.store.faults import StoreUnusable
from firstlight.store.open import Store

TYPES = [
    # Arrow                                              ClickHouse
    (pa.string(),                                        "String"),
    (pa.binary(16),                                      "FixedString(16)"),
    (pa.timestamp("ns"),                                 "DateTime64(9, 'UTC')"),
    (pa.list_(pa.timestamp("ns")),                       "Array(DateTime64(9, 'UTC'))"),
    (pa.list_(pa.map_(pa.string(), pa.string())),        "Array(Map(String, String))"),
]  # fmt: skip

SCHEMA = pa.schema({"tenant": pa.string(), "count": pa.uint32(), "attributes": pa.map_(pa.string(), pa.string())})

FAULTS = [
    # what                        columns of the table                                                                              faults
    ("the same",                  {"tenant": "String", "count": "UInt32", "attributes": "Map(String, String)"},                     []),
    ("stored more cleverly",      {"tenant": "LowCardinality(String)", "count": "UInt32", "attributes": "Map(LowCardinality(String), String)"}, []),
    ("in another order",          {"attributes": "Map(String, String)", "count": "UInt32", "tenant": "String"},                     []),
    ("one is missing",            {"tenant": "String", "attributes": "Map(String, String)"},                                        ["count is missing; want UInt32"]),
    ("one is of another type",    {"tenant": "String", "count": "UInt8", "attributes": "Map(String, String)"},                      ["count is UInt8; want UInt32"]),
    ("one may be null",           {"tenant": "Nullable(String)", "count": "UInt32", "attributes": "Map(String, String)"},           ["tenant is Nullable(String); want String"]),
    ("one too many",              {"tenant": "String", "count": "UInt32", "attributes": "Map(String, String)", "more": "String"},   ["more is not known here"]),
]  # fmt: skip


@pytest.mark.parametrize(("arrow", "engine"), TYPES, ids=[row[1] for row in TYPES])
def test_types(arrow: pa.DataType, engine: str) -> None:
    assert engine_type(arrow) == engine


@pytest.mark.parametrize(("columns", "faults"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_faults(columns: dict[str, str], faults: list[str]) -> None:
    assert list(faults_of(SCHEMA, columns)) == faults


def test_every_kind_has_its_table() -> None:
    assert list(TABLES) == list(SCHEMAS)
    assert all(engine_type(field.type) for schema in SCHEMAS.values() for field in schema)


@pytest.mark.anyio
async def test_a_changed_table_is_refused_by_name(store: Store) -> None:
    await check(store.client)
    await store.client.command("ALTER TABLE log_records MODIFY COLUMN flags UInt64")
    await store.client.command("DROP TABLE exemplars")

    with pytest.raises(StoreUnusable) as caught:
        await check(store.client)

    assert "log_records.flags is UInt64; want UInt32" in str(caught.value)
    assert "exemplars.trace_id is missing; want FixedString(16)" in str(caught.value)


@pytest.mark.anyio
async def test_columns_that_fill_themselves_are_nobodys_business(store: Store) -> None:
    await store.client.command("ALTER TABLE log_records ADD COLUMN shout String ALIAS upper(body)")

    await check(store.client)
