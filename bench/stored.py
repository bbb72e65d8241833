"""What the server has of what it was sent, as it says itself: rows through its SQL door, bytes by its status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bench.load.plan import Signal
from bench.server import Server

COUNTS: Final[Mapping[Signal, str]] = {
    "traces": "SELECT count() AS items FROM spans",
    "logs": "SELECT count() AS items FROM logs",
    # An explicit histogram is one point, though PromQL finds it as a series for each bucket.
    "metrics": "SELECT countIf(name LIKE 'shop.%' AND name NOT LIKE 'shop.call%') + (SELECT count() FROM histograms)"
    " AS items FROM metrics",
}
KINDS: Final[Mapping[Signal, tuple[str, ...]]] = {
    "traces": ("origins", "spans"),
    "logs": ("origins", "logs"),
    "metrics": ("origins", "series", "metadata", "samples", "histograms", "exemplars"),
}
"""The tables that a signal's items are in, with all that they refer to."""


def stored_items(server: Server, signal: Signal) -> int:
    """Return how many spans, log records or data points of ours are stored."""
    return int(next(server.api.rows(COUNTS[signal], {}))["items"])


def stored_bytes(server: Server, signal: Signal) -> int:
    """Return how many bytes on disk a signal takes."""
    tables = server.api.get("/status")["store"]["tables"]
    return sum(int(tables[kind]["disk_bytes"]) for kind in KINDS[signal])
