"""What a push carries, whatever it was written in: streams, and their entries as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.wire.loki.limits import Fault


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """Streams, and the entries of the first of them, of the second, and so on."""

    labels: Sequence[Mapping[str, str] | Fault]
    """Of each stream, or why they cannot be read."""
    counts: npt.NDArray[np.int64]
    """Of each stream, how many entries it has."""
    ts: npt.NDArray[np.int64]
    """Nanoseconds since 1970."""
    line: pa.StringArray
    metadata: pa.MapArray | None = None
    """Structured metadata; None if no entry has any."""
