"""When counters began, as OpenMetrics tells it: in a series of its own, named like the family with ``_created``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from firstlight.wire.prometheus.entries import Told
from firstlight.wire.prometheus.labels import METRIC_NAME

CREATED: Final = "_created"
BEGINNING: Final = {
    "counter": ("_total", ""), "histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count", ""),
}  # fmt: skip
"""The types that begin, and what the samples' names end with whose beginning is told."""

_PART: Final = {"histogram": "le", "summary": "quantile"}


def created_rows(
    keys: Sequence[bytes], labels: Callable[[bytes], Mapping[str, str]], types: Iterable[Told]
) -> npt.NDArray[np.int64] | None:
    """Return for each series the row of the one that tells when it began, or -1; None if no one tells."""
    if not any(b"_created" in key for key in keys):
        return None
    kinds = {line.family: line.text for line in types if line.text in BEGINNING}
    ends = {family + end: (family, kind) for family, kind in kinds.items() for end in BEGINNING[kind]}
    read = [dict(labels(key)) for key in keys]
    told: dict[tuple[str, frozenset[tuple[str, str]]], int] = {}
    for row, one in enumerate(read):
        family = one[METRIC_NAME].removesuffix(CREATED)
        if family != one[METRIC_NAME] and family in kinds:
            told[family, _rest(one, "")] = row
    found = np.full(len(keys), -1)
    for row, one in enumerate(read):
        family, kind = ends.get(one[METRIC_NAME], ("", ""))
        if family:
            found[row] = told.get((family, _rest(one, _PART.get(kind, ""))), -1)
    return found if (found >= 0).any() else None


def _rest(labels: Mapping[str, str], part: str) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in labels.items() if pair[0] not in (METRIC_NAME, part))
