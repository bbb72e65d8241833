"""What was measured of each server, as a table: a column for each, and what ours is of each peer's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bench.metrics.ratios import ratios
from bench.metrics.systems import FIRSTLIGHT, PROMETHEUS, VICTORIA, System
from bench.report import Figure, Table

Measured = Mapping[System, Mapping[str, float]]
"""Values by their names, of each server that was measured; firstlight is one of them."""


def beside(heading: str, measured: Measured, rows: Sequence[str], unit: str = "") -> Table:
    """Return a table with these rows; a dash for what was not measured."""
    ending = f", {unit}" if unit else ""
    peers = [system for system in measured if system is not FIRSTLIGHT]
    made = {}
    for row in rows:
        ours = measured[FIRSTLIGHT].get(row, math.nan)
        theirs = [measured[peer].get(row, math.nan) for peer in peers]
        made[row] = [ours, *theirs, *(ours / value if value else math.nan for value in theirs)]
    columns = [f"{system.name}{ending}" for system in (FIRSTLIGHT, *peers)]
    return Table(heading, [*columns, *(f"of {peer.name}" for peer in peers)], made)


def share_of_peers(measured: Measured, row: str, limit: float | None = None) -> list[Figure]:
    """Return what ours is of each peer's; `limit` is the most it may be of that of Prometheus."""
    figures = []
    for peer in (PROMETHEUS, VICTORIA):
        share = ratios({row: measured[FIRSTLIGHT].get(row, math.nan)}, measured.get(peer, {})).mean
        is_held = peer is PROMETHEUS and peer in measured
        figures.append(Figure(f"of {peer.name}", share, "", limit if is_held else None))
    return figures
