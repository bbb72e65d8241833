"""What the store holds and how it is, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from firstlight.model.tables import SCHEMAS
from firstlight.store.blocks import TIME
from firstlight.store.client import Client
from firstlight.store.columns import TABLES
from firstlight.store.disk import Disk
from firstlight.store.retention import Dropped, Retention, disk_of
from firstlight.store.settings import RetentionSettings


@dataclass(frozen=True, slots=True)
class TableStatus:
    """The rows of one kind."""

    kind: str
    table: str
    rows: int
    disk_bytes: int
    raw_bytes: int
    """What the rows would take uncompressed."""
    index_bytes: int
    """Of the bytes on disk, those of the indices beside the columns."""
    parts: int
    days: int
    oldest_ns: int | None
    """The time of the oldest row; of kinds that are kept by day, when that day began. None if there is no row."""
    newest_ns: int | None


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The store, at one moment."""

    location: str
    tables: Mapping[str, TableStatus]
    """By kind."""
    disk: Disk
    retention: RetentionSettings
    dropped: Sequence[Dropped]
    """What retention dropped last, the latest at the end."""

    @property
    def disk_bytes(self) -> int:
        """What all telemetry takes on disk."""
        return sum(table.disk_bytes for table in self.tables.values())


NANOSECONDS: Mapping[str, str] = MappingProxyType(
    {
        "ns": "toUnixTimestamp64Nano({})",
        "ms": "toUnixTimestamp64Milli({}) * 1000000",
        "day": "toInt32({}) * 86400000000000",
    }
)
"""How a time becomes nanoseconds, by its unit."""


def _span(kind: str, table: str) -> str:
    column = TIME[kind]
    type_ = SCHEMAS[kind].field(column).type
    nanoseconds = NANOSECONDS["day" if pa.types.is_date(type_) else type_.unit]
    ends = (
        f"{nanoseconds.format(f'{end}({column})')} AS {name}"
        for end, name in (("min", "oldest_ns"), ("max", "newest_ns"))
    )
    return f"SELECT '{kind}' AS kind, {', '.join(ends)} FROM {table}"


# The engine answers this from what it keeps beside each part, without reading rows.
_SPANS = " UNION ALL ".join(_span(kind, table) for kind, table in TABLES.items())


async def status(client: Client, retention: Retention) -> StoreStatus:
    """Return how the store is. Raise QueryFailed if the engine does not say."""
    answer = await client.query(
        "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS disk_bytes, sum(data_uncompressed_bytes) AS raw_bytes,"
        " sum(secondary_indices_compressed_bytes) AS index_bytes,"
        " count() AS parts, uniqExact(partition_id) AS days"
        " FROM system.parts WHERE database = {database:String} AND active GROUP BY table",
        {"database": client.database},
    )
    sizes = {row.pop("table"): row for row in answer.to_pylist()}
    spans = {row.pop("kind"): row for row in (await client.query(_SPANS)).to_pylist()}
    return StoreStatus(
        location=str(client.location),
        tables={kind: _table(kind, sizes.get(table, {}), spans[kind]) for kind, table in TABLES.items()},
        disk=await disk_of(client),
        retention=retention.settings,
        dropped=tuple(retention.recent),
    )


def _table(kind: str, sizes: Mapping[str, int], span: Mapping[str, int]) -> TableStatus:
    there = bool(sizes)
    return TableStatus(
        kind=kind,
        table=TABLES[kind],
        rows=sizes.get("rows", 0),
        disk_bytes=sizes.get("disk_bytes", 0),
        raw_bytes=sizes.get("raw_bytes", 0),
        index_bytes=sizes.get("index_bytes", 0),
        parts=sizes.get("parts", 0),
        days=sizes.get("days", 0),
        oldest_ns=span["oldest_ns"] if there else None,
        newest_ns=span["newest_ns"] if there else None,
    )
