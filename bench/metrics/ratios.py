"""How one server's figures stand beside another's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Ratios:
    """What ours are of theirs, one by one; 1 is as much, less is better."""

    each: Mapping[str, float]

    @property
    def mean(self) -> float:
        """The geometric mean; not a number if there is nothing to compare."""
        if not self.each:
            return math.nan
        return math.exp(fmean(math.log(ratio) for ratio in self.each.values()))

    @property
    def worst(self) -> float:
        """The largest."""
        return max(self.each.values(), default=math.nan)


def ratios(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Ratios:
    """Compare what both have."""
    return Ratios({name: ours[name] / theirs[name] for name in ours if theirs.get(name)})
