"""What PromQL computes with: values at all steps of a query at once.

An instant query is a range query of one step. Times are milliseconds since 1970. Labels are sorted pairs, the metric's
name among them as ``__name__``. Every function of the language maps such values to such values, and is pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from firstlight.model.staleness import STALE_BITS

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Sorted by name, without empty values."""

Floats: TypeAlias = npt.NDArray[np.float64]
Times: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Objects: TypeAlias = npt.NDArray[Any]
"""An array of objects: `histogram.Histogram` or None."""


def is_stale(values: Floats) -> Mask:
    """Return where `values` are staleness markers; any other NaN is a value."""
    marked: Mask = values.view(np.uint64) == STALE_BITS
    return marked


@dataclass(frozen=True, slots=True)
class Steps:
    """The times at which a query is evaluated: `count` of them, `step` milliseconds apart, from `start` on.

    The step of an instant query is 0.
    """

    start: int
    step: int
    count: int
    until: int | None = None
    """The end that was asked for, if it is not the last of them: where `@ end()` is."""

    @property
    def end(self) -> int:
        """The last of them."""
        return self.start + self.step * (self.count - 1)

    @property
    def asked_end(self) -> int:
        """The end that was asked for."""
        return self.end if self.until is None else self.until

    @property
    def times(self) -> Times:
        """All of them."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number at each step."""

    values: Floats


@dataclass(frozen=True, slots=True)
class Text:
    """A string, the same at each step."""

    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """Series, with a float, a histogram or nothing at each step.

    `present[i, t]` says that series i has something at step t: `histograms[i, t]` if that is not None, else
    `floats[i, t]`. What `floats` holds where there is nothing, or a histogram, has no meaning. `histograms` is None if
    there are none at all, which is the fast path.

    `nameless[i]` says that the name of series i no longer applies, though `labels` may still have it ("delayed name
    removal"): it goes when the query is done, or where labels are compared or grouped by.
    """

    labels: Sequence[Labels]
    floats: Floats
    present: Mask
    histograms: Objects | None = None
    nameless: Mask | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Raw samples of series: those of series i stand at `offsets[i]` to before `offsets[i + 1]`, sorted by time.

    `histograms`, if there are any, has one where the sample is a histogram, else None. `starts` are where each sample's
    counter began, 0 if that is not known, or None if it is known of none.
    """

    labels: Sequence[Labels]
    offsets: Times
    ts: Times
    floats: Floats
    histograms: Objects | None = None
    starts: Times | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The samples of a range selector at each step: of series i at step t, those from `first[i, t]` to before `last`.

    The places are into the arrays of `samples`, where no sample is a staleness marker. A window is open on the left:
    `ends[t] - range` < ts <= `ends[t]`, in milliseconds. `nameless` is as in `Vector`. With `anchored` or `smoothed`
    edges, `first` and `last` still say this window; how far the neighbours reach that these look at, say `outer_first`
    and `outer_last`.
    """

    samples: Samples
    first: Times
    last: Times
    ends: Times
    range: int
    nameless: Mask | None = None
    edges: str = ""
    outer_first: Times | None = None
    outer_last: Times | None = None

    @property
    def labels(self) -> Sequence[Labels]:
        """The labels of the series."""
        return self.samples.labels


Value: TypeAlias = Scalar | Text | Vector | Windows
