"""What a query took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stats:
    """What was read for a query, as far as it is known, and seconds by what they were spent on."""

    streams: int = 0
    """Streams in the store that the selectors match."""
    lines: int = 0
    """Lines that came out of the engine, or that it aggregated."""
    bytes: int = 0
    """Bytes of these lines, of those that came out."""
    entries: int = 0
    """Lines in the answer."""
    seconds: Mapping[str, float] = field(default_factory=dict)
