"""What remote write tells of metric families: type, help, unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from firstlight.wire.stored import Metadata

TYPES: Final = ("unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
"""The types of both versions by their numbers; the second calls the first "unspecified"."""


def type_of(number: int) -> str:
    """Return the type that a number stands for."""
    return TYPES[number] if 0 <= number < len(TYPES) else TYPES[0]


def read_metadata(tenant: str, told: pa.StructArray) -> Iterator[Metadata]:
    """Yield what the metadata of a request of version 1 say; those without a name say nothing."""
    for one in told.to_pylist():
        name, text, unit = (one[part].decode("utf-8", "replace") for part in ("metric_family_name", "help", "unit"))
        if name:
            yield Metadata(tenant, name, type_of(one["type"]), unit, text)
