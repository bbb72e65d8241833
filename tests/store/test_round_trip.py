"""What goes into the store comes out of it as it was, of every kind and for every value that a column may have."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstlight.model.batch import Rejections
from firstlight.model.tables import SCHEMAS
from firstlight.store.columns import TABLES
from firstlight.store.open import Store
from tests.store.opening import opened
from tests.store.rows import DAY_NS, batch

FIRST_DAY, LAST_DAY = -25_567, 106_750
"""1900-01-01, where the engine's days begin, and 2262-04-10, where nanoseconds end."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", "\0", "'; --", "日本語 \U0001f525"]
)


def integers(type_: pa.DataType) -> st.SearchStrategy[int]:
    bits = type_.bit_width
    return (
        st.integers(0, 2**bits - 1)
        if pa.types.is_unsigned_integer(type_)
        else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )


def values(type_: pa.DataType) -> st.SearchStrategy[Any]:
    """Return every value that a column of a type may have."""
    if pa.types.is_map(type_):
        return st.dictionaries(values(type_.key_type), values(type_.item_type), max_size=4).map(
            lambda found: list(found.items())
        )
    if pa.types.is_list(type_):
        return st.lists(values(type_.value_type), max_size=4)
    if pa.types.is_fixed_size_binary(type_):
        return st.binary(min_size=type_.byte_width, max_size=type_.byte_width)
    if pa.types.is_timestamp(type_):
        per_day = DAY_NS if type_.unit == "ns" else DAY_NS // 10**6
        return st.integers(FIRST_DAY * per_day, (LAST_DAY + 1) * per_day - 1)
    if pa.types.is_date(type_):
        return st.integers(FIRST_DAY, LAST_DAY)
    if pa.types.is_boolean(type_):
        return st.booleans()
    return st.floats() if pa.types.is_floating(type_) else TEXT if pa.types.is_string(type_) else integers(type_)


def rows_of(kind: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.fixed_dictionaries({field.name: values(field.type) for field in SCHEMAS[kind]}), min_size=1, max_size=4
    )


def numbers(type_: pa.DataType) -> pa.DataType:
    """Return a type with times as numbers, which Python has no type for."""
    if pa.types.is_list(type_) and not pa.types.is_map(type_):
        return pa.list_(numbers(type_.value_type))
    return {"t": pa.int64(), "d": pa.int32()}[str(type_)[0]] if pa.types.is_temporal(type_) else type_


def told(rows: pa.Table, kind: str) -> list[str]:
    """Return rows as text, so that one NaN is like another."""
    schema = SCHEMAS[kind]
    plain = pa.schema({field.name: numbers(field.type) for field in schema})
    return [repr(row) for row in rows.select(schema.names).cast(schema).cast(plain).to_pylist()]


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Store]:
    """One store for all examples; each has tenants of its own."""
    async with opened(tmp_path_factory.mktemp("store")) as it:
        yield it


@pytest.fixture(scope="module")
def tenants() -> Any:
    """Names, in order, that nobody else has."""
    return (f"{number:08}" for number in itertools.count())


@pytest.mark.anyio
@given(drawn=st.sampled_from(list(SCHEMAS)).flatmap(lambda kind: st.tuples(st.just(kind), rows_of(kind))))
async def test_everything_comes_back(drawn: tuple[str, list[dict[str, Any]]], store: Store, tenants: Any) -> None:
    kind, rows = drawn
    names = [next(tenants) for _ in rows]
    sent = pa.Table.from_pylist([{**row, "tenant": name} for row, name in zip(rows, names, strict=True)], SCHEMAS[kind])

    assert await store.writer.append(batch(**{kind: sent})) == Rejections()

    found = await store.readers.query(
        f"SELECT * FROM {TABLES[kind]} WHERE tenant >= {{first:String}} ORDER BY tenant", {"first": names[0]}
    )
    assert told(found, kind) == told(sent, kind)
