"""What one body of metrics says, in columns, whichever format it came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firstlight.errors import DecodeError, brief

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

NO_TIME: Final = -(2**63)
"""The time of a sample whose line tells none."""

NORMAL_NAN: Final = np.uint64(0x7FF8000000000001).view(np.float64)
"""What any NaN that is exposed becomes, so that none is taken for the sign that a series has ended."""


class BadExposition(DecodeError):
    """A body that cannot be read as what it says it is. Nothing of it counts: as with Prometheus, the scrape failed.

    `line` is counted from 1; of a body without lines, it is that of the `unit` it is made of.
    """

    def __init__(self, form: str, line: int, text: bytes, reason: str, unit: str = "line") -> None:
        shown = brief(text.decode("utf-8", "replace"))
        super().__init__(f"cannot read the metrics as {form}: {unit} {line}: {reason}: {shown}")
        self.line = line
        self.reason = reason


class Family(NamedTuple):
    """What a body tells of a family of metrics: `type` in the words of OpenMetrics."""

    name: str
    type: str = ""
    help: str = ""
    unit: str = ""


class Exemplar(NamedTuple):
    """An exemplar of the sample, or else the native histogram, in row `row`; `time` may be `NO_TIME`."""

    row: int
    value: float
    time: int
    labels: Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class Exposition:
    """The samples of a body: `keys` are what the reader's `labels` understands, times are in milliseconds.

    `times` is None if no line tells one, `starts` (when counters began, 0: unknown) if no family does. Native
    histograms have keys of their own; their columns are those of remote write's `Histogram`.
    """

    keys: list[bytes]
    values: Floats
    times: Indices | None = None
    starts: Indices | None = None
    families: tuple[Family, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    histogram_keys: list[bytes] = field(default_factory=list)
    histograms: pa.StructArray | None = None
    histogram_exemplars: tuple[Exemplar, ...] = ()

    def times_at(self, now: int, *, honor: bool = True) -> Indices:
        """Return the time of each sample: its own if it has one and that is honored, or `now`."""
        if self.times is None or not honor:
            return np.full(len(self.keys), now)
        return np.where(self.times == NO_TIME, now, self.times)

    def histograms_at(self, now: int, *, honor: bool = True) -> pa.StructArray | None:
        """Return the columns of native histograms, each at its own time if it has one and that is honored, or `now`."""
        if self.histograms is None:
            return None
        own = self.histograms.field("timestamp").to_numpy(zero_copy_only=False)
        times = np.where((own == NO_TIME) | (not honor), now, own)
        names = [field.name for field in self.histograms.type]
        columns = [pa.array(times) if name == "timestamp" else self.histograms.field(name) for name in names]
        return pa.StructArray.from_arrays(columns, fields=list(self.histograms.type))
