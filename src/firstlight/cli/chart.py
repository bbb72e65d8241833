"""Series over time as one line of blocks each: a sparkline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
LEVEL: Final = "▄"
"""What a series is drawn with that never changes."""

NOTHING: Final = " "
NO_HEIGHT: Final = "·"
"""Where there are values, but none that is finite."""

Point = tuple[float, float]
"""When, and how much."""


def sparkline(points: Sequence[Point], start: float, end: float, width: int) -> str:
    """Return the points from `start` to `end` in `width` cells, each as high as the mean of its part of the time.

    >>> sparkline([(0, 1), (1, 2), (3, 8)], 0, 3, 4)
    '▁▂ █'
    >>> sparkline([(0, 5), (1, 5), (2, math.nan)], 0, 2, 3)
    '▄▄·'
    """
    cells = _cells(points, start, end, width)
    heights = [_mean(cell) for cell in cells]
    finite = [height for height in heights if height is not None]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(
        _block(height, low, high) if height is not None else (NO_HEIGHT if cell else NOTHING)
        for cell, height in zip(cells, heights, strict=True)
    )


def _cells(points: Sequence[Point], start: float, end: float, width: int) -> list[list[float]]:
    """Return the values of each part of the time, of which the last has its end within it."""
    cells: list[list[float]] = [[] for _ in range(width)]
    for time, value in points:
        share = (time - start) / (end - start) if end > start else 0.0
        cells[min(max(round(share * (width - 1)), 0), width - 1)].append(value)
    return cells


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    # Each is divided before they are added: the sum of two large ones may be none.
    return sum(value / len(finite) for value in finite) if finite else None


def _block(height: float, low: float, high: float) -> str:
    if high == low:
        return LEVEL
    # Halves, as the difference of two large numbers of different signs may be infinite.
    share = (height / 2 - low / 2) / (high / 2 - low / 2)
    return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]
