"""Which table holds which kind, and whether its columns are those that the batches have.

`model.tables` declares the columns, `schema/*.sql` makes them, and this page holds the two against each other when the
store is opened: a difference is a bug of ours, or somebody changed the tables, and would lose telemetry later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pyarrow as pa

from firstlight.model.tables import SCHEMAS
from firstlight.store.client import Client
from firstlight.store.faults import StoreUnusable

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "origins": "origins",
        "logs": "log_records",
        "patterns": "log_patterns",
        "spans": "span_records",
        "series": "series",
        "metadata": "metadata",
        "samples": "samples",
        "histograms": "histograms",
        "exemplars": "exemplars",
    }
)
"""The table of each kind. Where the names differ, the plain one is that of a view for users."""

SCALARS: Mapping[pa.DataType, str] = MappingProxyType(
    {
        pa.bool_(): "Bool",
        pa.int8(): "Int8",
        pa.int32(): "Int32",
        pa.int64(): "Int64",
        pa.uint8(): "UInt8",
        pa.uint32(): "UInt32",
        pa.uint64(): "UInt64",
        pa.float64(): "Float64",
        pa.string(): "String",
        pa.date32(): "Date32",
        pa.timestamp("ms"): "DateTime64(3, 'UTC')",
        pa.timestamp("ns"): "DateTime64(9, 'UTC')",
    }
)

Columns = Mapping[str, str]


async def check(client: Client) -> None:
    """Raise StoreUnusable if a table of the store cannot take what batches bring."""
    answer = await client.query(
        "SELECT table, name, type FROM system.columns"
        " WHERE database = {database:String} AND default_kind NOT IN ('ALIAS', 'MATERIALIZED')",
        {"database": client.database},
    )
    found: dict[str, dict[str, str]] = {}
    for row in answer.to_pylist():
        found.setdefault(row["table"], {})[row["name"]] = row["type"]
    faults = [
        f"{table}.{fault}" for kind, table in TABLES.items() for fault in faults_of(SCHEMAS[kind], found.get(table, {}))
    ]
    if faults:
        raise StoreUnusable(
            f"cannot use the tables in {client.location}: {'; '.join(faults)};"
            " was a table changed by hand? It must be as firstlight made it"
        )


def faults_of(schema: pa.Schema, columns: Columns) -> Iterator[str]:
    """Yield how a table's `columns` differ from what `schema` wants, whatever their order."""
    wanted = {field.name: engine_type(field.type) for field in schema}
    for name, type_ in wanted.items():
        if name not in columns:
            yield f"{name} is missing; want {type_}"
        elif plain(columns[name]) != type_:
            yield f"{name} is {columns[name]}; want {type_}"
    for name in columns.keys() - wanted.keys():
        yield f"{name} is not known here"


def engine_type(type_: pa.DataType) -> str:
    """Return the ClickHouse type that holds every value of an Arrow type as it is.

    >>> engine_type(pa.list_(pa.map_(pa.string(), pa.string())))
    'Array(Map(String, String))'
    """
    if pa.types.is_map(type_):
        return f"Map({engine_type(type_.key_type)}, {engine_type(type_.item_type)})"
    if pa.types.is_list(type_):
        return f"Array({engine_type(type_.value_type)})"
    if pa.types.is_fixed_size_binary(type_):
        return f"FixedString({type_.byte_width})"
    return SCALARS[type_]


def plain(type_: str) -> str:
    """Return a ClickHouse type without what only says how it is stored.

    >>> plain("Map(LowCardinality(String), String)")
    'Map(String, String)'
    """
    return re.sub(r"LowCardinality\((\w+)\)", r"\1", type_)
