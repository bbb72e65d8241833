"""Whatever bytes a row was decoded from, the store takes it and gives it back as it was."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from firstlight.model.batch import Batch
from firstlight.model.tables import SCHEMAS
from firstlight.store.columns import TABLES
from firstlight.store.open import Store
from tests.fuzz.targets import NAMES, mutated, targets
from tests.store.opening import opened

OTLP = tuple(name for name in NAMES if name.startswith("otlp-"))

EXAMPLES = 150

FOLDED = {
    "origins": ["tenant", "day", "origin_id"],
    "series": ["tenant", "day", "metric", "series_id"],
    "metadata": SCHEMAS["metadata"].names,
}
"""Kinds of which the store keeps one of the rows that agree in these columns."""


@pytest.mark.anyio
@pytest.mark.parametrize("name", OTLP)
async def test_stores_what_is_nearly_right(name: str, tmp_path: Path) -> None:
    target = targets()[name]
    found = [target.attempt(mutated(target, number)) for number in range(EXAMPLES)]
    batches = [one for one in found if isinstance(one, Batch) and one.tables]
    assert len(batches) > EXAMPLES // 10, "nearly nothing was decoded, so nearly nothing is shown"

    async with opened(tmp_path / "store") as store:
        refused = await asyncio.gather(*map(store.writer.append, batches))

        assert [number for number, one in enumerate(refused) if one.total] == []
        for kind, schema in SCHEMAS.items():
            sent = pa.concat_tables(
                [schema.empty_table(), *(one.tables[kind] for one in batches if kind in one.tables)]
            )
            stored = await read_back(store, kind)
            if key := FOLDED.get(kind):
                assert set(rows(stored)) <= set(rows(sent))
                assert set(rows(stored.select(key))) == set(rows(sent.select(key)))
            else:
                assert Counter(rows(stored)) == Counter(rows(sent))


async def read_back(store: Store, kind: str) -> pa.Table:
    """Return what is stored of a kind."""
    names = ", ".join(f"`{name}`" for name in SCHEMAS[kind].names)
    return (await store.client.query(f"SELECT {names} FROM {TABLES[kind]}")).cast(SCHEMAS[kind])


def rows(table: pa.Table) -> list[str]:
    """Return the rows of a table so that they can be counted; a NaN is a NaN, and a time a number."""
    columns: list[list[Any]] = []
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_temporal(field.type):
            column = column.cast(pa.int32() if field.type == pa.date32() else pa.int64())
        elif pa.types.is_list(field.type) and pa.types.is_timestamp(field.type.value_type):
            column = column.cast(pa.list_(pa.int64()))
        columns.append(column.to_pylist())
    return [repr(row) for row in zip(*columns, strict=True)]
