"""What makes a metric series one: its name and labels, as PromQL sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

METRIC_BITS = 16


def series_id(metric: str, labels: Mapping[str, str]) -> int:
    """Return the id of a series: the first bits say the metric, the others the labels, in whatever order they come.

    Sorted by id, the series of one metric lie together on disk.
    """
    near = int.from_bytes(hashlib.blake2b(metric.encode(), digest_size=8).digest(), "big")
    text = "\xff".join(f"{name}\xfe{labels[name]}" for name in sorted(labels))
    far = int.from_bytes(hashlib.blake2b(f"{metric}\xff{text}".encode(), digest_size=8).digest(), "big")
    return near >> (64 - METRIC_BITS) << (64 - METRIC_BITS) | far >> METRIC_BITS
