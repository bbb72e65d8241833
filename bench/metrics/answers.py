"""Whether two servers have said the same."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

NEAR: Final = 1e-6
"""How far two values may be apart, as a share of them: sums are added up in different orders."""

Points = Mapping[float, float]


def series_of(body: bytes) -> Mapping[str, Points]:
    """Return the series of an answer by their labels, values by their times; raise ValueError if it is an error."""
    said = json.loads(body)
    if said.get("status") != "success":
        raise ValueError(said.get("error", "no success"))
    return {json.dumps(row["metric"], sort_keys=True): _points(row) for row in said["data"]["result"]}


def difference(ours: bytes, theirs: bytes) -> str | None:
    """Return how our answer differs from that of Prometheus; None if it does not."""
    here, there = series_of(ours), series_of(theirs)
    if here.keys() != there.keys():
        odd = next(iter(here.keys() ^ there.keys()))
        return f"{len(here)} series, and {len(there)} of Prometheus, as {odd}"
    for labels, points in there.items():
        if points.keys() != here[labels].keys():
            return f"{labels} has {len(here[labels])} points, and {len(points)} of Prometheus"
        for time, value in points.items():
            if not _near(here[labels][time], value):
                return f"{labels} at {time:.0f} is {here[labels][time]!r}, and {value!r} of Prometheus"
    return None


def _points(row: Mapping[str, Any]) -> Points:
    pairs = row["values"] if "values" in row else [row["value"]]
    return {float(time): float(value) for time, value in pairs}


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=NEAR, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))
