"""How the sessions are to be set that metrics are read in."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from firstlight.store.connection import Settings

SESSION: Final[Settings] = MappingProxyType(
    {
        "enable_time_series_aggregate_functions": 1,
        # What is read here goes no further than this process; packing it takes a third of the time.
        "output_format_arrow_compression_method": "none",
    }
)
"""For `Client.readers`, besides the limits of `query.sql.door.reading` and the like."""
