"""What the server has of what it was sent, asked through its own SQL door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bench.load.plan import Signal
from bench.server import Server

COUNTS: Final[Mapping[Signal, str]] = {
    "traces": "SELECT count() AS items FROM spans",
    "logs": "SELECT count() AS items FROM logs",
}
TABLES: Final[Mapping[Signal, str]] = {
    "traces": "'span_records', 'origins'",
    "logs": "'log_records', 'origins'",
    "metrics": "'samples', 'histograms', 'exemplars', 'series', 'metadata', 'origins'",
}


def stored_items(server: Server, signal: Signal) -> int | None:
    """Return how many items are stored; None for data points, of which one may be many rows."""
    query = COUNTS.get(signal)
    try:
        return int(server.sql(query)[0]["items"]) if query else None
    except Exception:
        return None


def stored_bytes(server: Server, signal: Signal) -> int:
    """Return how many bytes on disk a signal takes, with all that its items refer to."""
    query = f"SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table IN ({TABLES[signal]})"
    try:
        return int(server.sql(query)[0]["bytes"])
    except Exception:
        return 0
