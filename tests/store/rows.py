"""Rows to store, with only what a test is about spelled out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from firstlight.model.batch import Batch
from firstlight.model.tables import SCHEMAS

DAY_NS = 86_400 * 10**9
TODAY = 20_000
"""The day that most of what is stored here is of: 2024-10-04."""
NOW_NS = TODAY * DAY_NS + 12 * 3600 * 10**9


def table(kind: str, **columns: Sequence[Any]) -> pa.Table:
    """Return rows of a kind; columns that are not given hold nothing, at the time `NOW_NS`."""
    schema = SCHEMAS[kind]
    count = max(map(len, columns.values()), default=1)
    return pa.table(
        [pa.array(columns.get(field.name, [nothing(field)] * count), field.type) for field in schema], schema=schema
    )


def nothing(field: pa.Field) -> Any:
    """Return what a column holds when there is nothing to say."""
    if pa.types.is_timestamp(field.type):
        return NOW_NS if field.type.unit == "ns" else NOW_NS // 10**6
    if pa.types.is_date(field.type):
        return TODAY
    if pa.types.is_fixed_size_binary(field.type):
        return bytes(field.type.byte_width)
    if pa.types.is_list(field.type) or pa.types.is_map(field.type):
        return []
    if pa.types.is_boolean(field.type):
        return False
    return "" if pa.types.is_string(field.type) else 0


def logs(*bodies: str, days: Sequence[int] = ()) -> pa.Table:
    """Return a log record for each of `bodies`, today or on `days`."""
    times = [day * DAY_NS for day in days] or [NOW_NS] * len(bodies)
    return table("logs", body=bodies, ts=times)


def batch(**tables: pa.Table) -> Batch:
    """Return a batch of tables by kind."""
    return Batch(tables, items=sum(rows.num_rows for rows in tables.values()))


def log_batch(*bodies: str, days: Sequence[int] = ()) -> Batch:
    """Return a batch of nothing but log records."""
    return batch(logs=logs(*bodies, days=days))
